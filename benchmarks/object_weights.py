"""Fit the weights of the object tool's linear models to objects whose masks are known.

    OMP_NUM_THREADS=1 python -m benchmarks.object_weights FOLDER [--limit N] [--jobs 1|2] [--first]
        [--choice NETWORK NETWORK] [--model JSON WEIGHTS] [--write selector/selection/objects/weights.py]

FOLDER is as for `benchmarks.selecting`; every fifth object, which that measures, is left out. First gestures are made
of every other object. What a correction tells depends on how objects were corrected before it, so corrections are made
on one half with the weights of today, weights are fitted to them, and on the other half with those; the last fit is to
both.
Without `--model`, an image tower in open_clip's format, the weights of what one sees stay as they are; with `--first`
so do those of corrections. With `--choice` only the choice among cuts is fitted. Which cut of a belief overlaps most
depends on how good the belief is, so it is seen through networks that `benchmarks.object_network --half` has fitted to
the first and to the second half of the photos, each on the other half.
Logistic regression, a superpixel weighing its area beside the object's; photos that an object hardly fills weigh less
than by all their area.
"""

from __future__ import annotations

import argparse
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from scipy.optimize import minimize

from benchmarks.selecting import Item, Models, add_model, items_of, models_of, subject_of
from benchmarks.selecting_ways import box
from benchmarks.simulated_person import Subject, loop_around, stroke_along
from selector.arrays import Members
from selector.selection.objects import weights
from selector.selection.objects.choosing import cues_of_cuts, cuts_of_belief
from selector.selection.objects.context import mixed
from selector.selection.objects.cues import feature_cues, first_cues, unlike_of
from selector.selection.objects.cutting import begun, first_guess, in_picture, settled
from selector.selection.objects.evidence import Correction, Evidence
from selector.selection.objects.likeness import Likeness, border_weights, likeness_of
from selector.selection.objects.look import Numbers
from selector.selection.objects.network import Network
from selector.selection.objects.refining import Settled, refined, told_by
from selector.selection.objects.shown import Shown, shown_first
from selector.selection.objects.tidying import tidied

CLICKS = 10
ENOUGH = 0.9
RIDGE = 1e-4
RIDGE_OF_CHOICE = 0.01
IN_A_LINE = 10
MODELS = ("FIRST", "FIRST_WITH_FEATURES", "CHOICE", "RIGHTED", "KEPT")
# Farther from a stroke than this prior says, nothing is to be learnt.
FAR = -2.9
HEADER = '''"""Weights of the linear models over `cues`: fitted by `benchmarks.object_weights`, never by hand.

Logistic regression on the COCO objects of which `benchmarks.selecting` measures every fifth; those fifths were left
out. A model's sum is the logarithm of the odds that a superpixel belongs to the object (`FIRST`, by how it began;
`FIRST_WITH_FEATURES`, where a model has seen the photo), or goes with a correction (True: one that adds): those that
have to change for it (`RIGHTED`), and those that were on its side already (`KEPT`). The largest sum of `CHOICE` says
which cut overlaps most, by how the object began: a ridge regression.
"""
# fmt: off

'''


class Examples(NamedTuple):
    """Superpixels: their cues (m, k), how much of each is in the object (m,), and how much each counts (m,).

    Of cuts instead of superpixels, how much each overlaps with the object.
    """

    cues: Numbers
    truth: Numbers
    counts: Numbers


