"""Fit the object tool's boosted trees, by LightGBM (`pip install -r benchmarks/requirements.txt`)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from selector.selection.objects.look import Numbers
from selector.selection.objects.trees import Trees, trees_of

TREES = 100
LEAVES = 8
# Of few hundred objects: small steps, many superpixels to a leaf, and no tree sees all cues and all examples.
OPTIONS = {
    "objective": "binary",
    "num_leaves": LEAVES,
    "learning_rate": 0.06,
    "min_data_in_leaf": 200,
    "lambda_l2": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "seed": 1,
    "verbose": -1,
}
DIGITS = 4
LARGEST_SHARE = 0.999


class Examples(NamedTuple):
    """Superpixels: their cues (m, k), how much of each is in the object (m,), and how much each counts (m,).

    Of cuts instead of superpixels, how much each overlaps with the object.
    """

    cues: Numbers
    truth: Numbers
    counts: Numbers


def trees_fitted(examples: Examples) -> Trees:
    """Boosted trees that tell what belongs to objects.

    Parameters
    ----------
    examples : Examples

    Returns
    -------
    Trees
    """
    import lightgbm

    # A single superpixel of a tiny object is no more than many of others.
    counts = np.minimum(examples.counts, np.quantile(examples.counts, LARGEST_SHARE))
    # A superpixel on the edge is an example of both, as far as it is.
    cues, truth = np.concatenate([examples.cues, examples.cues]), np.repeat([1.0, 0.0], len(counts))
    counts = np.concatenate([counts * examples.truth, counts * (1 - examples.truth)])
    held = counts > 0
    counts = counts[held] * (len(examples.truth) / counts.sum())
    booster = lightgbm.train(OPTIONS, lightgbm.Dataset(cues[held], truth[held], weight=counts), TREES)
    return as_trees([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])


def as_trees(structures: list[dict[str, Any]]) -> Trees:
    """Trees as LightGBM tells of them, one after the other.

    Parameters
    ----------
    structures : list of dict
        Each as `tree_structure` in `Booster.dump_model`.

    Returns
    -------
    Trees
    """
    asked: list[int] = []
    thresholds: list[float] = []
    below: list[int] = []
    above: list[int] = []
    leaves: list[float] = []

    def placed(structure: dict[str, Any]) -> int:
        """The number of a node, or ~ that of a leaf, with all below it."""
        if "leaf_value" in structure:
            leaves.append(round(structure["leaf_value"], DIGITS))
            return ~(len(leaves) - 1)
        node = len(asked)
        asked.append(structure["split_feature"])
        thresholds.append(float(f"{structure['threshold']:.{DIGITS + 1}g}"))
        below.append(0)
        above.append(0)
        below[node], above[node] = placed(structure["left_child"]), placed(structure["right_child"])
        return node

    roots = [placed(structure) for structure in structures]
    return trees_of(roots, asked, thresholds, below, above, leaves)


def as_json(models: dict[str, dict[str, Trees]]) -> str:
    """Trees as they are kept, a kind of number a line.

    Parameters
    ----------
    models : dict
        By the model that they stand beside and by how an object began.

    Returns
    -------
    str
    """
    of_models = []
    for name, by_start in models.items():
        rows = {start: ",\n".join("   " + _row(row) for row in trees) for start, trees in by_start.items()}
        of_starts = ",\n".join(f'  "{start}": [\n{text}\n  ]' for start, text in rows.items())
        of_models.append(f' "{name}": {{\n{of_starts}\n }}')
    return "{\n" + ",\n".join(of_models) + "\n}\n"


def _row(values: Any) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"
