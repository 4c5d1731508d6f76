"""What each step of a search's second look adds: every one left out in turn, through the site's own functions.

    python -m benchmarks.ablation FOLDER [--half even|odd] [--limit N] [--json FILE]

FOLDER is as for `manage.py evaluate_retrieval`, with MEANING_MODEL and MEANING_WEIGHTS as there. The images are indexed
once in a temporary database, and each query is asked in all spaces together, step by step; "beside" is the paired
difference of mean average precision from the row before, with its 95% interval over queries.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.sandboxed import continue_in_sandbox

if TYPE_CHECKING:
    from gallery.evaluation.dataset import Dataset, Query
    from gallery.evaluation.results import Method
    from gallery.evaluation.run import Evaluation

NEVER = 2.0  # no cosine is so large
NOTHING_CLAIMED: dict[str, object] = {"ranking.claims_of": "none"}
# What is left out of the second look, by the name of the row: an attribute of a module, and its value meanwhile.
WITHOUT: dict[str, dict[str, object]] = {
    "one look": {},
    "around the mean": {"expansion.AGREEMENT": NEVER, "close_look.GAIN": 0.0, "scenes.COUNTS": 0.0, **NOTHING_CLAIMED},
    "and moved to its first hits": {"close_look.GAIN": 0.0, "scenes.COUNTS": 0.0, **NOTHING_CLAIMED},
    "and images that stand out by cells": {"scenes.COUNTS": 0.0, **NOTHING_CLAIMED},
    "and scenes of the first hits": NOTHING_CLAIMED,
    "and led by what is claimed": {},
    "of these, without a node's middle": {"outline_tree.CENTRE": 0.0},
    "of these, whether a node stands out or not": {"outline_tree.LASTING": 0.0, "outline_tree.CONTRAST": 0.0},
    "of these, the best smaller region": {"ranking.asked_of": "nothing"},
}
COLUMNS = ("mAP", "P1", "P10")


@contextmanager
def left_out(what: dict[str, object]) -> Iterator[None]:
    """Run the block without these steps."""
    from contextlib import ExitStack

    import numpy as np

    from gallery.descriptors import outline_tree
    from gallery.search import close_look, expansion, ranking, scenes

    modules = {
        "expansion": expansion,
        "close_look": close_look,
        "ranking": ranking,
        "scenes": scenes,
        "outline_tree": outline_tree,
    }
    instead: dict[str, Callable[..., Any]] = {
        "nothing": lambda queries, weights: {},
        "none": lambda images, *others: np.zeros(len(images), bool),
    }
    with ExitStack() as stack:
        for name, value in what.items():
            module, _, attribute = name.partition(".")
            stack.enter_context(patch.object(modules[module], attribute, instead.get(str(value), value)))
        yield


def ask(evaluation: Evaluation, query: Query) -> None:
    """Ask one query with all steps, and without each, and note how that went."""
    from gallery.evaluation.run import EVERY_IMAGE
    from gallery.search.ranking import rank_images

    questions, others, _ = evaluation.questions_of(query)
    relevant = evaluation.dataset.relevant_to(query)
    for name, what in WITHOUT.items():
        with left_out(what):
            found = rank_images(questions, others, enough=EVERY_IMAGE, rescore=name != "one look")
            drawn = evaluation.drawn(found, relevant, query.label)
        evaluation.results.add(name, "all", evaluation.names(found), relevant, drawn)


def figures(method: Method, before: Method | None, queries: Sequence[str]) -> dict[str, Any]:
    import numpy as np

    from gallery.evaluation.figures import bootstrap_interval

    row = method.by_query(queries)
    hits = sum(int(one["right_hits"]) for one in row.values())
    gains = np.array(method.ap) - np.array(before.ap) if before else np.zeros(0)
    return {
        "step": method.name,
        **{name: round(float(np.nanmean([one[name] for one in row.values()])), 4) for name in COLUMNS},
        "beside": [round(float(np.nanmean(gains)), 4), *bootstrap_interval(gains)] if before else [],
        "hits": hits,
        **{
            name: round(sum(one[name] for one in row.values()) / max(hits, 1), 4)
            for name in ("whole", "iou25", "iou50", "centre")
        },
        "drawn_small": small(method),
    }


def small(method: Method) -> dict[str, float]:
    """Of hits whose object covers less than 5% of the image."""
    few = [hit for hits in method.drawn for hit in hits if hit.size < 0.05]
    n = max(len(few), 1)
    return {
        "hits": len(few),
        "iou25": round(sum(hit.iou > 0.25 for hit in few) / n, 4),
        "centre": round(sum(hit.is_centred for hit in few) / n, 4),
    }


def rows_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    import numpy as np

    from gallery.evaluation.results import SIZES

    results = evaluation.results
    methods = list(results.methods.values())
    rows = []
    for before, method in zip([None, *methods], methods, strict=False):
        row = figures(method, before, results.queries)
        shares = np.array(results.shares)
        for size, (low, high) in SIZES.items():
            chosen = (shares >= low) & (shares < high)
            row[f"mAP {size}"] = round(float(np.nanmean(np.array(method.ap)[chosen])), 4) if chosen.any() else None
        for half in ("even", "odd"):
            chosen = np.array(results.halves) == half
            row[f"mAP {half}"] = round(float(np.nanmean(np.array(method.ap)[chosen])), 4) if chosen.any() else None
        rows.append(row)
    return rows


def evaluated(dataset: Dataset) -> Evaluation:
    from tqdm import tqdm

    from gallery.evaluation import sandbox
    from gallery.evaluation.filling import import_images, index_images
    from gallery.evaluation.results import Stopwatch
    from gallery.evaluation.run import Evaluation
    from gallery.index import spaces
    from gallery.search.options import Options

    with sandbox.empty_collection():
        targets, notices = spaces.ensure_spaces()
        for notice in notices:
            print(notice)
        with tqdm(total=2 * len(dataset.labels) + len(dataset.queries), disable=None) as bar:

            def tick(stage: str) -> None:
                bar.update()

            images = import_images(dataset, tick)
            watch = Stopwatch()
            index_images(images, targets, tick, watch)
            evaluation = Evaluation(dataset, images, targets, tick, Options(), watch, baselines=False)
            for query in dataset.queries:
                ask(evaluation, query)
                bar.update()
    return evaluation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=["even", "odd"])
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N queries")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a row a step")
    arguments = parser.parse_args()
    continue_in_sandbox("benchmarks.ablation")
    from gallery.management.commands.evaluate_retrieval import chosen_queries

    rows = rows_of(evaluated(chosen_queries(arguments.folder, arguments.half, arguments.limit)))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    for row in rows:
        print(" | ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
