"""What the cells of an image say about whether what was asked for is really there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gallery.descriptors.cell_maps import SIDE, squared_cosines
from selector.arrays import Floats

MOST_SHARE = 0.3
"""Of a photo. What covers more of it leaves too little around to be told from."""

# What the first space named here counts, and the second: matches of cells, and likeness to all that was selected.
OF_MATCHES = {"meaning": 1.0, "appearance": 0.5}
OF_MEAN = {"meaning": 0.8, "appearance": 0.2}
LOOKED_AT = "appearance"
"""The kind of space whose score counts beside cells, and whose cells are looked at by themselves."""
GENERAL = 5.0
"""How much of the likeness of an image as a whole is taken off."""
LAYOUT = 0.12
"""How much it counts that the cells lie to each other as in the selection."""
LAYOUT_BY_LOOKS = 0.08
"""The same of the cells that are found by their looks alone. Cells of `meaning` see what is around them, and so lie
well to each other in any picture of a like scene; those of colours and textures see themselves."""
FEWEST_PLACES = 4
"""Of fewer cells any layout is like any other."""
LOOKS = 0.04
"""How much the score of the image by its looks counts."""


@dataclass(frozen=True, eq=False)
class Sought:
    """What was selected, in one space.

    Attributes
    ----------
    cells : float32 ndarray, shape (c, d)
        Unit vectors of the cells that it covers, projected.
    mean : float32 ndarray, shape (d,)
        The unit vector of all of it.
    places : intp ndarray, shape (c,)
        Where these cells are: their numbers on the grid.
    """

    cells: Floats
    mean: Floats
    places: npt.NDArray[np.intp]


def presence(sought: Sequence[tuple[str, Sought]], cells: Sequence[Floats], looks: float = 0.0) -> float:
    """How clearly the cells of an image hold what was selected.

    Each cell of the selection looks for the cell of the image that is most like it in all spaces together (late
    interaction); the mean over these counts. Where the image is like the selection all over, as grass is like grass,
    good matches say little: that is taken off. Where the cells that are found lie to each other as those of the
    selection do, or as in a mirror, they are hardly there by chance: that is added, for all spaces together and once
    more for the looks by themselves, and so is how alike regions look.

    Parameters
    ----------
    sought : sequence of (str, Sought)
        The name of each space's kind, and what was selected in it: the same cells in all.
    cells : sequence of float32 ndarray, shape (C, d)
        Those of the image, in the same order of spaces.
    looks : float, optional
        The calibrated score of its best region in the space that counts less.

    Returns
    -------
    float

    References
    ----------
    O. Khattab, M. Zaharia, "ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over
    BERT", SIGIR 2020: the sum of best matches, there of words.
    """
    by_kind = {kind: asked.cells @ there.T for (kind, asked), there in zip(sought, cells, strict=True)}
    matches = np.asarray(sum(OF_MATCHES[kind] * found for kind, found in by_kind.items()))
    general = sum(
        np.sqrt(OF_MEAN[kind]) * squared_cosines(there, asked.mean).mean()
        for (kind, asked), there in zip(sought, cells, strict=True)
    )
    places = sought[0][1].places
    layout = LAYOUT * same_layout(places, matches.argmax(axis=1))
    layout += LAYOUT_BY_LOOKS * same_layout(places, by_kind[LOOKED_AT].argmax(axis=1))
    return float(matches.max(axis=1).mean() - GENERAL * general + layout + LOOKS * looks)


def same_layout(asked: npt.NDArray[np.intp], found: npt.NDArray[np.intp]) -> float:
    """How well the places of matches lie to each other as what they match does, wherever and however large.

    Parameters
    ----------
    asked, found : intp ndarray, shape (c,)
        Numbers of cells of a grid.

    Returns
    -------
    float
        The correlation of their rows, and that of their columns without its sign, as a thing may be seen mirrored: 2 at
        most.

    Examples
    --------
    >>> corner = np.array([0, 1, SIDE, SIDE + 1])
    >>> round(same_layout(corner, corner + 30), 6), round(same_layout(corner, corner[::-1]), 6)
    (2.0, 0.0)
    """
    if len(asked) < FEWEST_PLACES:
        return 0.0
    rows, columns = (
        _correlation(here, there) for here, there in zip(divmod(asked, SIDE), divmod(found, SIDE), strict=True)
    )
    return rows + abs(columns)


def _correlation(one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]) -> float:
    """Pearson's; 0 where one of them is the same throughout."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
