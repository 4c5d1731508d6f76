"""Label maps as programs read them: a 16-bit PNG, run lengths, or nested lists."""

from __future__ import annotations

import base64
import io
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from selector.arrays import Labels, Rgb

Encoding = Literal["png", "rle", "lists"]
# zlib's quickest: the labels of one row are mostly those of the row above.
PNG_LEVEL = 1


def as_png(labels: Labels) -> bytes:
    """A PNG of 16-bit greys: the grey of a pixel is its label.

    Examples
    --------
    >>> png = as_png(np.array([[0, 1], [300, 65535]], np.uint16))
    >>> np.asarray(Image.open(io.BytesIO(png))).tolist()
    [[0, 1], [300, 65535]]
    """
    out = io.BytesIO()
    Image.fromarray(labels).save(out, "PNG", compress_level=PNG_LEVEL)
    return out.getvalue()


def as_runs(labels: Labels) -> dict[str, list[int]]:
    """Run lengths: row after row, `counts[i]` pixels have the label `values[i]`.

    Examples
    --------
    >>> as_runs(np.array([[0, 0, 1], [1, 1, 2]], np.uint16))
    {'values': [0, 1, 2], 'counts': [2, 3, 1]}
    """
    flat = labels.reshape(-1)
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    return {"values": flat[starts].tolist(), "counts": np.diff(np.append(starts, flat.size)).tolist()}


def encoded(labels: Labels, encoding: Encoding) -> dict[str, Any]:
    """A label map as a part of a JSON document, with the name of its encoding."""
    if encoding == "png":
        return {"encoding": "png", "data": base64.b64encode(as_png(labels)).decode("ascii")}
    if encoding == "rle":
        return {"encoding": "rle", **as_runs(labels)}
    return {"encoding": "lists", "rows": labels.tolist()}


def mean_rgb(rgb: Rgb, labels: Labels, areas: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The mean colour of the pixels of each of n labels, of an image uint8 (H, W, 3): float64 (n, 3).

    Examples
    --------
    >>> rgb = np.array([[[0, 0, 0], [10, 20, 30]]], np.uint8)
    >>> mean_rgb(rgb, np.zeros((1, 2), np.uint16), np.array([2])).tolist()
    [[5.0, 10.0, 15.0]]
    """
    flat = labels.reshape(-1)
    sums = [np.bincount(flat, channel.reshape(-1), len(areas)) for channel in np.moveaxis(rgb, 2, 0)]
    return np.stack(sums, axis=1) / areas[:, None]


def centroids(labels: Labels, areas: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The mean x and y of the pixels of each of n labels: float64 (n, 2). The middle of the first pixel is (0, 0).

    Examples
    --------
    >>> labels = np.array([[0, 0, 1], [0, 0, 1]], np.uint16)
    >>> centroids(labels, np.bincount(labels.reshape(-1))).tolist()
    [[0.5, 0.5], [2.0, 0.5]]
    """
    height, width = labels.shape
    flat = labels.reshape(-1)
    sums = [
        np.bincount(flat, np.tile(np.arange(width), height), len(areas)),
        np.bincount(flat, np.repeat(np.arange(height), width), len(areas)),
    ]
    return np.stack(sums, axis=1) / areas[:, None]
