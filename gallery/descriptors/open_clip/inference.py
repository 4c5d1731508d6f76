"""The fastest way to run a tower that gives the numbers it gave before. Every way is tried once, and compared.

Convolutional towers are folded, then traced, so that their convolutions keep the blocked order of memory of oneDNN from
one to the next and take activations and sums along. Transformers are matrix products already: for them there is
nothing to gain but from batches. Why so, and what else was tried: decision 9.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from gallery.descriptors.open_clip import dense_features
from gallery.descriptors.open_clip.folding import folded, n_normalisations

logger = logging.getLogger(__name__)

Forward = Callable[[Any], Any]
"""From images, float32 (b, 3, H, W), to a tensor."""

# Of the largest number. Features are stored in half precision, whose roundings are five times as large.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class View:
    """A tower at one of its resolutions.

    Attributes
    ----------
    size : (height, width)
        Of the images that it takes.
    feature_map : callable
        From images, float32 (b, 3, height, width), to a vector for each cell, (b, h, w, D).
    """

    size: tuple[int, int]
    feature_map: Forward


@dataclass(frozen=True)
class Traced:
    """A graph for images of one shape, whose sizes are constants in it; images of others go the other way."""

    graph: Forward
    shape: Any
    otherwise: Forward

    def __call__(self, images: Any) -> Any:
        return self.graph(images) if images.shape == self.shape else self.otherwise(images)


def fastest(
    view: Any, images: Any, expected: Any, forward: Callable[[Any, Any], Any] = dense_features.feature_map
) -> Forward:
    """The fastest way to run a tower that agrees with the plain one.

    Parameters
    ----------
    view : torch.nn.Module
        An image tower, from `dense_features.at_scale`.
    images : torch.Tensor, shape (b, 3, H, W)
        What the ways are tried with: noise, not zeros, and of the shape that will come most often.
    expected : torch.Tensor
        What `forward(view, images)` gives.
    forward : callable, optional
        Takes a tower and images.

    Returns
    -------
    callable
        Takes images of any shape that the tower takes.
    """
    import torch

    plain = partial(forward, view)
    if dense_features.is_transformer(view):
        return plain
    try:
        for faster in _ways(view, images, forward):
            with torch.inference_mode():
                if _agrees(faster(images), expected):
                    return faster
            logger.info("A faster way to look gives other numbers for this model, and is left.")
    except Exception as problem:  # What a layer cannot do has no error of its own.
        logger.info("This model is looked through as it is (%s).", type(problem).__name__)
    return plain


def _ways(view: Any, images: Any, forward: Callable[[Any, Any], Any]) -> Iterator[Forward]:
    """The fastest first. Weights are copied once at most: a traced tower that is taken lets go of the folded one."""
    import torch

    fewer = folded(view)
    was_folded = n_normalisations(fewer) < n_normalisations(view)
    if was_folded and images.device.type == "cpu" and torch.backends.mkldnn.is_available():
        try:
            yield Traced(_traced(fewer, images, forward), images.shape, partial(forward, view))
        except Exception as problem:
            logger.info("This model cannot be traced (%s): it is looked through more slowly.", type(problem).__name__)
    yield partial(forward, fewer)


def _traced(view: Any, images: Any, forward: Callable[[Any, Any], Any]) -> Forward:
    """A tower as a graph of oneDNN's own operations."""
    import torch

    class Whole(torch.nn.Module):  # type: ignore[misc]  # torch is Any to mypy here
        def __init__(self) -> None:
            super().__init__()
            self.view = view

        def forward(self, images: Any) -> Any:
            return forward(self.view, images)

    # It warns of each size that becomes a constant, and that some day torch will have something else instead.
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(Whole().eval(), images, check_trace=False)
        graph: Forward = torch.jit.optimize_for_inference(traced)
    return graph


def _agrees(got: Any, expected: Any) -> bool:
    import torch

    return bool(torch.allclose(got, expected, rtol=0.0, atol=TOLERANCE * float(expected.abs().max())))
