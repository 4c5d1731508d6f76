"""The `appearance` space: what a region is made of, as histograms of colour and texture.

Every pixel votes in four histograms: its colour in CIELAB; the pattern of its neighbours' lightness (Ojala,
Pietikäinen, Mäenpää, "Multiresolution gray-scale and rotation invariant texture classification with local binary
patterns", PAMI 2002; the 58 uniform patterns and one for all others) at two scales; and the pair of directions that
lightness has there close up and from afar. The votes are counted per superpixel, so that any region's are a sum.

A region's vector holds the square roots of the shares of votes (Hellinger): the scalar product of two is a weighted
mean of four Bhattacharyya coefficients. To that half as much of the whole image is added: things are found more often
where their surroundings are alike too.

Weights and context were chosen by `python -m benchmarks.appearance` on one half of a set of queries; what they do on
the other is in docs/benchmarks.md. More context finds more of the same kind there, but loses the very same thing when
that appears in another picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from gallery.descriptors.pooling import Members, region_sums, unit
from selector.arrays import Floats
from selector.segmentation.lab import lab_planes

VERSION = "4"
"""Changes whenever the same image gets another vector: vectors of two versions are never compared."""

LIGHTNESS, CHROMA, PATTERNS, DIRECTIONS = 6, 7, 59, 9
HISTOGRAMS = (LIGHTNESS * CHROMA * CHROMA, PATTERNS, PATTERNS, DIRECTIONS * DIRECTIONS)
DIMENSIONS: int = sum(HISTOGRAMS)

WEIGHTS = (0.7, 1.0, 1.0, 2.0)  # of the four histograms
CONTEXT = 0.5  # of the whole image, beside 1 of the region
LONG_SIDE = 512  # pixels; about what texture is looked at in, so that a photo and a small copy of it look alike


def superpixel_features(rgb: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint16]) -> Floats:
    """Count the votes of the pixels of each superpixel.

    Parameters
    ----------
    rgb : uint8 (H, W, 3)
        sRGB image.
    labels : uint16 (H, W)
        Superpixel of each pixel, 0..n-1.

    Returns
    -------
    float32 (n, DIMENSIONS)
        Whole numbers from 0; a pixel has 64 votes for its colour and one in each other histogram. They are additive:
        a region's are the sum of its superpixels'.

    Raises
    ------
    ValueError
        If image and labels differ in size.
    """
    from gallery.descriptors import kernels

    if rgb.shape != (*labels.shape, 3):
        raise ValueError(f"an image of shape {rgb.shape} does not fit labels of shape {labels.shape}")
    factor = max(round(max(labels.shape) / LONG_SIDE), 1)
    small = np.asarray(Image.fromarray(rgb).reduce(factor)) if factor > 1 else rgb
    lab = lab_planes(np.ascontiguousarray(small))
    votes = np.zeros((int(labels.max()) + 1, DIMENSIONS), np.float32)
    sizes = np.array([LIGHTNESS, CHROMA, PATTERNS, DIRECTIONS], np.int32)
    kernels.vote(lab, _blurred(lab[0]), np.ascontiguousarray(labels), factor, sizes, _uniform(), votes)
    return votes


def region_vectors(
    features: Floats, members: Members, *, weights: Sequence[float] = WEIGHTS, context: float = CONTEXT
) -> Floats:
    """Describe regions.

    Parameters
    ----------
    features : float32 (n, DIMENSIONS)
        From `superpixel_features`, of all superpixels of the image.
    members : bool (r, n), or a sequence of r integer arrays
        The superpixels of each region.
    weights : sequence of four floats, optional
        Of the histograms. These and `context` are for whoever looks for better ones: vectors made with others are not
        comparable.
    context : float, optional
        Of the whole image, beside 1 of the region.

    Returns
    -------
    float32 (r, DIMENSIONS)
        Unit vectors, no number negative; zero for a region without superpixels.
    """
    votes = region_sums(features, members)
    around = context * vectors(features.sum(axis=0, keepdims=True), weights)
    return unit((vectors(votes, weights) + around) * votes.any(axis=1, keepdims=True))


def vectors(votes: Floats, weights: Sequence[float] = WEIGHTS) -> Floats:
    """Turn the votes of regions, float32 (r, DIMENSIONS), into unit vectors of these regions alone."""
    histograms = np.split(np.sqrt(votes), np.cumsum(HISTOGRAMS)[:-1], axis=1)
    weighted = [weight**0.5 * unit(histogram) for weight, histogram in zip(weights, histograms, strict=True)]
    return unit(np.concatenate(weighted, axis=1))


def _blurred(lightness: Floats) -> Floats:
    """Blur by two boxes each, near enough to Gaussians of sigma 1.2 and 3.7: float32 (2, H, W)."""
    from gallery.descriptors import kernels

    out, once = np.empty((2, *lightness.shape), np.float32), np.empty_like(lightness)
    for radius, twice in zip((1, 4), out, strict=True):
        kernels.box_blur(lightness, radius, once)
        kernels.box_blur(once, radius, twice)
    return out


@cache
def _uniform() -> npt.NDArray[np.int32]:
    """Return the bin of each circle of eight bits: 0..57 for those with at most two changes around, 58 for others."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    uniform = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, PATTERNS - 1).astype(np.int32)
