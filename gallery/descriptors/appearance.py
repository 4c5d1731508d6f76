"""The `appearance` space: what a region's stuff looks like, as histograms of colour and texture.

Every pixel votes in four histograms: Lab colour, local binary patterns at two scales, and gradient orientation.
The votes are counted per superpixel, so any region's histogram is a sum. A region's vector is the square root of
the share of votes (Hellinger), so that a scalar product is the Bhattacharyya coefficient of two regions.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from gallery.descriptors.pooling import Floats, Members, region_sums, unit

VERSION = "1"
"""Changes whenever the same image gets another vector: vectors of two versions are never compared."""

_L_BINS, _AB_BINS = 8, 6
_COLOURS = _L_BINS * _AB_BINS * _AB_BINS
_PATTERNS = 10
_ORIENTATIONS = 9
_BLOCKS = (_COLOURS, _PATTERNS, _PATTERNS, _ORIENTATIONS)
_WEIGHTS = (1.0, 0.35, 0.35, 0.35)
DIMENSIONS: int = sum(_BLOCKS)


def superpixel_features(rgb: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint16]) -> Floats:
    """Count the votes of the pixels of each superpixel.

    Parameters
    ----------
    rgb : uint8 (H, W, 3)
    labels : uint16 (H, W)
        Superpixel of each pixel, 0..n-1.

    Returns
    -------
    float32 (n, DIMENSIONS)
        Votes, at least 0. They are additive: a region's are the sum of its superpixels'.

    Raises
    ------
    ValueError
        If image and label map differ in size.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.shape[:2] != labels.shape:
        raise ValueError(f"an image of shape {rgb.shape} does not fit labels of shape {labels.shape}")
    votes = np.zeros((int(labels.max()) + 1, DIMENSIONS), np.float32)
    luma = _luma(np.ascontiguousarray(rgb))
    coarse = _smooth(_smooth(luma))
    _vote_colour(np.ascontiguousarray(rgb), labels, _colour_bins(), votes)
    _vote_patterns(luma, labels, 1, _pattern_bins(), votes, _COLOURS)
    _vote_patterns(coarse, labels, 3, _pattern_bins(), votes, _COLOURS + _PATTERNS)
    _vote_orientation(_smooth(luma), labels, votes, _COLOURS + 2 * _PATTERNS)
    return votes


def region_vectors(features: Floats, members: Members) -> Floats:
    """Describe regions.

    Parameters
    ----------
    features : float32 (n, DIMENSIONS)
        From `superpixel_features`.
    members : bool (r, n), or a sequence of r integer arrays
        The superpixels of each region.

    Returns
    -------
    float32 (r, DIMENSIONS)
        Unit vectors; zero for a region without superpixels.
    """
    return vectors(region_sums(features, members))


def vectors(votes: Floats) -> Floats:
    """Turn the votes of regions, float32 (r, DIMENSIONS), into unit vectors."""
    parts = []
    edges = np.cumsum(_BLOCKS)[:-1]
    for block, weight in zip(np.split(votes, edges, axis=1), _WEIGHTS, strict=True):
        parts.append(weight * unit(np.sqrt(block)))
    return unit(np.concatenate(parts, axis=1))


@cache
def _colour_bins() -> npt.NDArray[np.int16]:
    """Return the colour bin of every 5-bit RGB colour, (32, 32, 32) flattened."""
    steps = (np.arange(32) * 8 + 4).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = _lab(grid)
    light = np.clip(lab[:, 0] / 100 * _L_BINS, 0, _L_BINS - 1).astype(np.int16)
    chroma = np.digitize(lab[:, 1:], [-40, -12, 0, 12, 40]).astype(np.int16)
    return ((light * _AB_BINS + chroma[:, 0]) * _AB_BINS + chroma[:, 1]).astype(np.int16)


def _lab(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Convert sRGB colours (k, 3) to CIE L*a*b* under D65."""
    linear = rgb / 255.0
    linear = np.where(linear > 0.04045, ((linear + 0.055) / 1.055) ** 2.4, linear / 12.92)
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@cache
def _pattern_bins() -> npt.NDArray[np.int16]:
    """Return the rotation-invariant uniform class of each 8-bit pattern (Ojala et al. 2002)."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    changes = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), 9).astype(np.int16)


@njit(nogil=True, cache=True)
def _luma(rgb):  # type: ignore[no-untyped-def]
    height, width, _ = rgb.shape
    out = np.empty((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            out[y, x] = (77 * np.int32(rgb[y, x, 0]) + 150 * np.int32(rgb[y, x, 1]) + 29 * np.int32(rgb[y, x, 2])) >> 8
    return out


@njit(nogil=True, cache=True)
def _smooth(luma):  # type: ignore[no-untyped-def]
    """Blur by the binomial 3x3 kernel, edges repeated."""
    height, width = luma.shape
    out = np.empty_like(luma)
    for y in range(height):
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            total = np.int32(8)
            total += np.int32(luma[up, left]) + 2 * np.int32(luma[up, x]) + np.int32(luma[up, right])
            total += 2 * np.int32(luma[y, left]) + 4 * np.int32(luma[y, x]) + 2 * np.int32(luma[y, right])
            total += np.int32(luma[down, left]) + 2 * np.int32(luma[down, x]) + np.int32(luma[down, right])
            out[y, x] = total >> 4
    return out


@njit(nogil=True, cache=True)
def _vote_colour(rgb, labels, bins, votes):  # type: ignore[no-untyped-def]
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            colour = (np.int32(rgb[y, x, 0]) >> 3 << 10) | (np.int32(rgb[y, x, 1]) >> 3 << 5) | (np.int32(rgb[y, x, 2]) >> 3)
            votes[labels[y, x], bins[colour]] += 1


@njit(nogil=True, cache=True)
def _vote_patterns(luma, labels, radius, bins, votes, offset):  # type: ignore[no-untyped-def]
    height, width = labels.shape
    dy = (-1, -1, -1, 0, 1, 1, 1, 0)
    dx = (-1, 0, 1, 1, 1, 0, -1, -1)
    for y in range(height):
        for x in range(width):
            centre = luma[y, x]
            pattern = 0
            for k in range(8):
                yy = min(max(y + radius * dy[k], 0), height - 1)
                xx = min(max(x + radius * dx[k], 0), width - 1)
                if luma[yy, xx] > centre:
                    pattern |= 1 << k
            votes[labels[y, x], offset + bins[pattern]] += 1


@njit(nogil=True, cache=True)
def _vote_orientation(luma, labels, votes, offset):  # type: ignore[no-untyped-def]
    height, width = labels.shape
    for y in range(height):
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            gx = np.float32(luma[y, right]) - np.float32(luma[y, left])
            gy = np.float32(luma[down, x]) - np.float32(luma[up, x])
            strength = np.sqrt(gx * gx + gy * gy)
            if strength < 4:
                votes[labels[y, x], offset + 8] += 1
            else:
                angle = np.arctan2(gy, gx) * (8 / np.pi)
                votes[labels[y, x], offset + int(np.floor(angle + 8.5)) % 8] += 1
