"""The `appearance` space: histograms of colour and texture.

Every pixel counts in four histograms: of its colour in CIELAB; of the pattern of its neighbours' lightness (local
binary patterns: 58 uniform ones, and one bin for all others) at two scales; and of the pair of directions that
lightness has there, at a fine and at a coarse scale. Histograms are counted per superpixel, so that those of any region
are a sum.

A region's vector holds the square roots of its relative frequencies (Hellinger): the scalar product of two vectors is a
weighted mean of four Bhattacharyya coefficients. Half as much of the whole image is added, because things are found
more often when their surroundings are alike too.

Weights and context were chosen by `python -m benchmarks.appearance` on one half of a set of queries; the results on the
other half are in docs/benchmarks.md. More context finds more things of the same kind there, but it loses the same
thing in another picture.

References
----------
Ojala, Pietikäinen, Mäenpää, "Multiresolution gray-scale and rotation invariant texture classification with local binary
patterns", PAMI 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from gallery.descriptors.pooling import RegionMembers, region_sums, unit
from selector.arrays import Floats, Labels, Rgb
from selector.segmentation.lab import lab_planes

VERSION = "4"
"""Changes whenever the same image gets another vector: vectors of two versions are never compared."""

LIGHTNESS, CHROMA, PATTERNS, DIRECTIONS = 6, 7, 59, 9
HISTOGRAMS = (LIGHTNESS * CHROMA * CHROMA, PATTERNS, PATTERNS, DIRECTIONS * DIRECTIONS)
DIMENSIONS: int = sum(HISTOGRAMS)

WEIGHTS = (0.7, 1.0, 1.0, 2.0)  # of the four histograms
CONTEXT = 0.5  # of the whole image, beside 1 of the region
LONG_SIDE = 512  # pixels; texture is measured at about this size, so that a photo and a small copy of it are alike


def superpixel_features(rgb: Rgb, labels: Labels) -> Floats:
    """Count the histograms of each superpixel.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image.
    labels : uint16 ndarray, shape (H, W)
        Superpixel of each pixel, 0..n-1.

    Returns
    -------
    float32 ndarray, shape (n, DIMENSIONS)
        Whole numbers from 0. A pixel counts 64 for its colour, shared among the bins around it, and 1 in each other
        histogram. Counts are additive: those of a region are the sum over its superpixels.

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
    counts = np.zeros((int(labels.max()) + 1, DIMENSIONS), np.float32)
    sizes = np.array([LIGHTNESS, CHROMA, PATTERNS, DIRECTIONS], np.int32)
    kernels.count_histograms(
        lab, _blurred(lab[0]), np.ascontiguousarray(labels), factor, sizes, _uniform_patterns(), counts
    )
    return counts


def region_vectors(
    features: Floats, members: RegionMembers, *, weights: Sequence[float] = WEIGHTS, context: float = CONTEXT
) -> Floats:
    """Describe regions, each with some of the whole image.

    Parameters
    ----------
    features : float32 ndarray, shape (n, DIMENSIONS)
        From `superpixel_features`, of all superpixels of the image.
    members : bool ndarray, shape (r, n), or a sequence of r integer arrays
        The superpixels of each region.
    weights : sequence of four floats, optional
        Of the histograms. `weights` and `context` are for experiments: vectors made with others cannot be compared.
    context : float, optional
        Of the whole image, beside 1 of the region.

    Returns
    -------
    float32 ndarray, shape (r, DIMENSIONS)
        Unit vectors, no number negative; zero for a region without superpixels.
    """
    counts = region_sums(features, members)
    around = context * hellinger_vectors(features.sum(axis=0, keepdims=True), weights)
    return unit((hellinger_vectors(counts, weights) + around) * counts.any(axis=1, keepdims=True))


def cell_vectors(features: Floats, cell_shares: Floats) -> Floats:
    """Describe the cells of a grid over an image by what of each superpixel lies in them.

    Parameters
    ----------
    features : float32 ndarray, shape (n, DIMENSIONS)
        From `superpixel_features`.
    cell_shares : float32 ndarray, shape (n, c)
        From `kernels.cell_shares`.

    Returns
    -------
    float32 ndarray, shape (c, DIMENSIONS)
        Unit vectors.
    """
    sizes = cell_shares.sum(axis=1, keepdims=True)
    parts = np.divide(cell_shares, sizes, out=np.zeros_like(cell_shares), where=sizes > 0)
    return hellinger_vectors(parts.T @ features)


def hellinger_vectors(counts: Floats, weights: Sequence[float] = WEIGHTS) -> Floats:
    """Describe regions by their own histograms alone.

    Parameters
    ----------
    counts : float32 ndarray, shape (r, DIMENSIONS)
        Sums of the features of the superpixels of each region.
    weights : sequence of four floats, optional
        Of the histograms.

    Returns
    -------
    float32 ndarray, shape (r, DIMENSIONS)
        Unit vectors, no number negative; zero where nothing was counted.
    """
    histograms = np.split(np.sqrt(counts), np.cumsum(HISTOGRAMS)[:-1], axis=1)
    weighted = [weight**0.5 * unit(histogram) for weight, histogram in zip(weights, histograms, strict=True)]
    return unit(np.concatenate(weighted, axis=1))


def _blurred(lightness: Floats) -> Floats:
    """Blur by two boxes each, close to Gaussians of sigma 1.2 and 3.7: float32 (2, H, W)."""
    from gallery.descriptors import kernels

    out, once = np.empty((2, *lightness.shape), np.float32), np.empty_like(lightness)
    for radius, twice in zip((1, 4), out, strict=True):
        kernels.box_blur(lightness, radius, once)
        kernels.box_blur(once, radius, twice)
    return out


@cache
def _uniform_patterns() -> npt.NDArray[np.int32]:
    """The bin of each circle of eight bits: 0..57 for those with at most two changes around, 58 for all others."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    uniform = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, PATTERNS - 1).astype(np.int32)
