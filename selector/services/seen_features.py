"""What a model has seen in photos, which helps to find objects in them.

This app has no model. An app above that looks at photos adds a source when it is loaded, from its `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from selector.arrays import Floats
from selector.models import LabelMap

Source: TypeAlias = Callable[[LabelMap], Floats | None]

_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Ask a function for the features of superpixels, float32 (n, d), their mean over the photo about zero.

    It answers None for a photo that its model has not looked at yet, and at once: a gesture waits for it. Adding it
    twice asks it once.
    """
    if source not in _sources:
        _sources.append(source)


def seen_features(label_map: LabelMap) -> Floats | None:
    """What the first source that knows something says of a photo; None where nothing is known."""
    answers = (source(label_map) for source in _sources)
    return next((features for features in answers if features is not None), None)