Named = list[tuple[tuple[str, Any], Examples]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="only N of the objects, evenly")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="processes")
    parser.add_argument("--first", action="store_true", help="first gestures alone")
    names = ("FIRST_HALF", "SECOND_HALF")
    parser.add_argument("--choice", nargs=2, type=Path, metavar=names, help="the choice alone, through these networks")
    add_model(parser)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the weights there")
    options = parser.parse_args()
    items = items_of(options.folder, 5, True)
    items = items[:: max(len(items) // (options.limit or len(items)), 1)]
    models = {name: dict(getattr(weights, name)) for name in MODELS}
    towers = models_of(options.model)
    if options.choice:
        cuts: Named = []
        for half, file in enumerate(reversed(options.choice)):
            through = partial(cut_examples, Network.read(file))
            cuts += gather(through, [item for item in items if half_of(item) == half], models, options.jobs, towers)
        choose(models, cuts)
    else:
        learn(models, gather(first_examples, items, models, options.jobs, towers))
        seen: Named = []
        for half in range(0 if options.first else 2):
            seen += gather(correction_examples, items[half::2], models, options.jobs)
            learn(models, seen)
    text = HEADER + "\n".join(f"{name} = {_as_code(model)}" for name, model in models.items())
    if options.write:
        options.write.write_text(text)
    else:
        print(text)


def half_of(item: Item) -> int:
    """The half of the photos that an object is in, 0 or 1."""
    return crc32(item.image.name.encode()) % 2


def gather(examples: Any, items: list[Item], models: dict[str, Any], jobs: int, towers: Models | None = None) -> Named:
    """Examples from all objects, made with these weights."""
    with Pool(jobs) as pool:
        found = pool.map(partial(_with_models, examples, models, towers), list(enumerate(items)), chunksize=2)
    return [each for one in found for each in one]


def _with_models(examples: Any, models: dict[str, Any], towers: Models | None, numbered: tuple[int, Item]) -> Named:
    for name, model in models.items():
        getattr(weights, name).update(model)
    found: Named = examples(numbered[0], subject_of(numbered[1], towers))
    return found


def learn(models: dict[str, Any], examples: Named) -> None:
    """Fit each model of which there are examples."""
    for name, key in sorted({which for which, _ in examples}):
        own = [each for which, each in examples if which == (name, key)]
        together = Examples(*(np.concatenate(column) for column in zip(*own, strict=True)))
        models[name][key] = tuple(np.round(fitted(together), 3).tolist())


def choose(models: dict[str, Any], examples: Named) -> None:
    """Fit the choice among the cuts of a belief: ridge regression on how each differs from the mean of them."""
    for key in sorted({key for (_, key), _ in examples}):
        own = [each for (_, which), each in examples if which == key]
        cues = np.concatenate([each.cues - each.cues.mean(axis=0) for each in own])
        overlaps = np.concatenate([each.truth - each.truth.mean() for each in own])
        spread = cues.std(axis=0) + 1e-9
        standard = cues / spread
        normal = standard.T @ standard + RIDGE_OF_CHOICE * len(cues) * np.eye(len(spread))
        found = np.where(spread > 1e-6, np.linalg.solve(normal, standard.T @ overlaps) / spread, 0)
        models["CHOICE"][key] = tuple(np.round(found, 5).tolist())


def first_examples(_number: int, subject: Subject) -> Named:
    """What four first gestures tell of an object."""
    found: Named = []
    for evidence in gestures_of(subject):
        shown, alike, _, guess = guessed(subject, evidence)
        told = ~(shown.inside | shown.outside) & (shown.prior > FAR)
        unlike, truth = unlike_of(subject.look, shown, alike, guess), truth_of(subject)
        cues = first_cues(subject.parents, subject.look, shown, unlike, guess)
        found.append((("FIRST", evidence.start), _examples(subject, cues, truth, told)))
        for features in subject.features.values():
            more = np.column_stack([cues, feature_cues(subject.parents, subject.look, shown, guess, features)])
            found.append((("FIRST_WITH_FEATURES", evidence.start), _examples(subject, more, truth, told)))
    return found


def cut_examples(network: Network, _number: int, subject: Subject) -> Named:
    """How well cuts of what is believed after four first gestures overlap with an object."""
    found: Named = []
    for evidence in gestures_of(subject):
        shown, alike, borders, guess = guessed(subject, evidence)
        for features in (None, *subject.features.values()):
            seen = (subject.labels, subject.parents, subject.look, shown, alike, guess, evidence.start, features)
            window, picture, linear = in_picture(*seen)
            belief = settled(shown, mixed(window, network(picture), linear))
            cuts = cuts_of_belief(subject.look, shown, borders, belief)
            if shown.drawn and cuts:
                cues = cues_of_cuts(subject.look, shown.drawn, belief, cuts)
                overlaps = np.array([subject.overlap(cut[subject.labels]) for cut in cuts])
                found.append((("CHOICE", evidence.start), Examples(cues, overlaps, np.ones(len(cuts)))))
    return found


def guessed(subject: Subject, evidence: Evidence) -> tuple[Shown, Likeness, Numbers, Numbers]:
    """What a gesture shows, likenesses, weights of borders, and the first guess."""
    look, parents = subject.look, subject.parents
    shown, alike = shown_first(subject.labels, parents, look, evidence), likeness_of(look, parents)
    borders = border_weights(look)
    return shown, alike, borders, first_guess(parents, look, shown, alike, borders)[1]


def correction_examples(number: int, subject: Subject) -> Named:
    """What clicks in the middle of the largest error tell of an object that began with one of the first gestures."""
    labels, parents, look = subject.labels, subject.parents, subject.look
    began = begun(labels, parents, look, gestures_of(subject)[number % 4])
    members, settled, found = began.members, Settled(began.shown.inside, np.zeros(look.n_superpixels, bool)), []
    for earlier in range(CLICKS):
        click = subject.next_click(members[labels])
        if click is None or subject.overlap(members[labels]) >= ENOUGH:
            break
        correction = Correction((click[0],), click[1])
        settled = settled.after(labels, look, correction)
        told = told_by(labels, parents, look, began, members, settled, correction, earlier=earlier)
        truth = truth_of(subject) if correction.add else 1 - truth_of(subject)
        free = ~(settled.inside | settled.outside)
        for name, side in (("RIGHTED", ~told.right), ("KEPT", told.right)):
            found.append(((name, correction.add), _examples(subject, told.cues, truth, free & side)))
        members = tidied(look, refined(look, told, settled, correction, began.borders), settled)
    return found


def gestures_of(subject: Subject) -> tuple[Evidence, ...]:
    """A box, a stroke, a box that is too large, a loop."""
    stroke, loop = Evidence("stroke", stroke_along(subject.mask)), Evidence("loop", loop_around(subject.mask))
    return box(subject), stroke, box(subject, 0.1), loop


def truth_of(subject: Subject) -> Numbers:
    """How much of each superpixel is in the object, from 0 to 1."""
    held = np.bincount(subject.labels[subject.mask], minlength=subject.look.n_superpixels)
    truth: Numbers = held / subject.look.areas
    return truth


def _examples(subject: Subject, cues: Numbers, truth: Numbers, chosen: Members) -> Examples:
    counts = subject.look.areas / subject.mask.sum()
    counts = counts / np.sqrt(max(float(counts.sum()), 1.0))
    return Examples(cues[chosen].astype(np.float32), truth[chosen], counts[chosen])


def fitted(examples: Examples) -> Numbers:
    """The weights of a logistic regression on cues, the first of which is one.

    Parameters
    ----------
    examples : Examples

    Returns
    -------
    float64 ndarray, shape (k,)
    """
    mean, spread = examples.cues.mean(axis=0, dtype=np.float64), examples.cues.std(axis=0, dtype=np.float64) + 1e-9
    mean[0], spread[0] = 0, 1
    cues = ((examples.cues - mean) / spread).astype(np.float64)
    # A single superpixel of a tiny object is no more than many of others.
    counts = np.minimum(examples.counts, np.quantile(examples.counts, 0.999))
    counts = counts / counts.sum()

    def loss(standard: Numbers) -> tuple[float, Numbers]:
        sums = cues @ standard
        shrunk = np.r_[0, standard[1:]]
        gradient = cues.T @ (counts * (1 / (1 + np.exp(-sums)) - examples.truth)) + 2 * RIDGE * shrunk
        surprise = float((counts * (np.logaddexp(0, sums) - examples.truth * sums)).sum())
        return surprise + RIDGE * float(shrunk @ shrunk), gradient

    standard = minimize(loss, np.zeros(len(mean)), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    found: Numbers = standard / spread
    found[0] -= float((standard * mean / spread)[1:].sum())
    return found


def _as_code(model: dict[Any, tuple[float, ...]]) -> str:
    """A model as the source code of a dictionary."""
    rows = {key: [values[i : i + IN_A_LINE] for i in range(0, len(values), IN_A_LINE)] for key, values in model.items()}
    text = {key: "".join(f"        {', '.join(map(str, row))},\n" for row in some) for key, some in rows.items()}
    return "{\n" + "".join(f"    {key!r}: (\n{text[key]}    ),\n" for key in model).replace("'", '"') + "}\n"


if __name__ == "__main__":
    main()
