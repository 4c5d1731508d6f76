"""Refusing what cannot be read as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from selector.imaging.imagefile import InvalidImage
from superpixel_site.refusals import Refusal


@contextmanager
def unreadable_is_refused(next_url: str) -> Iterator[None]:
    """Make of an `InvalidImage` in the block a `Refusal` with its sentence."""
    try:
        yield
    except InvalidImage as problem:
        raise Refusal(str(problem), 422, next_url) from problem
