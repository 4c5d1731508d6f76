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
    """For each row of cues, the sum of the leaves that it reaches, one of each tree; ~i is leaf i."""
    for row in range(cues.shape[0]):
        for root in roots:
            at = root
            while at >= 0:
                at = below[at] if cues[row, asked[at]] <= thresholds[at] else above[at]
            sums[row] += leaves[~at]
