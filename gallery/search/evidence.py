"""What the cells of an image say about whether what was asked for is really there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gallery.descriptors.cell_maps import squared_cosines
from selector.arrays import Floats

MOST_SHARE = 0.3
"""Of a photo. What covers more of it leaves too little around to be told from."""

# What the first space named here counts, and the second: matches of cells, and likeness to all that was selected.
OF_MATCHES = {"meaning": 1.0, "appearance": 0.5}
OF_MEAN = {"meaning": 0.8, "appearance": 0.2}
GENERAL = 4.0
"""How much of the likeness of an image as a whole is taken off."""


@dataclass(frozen=True, eq=False)
class Sought:
    """What was selected, in one space.

    Attributes
    ----------
    cells : float32 ndarray, shape (c, d)
        Unit vectors of the cells that it covers, projected.
    mean : float32 ndarray, shape (d,)
        The unit vector of all of it.
    """

    cells: Floats
    mean: Floats


def presence(sought: Sequence[tuple[str, Sought]], cells: Sequence[Floats]) -> float:
    """How clearly the cells of an image hold what was selected.

    Each cell of the selection looks for the cell of the image that is most like it in all spaces together (late
    interaction); the mean over these counts. Where the image is like the selection all over, as grass is like grass,
    good matches say little: that is taken off.

    Parameters
    ----------
    sought : sequence of (str, Sought)
        The name of each space's kind, and what was selected in it: the same cells in all.
    cells : sequence of float32 ndarray, shape (C, d)
        Those of the image, in the same order of spaces.

    Returns
    -------
    float

    References
    ----------
    O. Khattab, M. Zaharia, "ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over
    BERT", SIGIR 2020: the sum of best matches, there of words.
    """
    matches = sum(
        OF_MATCHES[kind] * (asked.cells @ there.T) for (kind, asked), there in zip(sought, cells, strict=True)
    )
    general = sum(
        np.sqrt(OF_MEAN[kind]) * squared_cosines(there, asked.mean).mean()
        for (kind, asked), there in zip(sought, cells, strict=True)
    )
    return float(np.asarray(matches).max(axis=1).mean() - GENERAL * general)
