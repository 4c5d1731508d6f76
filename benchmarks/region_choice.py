"""Evaluate with regions chosen by farthest point, beside which ours are chosen by what they tell of all.

    python -m benchmarks.region_choice FOLDER [--space S] [--half even|odd] [--json FILE]

Runs `manage.py evaluate_retrieval` with these very arguments and one function replaced: its row "regions" is to be
compared with that of the command itself.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from selector.arrays import Floats


def farthest(vectors: Floats, count: int) -> list[int]:
    """Choose rows of unit vectors, float32 (k, D), each next one the farthest from those that are chosen already.

    (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.)
    """
    chosen, nearest = [0], vectors @ vectors[0]
    while len(chosen) < count:
        row = int(nearest.argmin())
        if nearest[row] > 1 - 1e-4:
            break
        chosen.append(row)
        nearest = np.maximum(nearest, vectors @ vectors[row])
    return chosen


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django

    django.setup()
    from gallery.descriptors import region_choice
    from gallery.management.commands.evaluate_retrieval import Command

    region_choice.facility_location = farthest
    command = Command()
    # The process that evaluates is to choose like this, too.
    command.program = ("-m", "benchmarks.region_choice")
    command.run_from_argv([sys.argv[0], "evaluate_retrieval", *sys.argv[1:]])


if __name__ == "__main__":
    main()
