"""How well superpixels agree with what people drew: the four usual figures of the field.

A *boundary pixel* is one whose right or lower neighbour has another label. All figures lie in 0..1. Survey and
recommended definitions: Stutz, Hermans, Leibe, "Superpixels: an evaluation of the state of the art", CVIU 2018.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

Labels = NDArray[np.integer]
Mask = NDArray[np.bool_]


def boundary(labels: Labels) -> Mask:
    """Pixels of `labels` (H, W) whose right or lower neighbour has another label, as bool (H, W)."""
    edge = np.zeros(labels.shape, np.bool_)
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    edge[:-1] |= labels[:-1] != labels[1:]
    return edge


def near(edge: Mask, tolerance: float = 2.0) -> Mask:
    """Pixels within `tolerance` (Euclidean, inclusive) of a True pixel of `edge` (H, W)."""
    if not edge.any():
        return np.zeros_like(edge)
    distance: NDArray[np.float64] = distance_transform_edt(~edge)
    return distance <= tolerance


def boundary_recall(labels: Labels, truth: Labels, tolerance: float = 2.0) -> float:
    """Share of the boundary pixels of `truth` that have one of `labels` within `tolerance` pixels (up is better).

    Martin, Fowlkes, Malik, "Learning to detect natural image boundaries using local brightness, color, and
    texture cues", PAMI 2004. A truth without boundaries is recalled wholly.
    """
    return share_near(near(boundary(labels), tolerance), truth)


def share_near(found: Mask, truth: Labels) -> float:
    """Share of the boundary pixels of `truth` where `found` is True; 1 if there are none."""
    wanted = boundary(truth)
    return float(found[wanted].mean()) if wanted.any() else 1.0


def overlaps(labels: Labels, truth: Labels) -> NDArray[np.int64]:
    """Pixels shared by every segment of `labels` (rows) and every segment of `truth` (columns)."""
    row, column = (values.astype(np.int64) - int(values.min()) for values in (labels, truth))
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    table = np.bincount((row * columns + column).ravel(), minlength=rows * columns).reshape(rows, columns)
    return table[table.any(axis=1)][:, table.any(axis=0)]


def undersegmentation_error(labels: Labels, truth: Labels) -> float:
    """Share of pixels that leak over a segment of `truth` (down is better).

    `1/N sum_S sum_(P meets S) min(|P and S|, |P without S|)` over true segments S and superpixels P: Neubert and
    Protzel, "Superpixel benchmark and comparison", Forum Bildverarbeitung 2012.
    """
    shared = overlaps(labels, truth)
    outside = shared.sum(axis=1, keepdims=True) - shared
    return float(np.minimum(shared, outside).sum() / labels.size)


def achievable_segmentation_accuracy(labels: Labels, truth: Labels) -> float:
    """Share of pixels labelled rightly if every superpixel took its best segment of `truth` (up is better).

    Liu, Tuzel, Ramalingam, Chellappa, "Entropy rate superpixel segmentation", CVPR 2011.
    """
    return float(overlaps(labels, truth).max(axis=1).sum() / labels.size)


def explained_variation(labels: Labels, rgb: NDArray[np.uint8]) -> float:
    """Share of the variance of `rgb` (H, W, 3) that remains when segments show their mean colour (up is better).

    Moore, Prince, Warrell, Mohammed, Jones, "Superpixel lattices", CVPR 2008. An image of one colour is explained
    wholly.
    """
    _, index = np.unique(labels, return_inverse=True)
    index = index.ravel()
    colours = rgb.reshape(-1, 3).astype(np.float64)
    colours -= colours.mean(axis=0)
    total = float((colours**2).sum())
    if total == 0:
        return 1.0
    sizes = np.bincount(index)
    sums = np.stack([np.bincount(index, colours[:, channel]) for channel in range(3)], axis=1)
    return float((sums**2 / sizes[:, None]).sum() / total)
