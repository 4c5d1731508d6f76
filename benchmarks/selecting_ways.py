"""Ways to select an object, each one fixed strategy: what is selected after every gesture, as masks of pixels.

`benchmarks.selecting` drives them. Ours of today, the object tool, and peers from benchmarks/requirements.txt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.simulated_person import Subject, box_around, loop_around, middle_of, stroke_along
from selector.arrays import Cut, Floats, Mask, Members
from selector.segmentation.hierarchy import Hierarchy
from selector.selection import gestures
from selector.selection.geometry import Point
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.growing import grown
from selector.selection.selection import SuperpixelSelection

LEVELS = (100, 10, 30, 300, 1000, 2000)
DAB = 4  # radius in pixels of a click that is a seed for peers on pixels

Steps = Iterator[Mask]
StepsOf = Callable[[Subject], Steps]


@dataclass(frozen=True)
class Way:
    """One strategy.

    Attributes
    ----------
    name : str
    steps : function
        From a subject to what is selected after each gesture; a gesture may be yielded twice where it costs two.
    cap : int
        After how many gestures the person gives up.
    """

    name: str
    steps: StepsOf
    cap: int = 20


def object_ways(models: Iterable[str] = ()) -> list[Way]:
    """The object tool, by how it is started; corrections are clicks unless the name says otherwise.

    Parameters
    ----------
    models : sequence of str
        Names of models that have seen the photo: ways that begin with a belief once more with each.
    """
    begun: dict[str, Callable[[Subject], Evidence]] = {
        "object: box": box,
        "object: box, 10% too large on each side": lambda subject: box(subject, 0.1),
        "object: loop": lambda subject: Evidence("loop", loop_around(subject.mask)),
        "object: stroke": lambda subject: Evidence("stroke", stroke_along(subject.mask)),
    }

    def corrected(start: Callable[[Subject], Evidence], model: str = "", strokes: bool = False) -> StepsOf:
        return lambda subject: _object(subject, start(subject), strokes, subject.features.get(model))

    return [
        *(Way(name, corrected(start)) for name, start in begun.items()),
        Way("object: tap", corrected(lambda subject: Evidence("tap", (middle_of(subject.mask),)))),
        Way("object: box, corrected by strokes", corrected(box, strokes=True)),
        Way("object: grown from its middle half", _grown_from_half, cap=1),
        *(Way(f"{name}, with {model}", corrected(start, model)) for model in models for name, start in begun.items()),
    ]


def box(subject: Subject, larger: float = 0.0) -> Evidence:
    """One drag from corner to corner of the object's box."""
    return Evidence("box", box_around(subject.mask, larger))


def _object(subject: Subject, evidence: Evidence, strokes: bool, features: Floats | None) -> Steps:
    cut = partial(cut_object, subject.labels, subject.parents, subject.look, features=features)
    members = cut(evidence)
    while True:
        found = members[subject.labels]
        yield found
        if strokes:
            stroke = subject.error_stroke(found)
            points, add = stroke or ((), False)
        else:
            click = subject.next_click(found)
            points, add = ((click[0],), click[1]) if click else ((), False)
        if not points:
            return
        evidence = evidence.corrected(points, add)
        members = cut(evidence, before=members)


def _grown_from_half(subject: Subject) -> Steps:
    """What any tool has selected, half of the object around its middle, grown to the object."""
    half = half_around_the_middle(subject)
    yield grown(subject.labels, subject.parents, subject.look, half)[subject.labels]


def half_around_the_middle(subject: Subject) -> Members:
    """The superpixels around the middle of an object that make half of it, bool (n,)."""
    look = subject.look
    held = np.bincount(subject.labels[subject.mask], minlength=look.n_superpixels)
    within = 2 * held > look.areas
    away = np.hypot(*(look.centres - look.centres[within].mean(axis=0)).T) if within.any() else -held
    order = np.argsort(np.where(within, away, np.inf))
    half = np.zeros_like(within)
    half[order[: 1 + np.searchsorted(np.cumsum(look.areas[order]), look.areas[within].sum() / 2)]] = True
    return half


def todays_ways() -> list[Way]:
    """The other tools; after the first gesture of all but Grow the person clicks at the level that helps most."""
    return [
        Way("click", lambda subject: _clicks(subject, None)),
        Way("rectangle, then clicks", lambda subject: _clicks(subject, _rectangle(subject))),
        Way("lasso, then clicks", lambda subject: _clicks(subject, _cover(subject, loop_around(subject.mask, 2.0)))),
        Way("brush along the middle, then clicks", lambda subject: _clicks(subject, _brush(subject))),
        Way("grow and shrink", _grow),
        Way("similar, then clicks", lambda subject: _clicks(subject, _similar(subject))),
    ]


def _empty(subject: Subject) -> SuperpixelSelection:
    return SuperpixelSelection.empty(subject.look.n_superpixels)


def _cut(subject: Subject, level: int) -> Cut:
    return Hierarchy(subject.parents).cut(level)


