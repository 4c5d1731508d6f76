"""Whether close matches are claimed where there are some, and only there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.evaluation.dataset import HALVES
from gallery.evaluation.figures import bootstrap_interval


@dataclass
class Claims:
    """What was claimed about each query.

    Attributes
    ----------
    right : list of bool
        Whether a right image is among those claimed to be close matches.
    wrong : list of bool
        Whether any image is, once all right ones are taken away.
    """

    right: list[bool] = field(default_factory=list)
    wrong: list[bool] = field(default_factory=list)

    def figures(self, halves: npt.NDArray[np.str_]) -> dict[str, Any]:
        """The shares of queries with their 95% intervals, over all and by half.

        Parameters
        ----------
        halves : str (k,)
            The half that each query belongs to.
        """
        values = {"right": np.array(self.right, np.float64), "wrong": np.array(self.wrong, np.float64)}

        def means(chosen: npt.NDArray[np.bool_]) -> dict[str, float | None]:
            return {name: round(float(of[chosen].mean()), 4) if chosen.any() else None for name, of in values.items()}

        return {
            **means(np.ones(len(halves), bool)),
            "interval": {name: [round(end, 4) for end in bootstrap_interval(of)] for name, of in values.items()},
            "by_half": {half: means(halves == half) for half in HALVES},
        }
