"""The inner loop of `trees`."""

import numpy as np
from numpy.typing import NDArray

from selector.segmentation.compiled import compiled

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@compiled("void(f4[:,::1], i4[::1], i4[::1], f4[::1], i4[::1], i4[::1], f4[::1], f8[::1])")
def sum_leaves(
    cues: Floats,
    roots: Ints,
    asked: Ints,
    thresholds: Floats,
    below: Ints,
    above: Ints,
    leaves: Floats,
    sums: NDArray[np.float64],
) -> None:
    """For each row of cues, the sum of the leaves that it reaches, one of each tree.

    Parameters
    ----------
    cues : float32 ndarray, shape (n, k)
    roots : int32 ndarray, shape (t,)
    asked : int32 ndarray, shape (m,)
    thresholds : float32 ndarray, shape (m,)
    below, above : int32 ndarray, shape (m,)
        ~i is leaf i.
    leaves : float32 ndarray, shape (l,)
    sums : float64 ndarray, shape (n,)
        Written.
    """
    for row in range(cues.shape[0]):
        for root in roots:
            at = root
            while at >= 0:
                at = below[at] if cues[row, asked[at]] <= thresholds[at] else above[at]
            sums[row] += leaves[~at]