def _cover(subject: Subject, polygon: tuple[Point, ...]) -> SuperpixelSelection:
    return gestures.cover(_empty(subject), subject.labels, _cut(subject, 100), polygon, "include")


def _rectangle(subject: Subject) -> SuperpixelSelection:
    (left, top), (right, bottom) = box_around(subject.mask)
    return _cover(subject, ((left, top), (right, top), (right, bottom), (left, bottom)))


def _brush(subject: Subject) -> SuperpixelSelection:
    return gestures.paint(_empty(subject), subject.labels, _cut(subject, 100), stroke_along(subject.mask), "include")


def _similar(subject: Subject) -> SuperpixelSelection:
    return gestures.similar(
        _empty(subject),
        subject.labels,
        _cut(subject, 100),
        middle_of(subject.mask),
        "include",
        colours=subject.look.colours,
    )


def _clicks(subject: Subject, selection: SuperpixelSelection | None) -> Steps:
    """Clicks at the level that helps most; to change the level is a gesture of its own."""
    level, started = LEVELS[0], selection is not None
    selection = selection or _empty(subject)
    if started:
        yield selection.included[subject.labels]
    while click := subject.next_click(selection.included[subject.labels]):
        tries = {
            each: gestures.toggle(selection, subject.labels, _cut(subject, each), [click[0]], "include")
            for each in LEVELS
        }
        best = max(tries, key=lambda each: (_members_overlap(subject, tries[each].included), each == level))
        if best != level:
            level = best
            yield selection.included[subject.labels]
        selection = tries[best]
        yield selection.included[subject.labels]


def _members_overlap(subject: Subject, members: Members) -> float:
    return subject.overlap(members[subject.labels])


def _grow(subject: Subject) -> Steps:
    """Grow where something is missing, and go back where there is too much."""
    selection, cut = _empty(subject), _cut(subject, 100)
    while click := subject.next_click(selection.included[subject.labels]):
        point, missing = click
        if missing:
            selection = gestures.grow(selection, subject.labels, cut, point, "include", parents=subject.parents)
        else:
            selection = gestures.shrink(selection, subject.labels, point, "include", parents=subject.parents)
        yield selection.included[subject.labels]


def peers() -> tuple[list[Way], list[str]]:
    """The peers that are installed, and a sentence for each that is missing."""
    ways, missing = [Way("scikit-image's random walker: stroke", _random_walker, cap=5)], []
    try:
        import cv2  # noqa: F401
    except ImportError:
        missing.append("OpenCV is not installed: no GrabCut.")
    else:
        ways.insert(0, Way("OpenCV's GrabCut: box", _grabcut))
    return ways, missing


def _grabcut(subject: Subject) -> Steps:
    import cv2

    cv2.setNumThreads(1)
    cv2.setRNGSeed(0)
    height, width = subject.mask.shape
    (left, top), (right, bottom) = box_around(subject.mask)
    says = np.full((height, width), cv2.GC_BGD, np.uint8)
    says[int(top) : int(bottom), int(left) : int(right)] = cv2.GC_PR_FGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(subject.rgb[..., ::-1])
    rounds = 5
    while True:
        if (says & 1).any() and not (says & 1).all():
            cv2.grabCut(bgr, says, None, *models, rounds, cv2.GC_INIT_WITH_MASK)
        found = (says & 1).astype(bool)
        yield found
        click = subject.next_click(found)
        if not click:
            return
        says[_dab(subject.mask.shape, click[0])] = cv2.GC_FGD if click[1] else cv2.GC_BGD
        models, rounds = (np.zeros((1, 65)), np.zeros((1, 65))), 2


def _random_walker(subject: Subject) -> Steps:
    """From the stroke and the frame of the photo, at half the resolution: at the full one it takes many seconds."""
    from skimage.segmentation import random_walker

    small = np.asarray(subject.rgb, np.float64)[::2, ::2] / 255
    height, width = subject.mask.shape
    seeds = np.zeros((height, width), np.int32)
    seeds[:2], seeds[-2:], seeds[:, :2], seeds[:, -2:] = 2, 2, 2, 2
    for point in stroke_along(subject.mask):
        seeds[_dab(seeds.shape, point)] = 1
    while True:
        walked = random_walker(small, seeds[0::2, 0::2], beta=130, mode="cg_j", tol=1e-2, channel_axis=-1)
        rows, columns = np.arange(height) // 2, np.arange(width) // 2
        found = np.asarray(walked == 1)[np.ix_(rows, columns)]
        yield found
        click = subject.next_click(found)
        if not click:
            return
        seeds[_dab(seeds.shape, click[0])] = 1 if click[1] else 2


def _dab(shape: tuple[int, ...], point: Point) -> Mask:
    """The pixels around a click."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    dab: Mask = (x + 0.5 - point[0]) ** 2 + (y + 0.5 - point[1]) ** 2 <= DAB**2
    return dab
