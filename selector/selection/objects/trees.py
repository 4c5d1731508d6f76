"""Small boosted trees that turn `cues` into a belief, beside the linear models of `weights`.

Trees see what a sum cannot, such as a look that tells only near the edge of a box, and err in other places: the mean of
both beliefs is better than either. What they ask is in `trees.json`, fitted by `benchmarks.object_weights`, never by
hand: by how an object began, and again for photos that a model has seen.

Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 2001.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from selector.arrays import Floats
from selector.selection.objects.look import Numbers

FILE = Path(__file__).with_name("trees.json")
Ints = npt.NDArray[np.int32]


class Trees(NamedTuple):
    """Decision trees, the nodes of all of them in one row.

    Attributes
    ----------
    roots : int32 ndarray, shape (t,)
        The first node of each tree.
    asked : int32 ndarray, shape (m,)
        Which cue a node asks for.
    thresholds : float32 ndarray, shape (m,)
    below, above : int32 ndarray, shape (m,)
        The node to go to if the cue is at most the threshold, or else; ~i for leaf i.
    leaves : float32 ndarray, shape (l,)
        What each speaks for the object, as a logarithm of odds.
    """

    roots: Ints
    asked: Ints
    thresholds: Floats
    below: Ints
    above: Ints
    leaves: Floats

    def belief(self, cues: Numbers) -> Numbers:
        """The sum of what all trees say of each superpixel.

        Parameters
        ----------
        cues : float ndarray, shape (n, k)

        Returns
        -------
        float64 ndarray, shape (n,)
        """
        from selector.selection.objects import trees_kernels as kernels

        sums = np.zeros(len(cues))
        kernels.sum_leaves(np.ascontiguousarray(cues, np.float32), *self, sums)
        return sums


def trees_of(
    roots: Sequence[int],
    asked: Sequence[int],
    thresholds: Sequence[float],
    below: Sequence[int],
    above: Sequence[int],
    leaves: Sequence[float],
) -> Trees:
    """Trees of plain numbers, see the attributes of `Trees`.

    Parameters
    ----------
    roots, asked : sequence of int
    thresholds : sequence of float
    below, above : sequence of int
    leaves : sequence of float

    Returns
    -------
    Trees
    """
    return Trees(
        np.array(roots, np.int32),
        np.array(asked, np.int32),
        np.array(thresholds, np.float32),
        np.array(below, np.int32),
        np.array(above, np.int32),
        np.array(leaves, np.float32),
    )


def trees_in(file: Path) -> dict[str, dict[str, Trees]]:
    """The trees in a file, by the model that they stand beside and by how an object began.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict
    """
    held = json.loads(file.read_text(encoding="utf-8"))
    return {name: {start: trees_of(*rows) for start, rows in by_start.items()} for name, by_start in held.items()}


TREES = trees_in(FILE)
