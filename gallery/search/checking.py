"""The first hits, checked: which of them show the very thing that was selected, by keypoints that lie alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gallery.descriptors.same_thing import Match, Question, gain
from gallery.index.keypoints import add_keypoints, question_of, stored_keypoints, without_keypoints
from gallery.jobs.keypoints import defer_keypoints
from gallery.models import GalleryImage, Search
from gallery.search.presets import BEHIND, PROPOSED_FROM
from gallery.search.ranked_images import RankedImages
from superpixel_site.waiting import give_up_if_nobody_waits
from superpixel_site.work_slots import work_slot

CHECKED = 100
"""So many places of an answer are checked."""

# A request finds missing keypoints itself for so long, while the worker finds others.
SECONDS = 0.6


@dataclass(frozen=True)
class Progress:
    """How far an answer has been checked: so many of so many places.

    Attributes
    ----------
    done, total : int
    is_asked_for : bool
        Whether it has begun.
    """

    done: int
    total: int
    is_asked_for: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left."""
        return self.done >= self.total


def not_yet(ranking: RankedImages) -> Progress:
    """Nothing has been checked."""
    return Progress(0, len(places_to_check(ranking)), is_asked_for=False)


def prepare(ranking: RankedImages, *, is_first: bool) -> Progress:
    """Find keypoints that the first places of a ranking lack: for a moment here, the others by the worker."""
    leads = places_to_check(ranking)
    missing = without_keypoints(leads)
    # The best come first here, the last first there: the two meet.
    ordered = [key for key in leads if key in set(missing)]
    if is_first:
        defer_keypoints(ordered[::-1])
    if ordered:
        give_up_if_nobody_waits()
        with work_slot():
            add_keypoints(ordered, SECONDS)
        ordered = without_keypoints(ordered)
    return Progress(len(leads) - len(ordered), len(leads))


def places_to_check(ranking: RankedImages) -> list[int]:
    """The images of the first places, without the copies that share these."""
    leads = np.flatnonzero(np.diff(ranking.groups, prepend=-1))[:CHECKED]
    keys: list[int] = ranking.image_ids[leads].tolist()
    return keys


def asked_in(search: Search) -> Question:
    """The keypoints of what a search is for."""
    with work_slot():
        return question_of(search.label_map, search.superpixels.included)


def checked(ranking: RankedImages, question: Question) -> RankedImages:
    """A ranking in which images that show the very thing come first, as far as their keypoints are there."""
    found = stored_keypoints(places_to_check(ranking))
    points = {image: len(question.match(keypoints)) for image, keypoints in found.items()}
    return by_points(ranking, points)


def by_points(ranking: RankedImages, points: dict[int, int]) -> RankedImages:
    """A ranking whose scores are raised by how many points of each image lie alike; copies stay together.

    Parameters
    ----------
    ranking : RankedImages
    points : dict of int to int
        By the keys of images.
    """
    if not ranking.total:
        return ranking
    firsts = np.flatnonzero(np.diff(ranking.groups, prepend=-1))
    # What was raised before, when fewer keypoints were there, is not raised twice.
    gains = _gains(ranking, points, firsts)
    more = gains - _gains(ranking, ranking.points, firsts)
    raised = ranking.scores + more[ranking.groups].astype(np.float32)
    order = np.argsort(-raised[firsts], kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    rows = np.argsort(places[ranking.groups], kind="stable")
    claims = None if ranking.claims is None else ranking.claims | (gains[ranking.groups] > 0)
    moved = replace(ranking, scores=raised, groups=places[ranking.groups], claims=claims).take(rows)
    return replace(moved, points={image: number for image, number in points.items() if number})


def _gains(ranking: RankedImages, points: dict[int, int], firsts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """By how much each place of a ranking is raised: by the points of the best of its copies."""
    gains = gain([points.get(image, 0) for image in ranking.image_ids.tolist()])
    by_place: npt.NDArray[np.float64] = np.maximum.reduceat(gains, firsts)
    return by_place


def may_be_the_thing(ranking: RankedImages) -> bool:
    """Whether to propose looking for the very thing: the first hit is like it in several ways, and stands out."""
    if not ranking.total or len(ranking.scores_by_space) < 2:
        return False
    firsts = np.flatnonzero(np.diff(ranking.groups, prepend=-1))
    in_all = min(float(scores[0]) for scores in ranking.scores_by_space.values())
    lead = float(ranking.scores[0] - ranking.scores[firsts[min(BEHIND, len(firsts) - 1)]])
    return in_all + lead > PROPOSED_FROM


def match_with(search: Search, image: GalleryImage) -> Match | None:
    """The points of an image that lie as in the selection of a search; None where it has no keypoints yet."""
    found = stored_keypoints([image.pk]).get(image.pk)
    return None if found is None else asked_in(search).match(found)
