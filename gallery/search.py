"""From a selection to the images that contain something like it, and where in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet

from gallery import ranking
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, Search
from gallery.spaces import Floats, Picture, SpaceUnavailable, answering, describer_of, seen_in
from gallery.vectors import Question, calibrated, nearest
from selector.people import Person

PAGE = 24


@dataclass(frozen=True)
class Hit:
    """A gallery image in the answer, with the region that matched."""

    image: GalleryImage
    region: int
    score: int
    parts: dict[str, int]
    is_weak: bool
    opens_weak: bool


@dataclass(frozen=True)
class Answer:
    """One page of hits, best first, or the sentence that says why there are none."""

    hits: list[Hit]
    total: int
    page: int
    notices: list[str]
    sentence: str

    @property
    def next_page(self) -> int | None:
        return self.page + 1 if self.page * PAGE < self.total else None


@dataclass(frozen=True)
class Ranking:
    """Images, best first, each with its best region and that region's scores, fused and by space."""

    images: npt.NDArray[np.integer[Any]]
    regions: npt.NDArray[np.int64]
    scores: Floats
    parts: dict[str, Floats]

    @property
    def n_strong(self) -> int:
        """How many images, from the first on, stand out from the background."""
        return ranking.weak_line(self.scores)


def ask(search: Search, person: Person, page: int = 1) -> Answer:
    """Answer a search from the images that the person may see, the photo itself and its copies left out."""
    spaces, notices = answering()
    picture = Picture(search.label_map)
    questions = []
    for space in spaces:
        try:
            questions.append(Question(space, query_vector(space, picture, search)))
        except SpaceUnavailable as problem:
            notices.append(str(problem))
    others = GalleryImage.objects.visible_to(person).exclude(
        photo__original_sha256=search.label_map.photo.original_sha256
    )
    found = rank(questions, others)
    total = len(found.images)
    sentence = sentence_about(found.n_strong, total) if total else why_nothing(person, others)
    return Answer(hits_of(found, page), total, page, notices, sentence)


def query_vector(space: DescriptorSpace, picture: Picture, search: Search) -> Floats:
    """The included superpixels as one vector of a space, away from the excluded ones."""
    describer = describer_of(space)
    selection = search.regions
    members = np.stack([selection.included, selection.excluded])
    included, excluded = describer.region_vectors(seen_in(space, describer, picture), picture, members)
    return ranking.shift_query(included, excluded=excluded if selection.excluded.any() else None)


def rank(questions: Iterable[Question], images: QuerySet[GalleryImage]) -> Ranking:
    """Rank images by their best region, over all spaces together."""
    questions = list(questions)
    image_of: dict[int, int] = {}
    similarities: dict[int, dict[int, float]] = {}
    for question in questions:
        near = nearest(question, images)
        image_of |= {region: image for region, image, _ in near}
        similarities[question.space.pk] = {region: 1 - distance for region, _, distance in near}
    # In the order of their keys, so that equal scores come in the same order every time.
    regions = np.array(sorted(image_of), np.int64)
    if not len(regions):
        return Ranking(regions, regions, np.zeros(0, np.float32), {})
    parts = {q.space.kind: calibrated(q, regions, similarities[q.space.pk]) for q in questions}
    scores = ranking.fuse(parts, ranking.WEIGHTS)
    ranked, rows = ranking.best_regions(np.array([image_of[region] for region in regions.tolist()]), scores)
    return Ranking(ranked, regions[rows], scores[rows], {kind: part[rows] for kind, part in parts.items()})


def hits_of(found: Ranking, page: int) -> list[Hit]:
    """One page of a ranking, with the images fetched at once."""
    strong = found.n_strong
    rows = range(len(found.images))[(page - 1) * PAGE : page * PAGE]
    images = GalleryImage.objects.select_related("photo").in_bulk([int(found.images[row]) for row in rows])
    return [
        Hit(
            image=images[int(found.images[row])],
            region=int(found.regions[row]),
            score=percent(found.scores[row]),
            parts={kind: percent(part[row]) for kind, part in found.parts.items()},
            is_weak=row >= strong,
            # Where nothing stands out there is no line to draw: in a small collection even right answers do not.
            opens_weak=row == strong > 0,
        )
        for row in rows
        if int(found.images[row]) in images  # It may have been deleted a moment ago.
    ]


def percent(score: float) -> int:
    """A calibrated score from 0 to 100: 50 where it stands out, and half of what is missing for each step more."""
    return round(100 * (1 - 2 ** -(max(float(score), 0.0) / ranking.WEAK)))


def sentence_about(strong: int, total: int) -> str:
    """How much was found: "3 close matches, 12 weaker ones." """
    if not strong:
        return f"{'1 image' if total == 1 else f'{total} images'}, nearest first; none stands out."
    close = "1 close match" if strong == 1 else f"{strong} close matches"
    weaker = {0: "", 1: ", 1 weaker one"}.get(total - strong, f", {total - strong} weaker ones")
    return f"{close}{weaker}."


def why_nothing(person: Person, others: QuerySet[GalleryImage]) -> str:
    """Why a search found nothing, as one sentence."""
    if not GalleryImage.objects.visible_to(person).exists():
        return "The gallery is empty: there is nothing to search in yet."
    if not others.exists():
        return "This photo is the only one in the gallery: there is nothing to compare it with yet."
    if not IndexedRegion.objects.filter(image__in=others).exists():
        return "The images of the gallery are still being indexed: search again in a minute."
    return "Nothing can be compared: no way of searching is available at the moment."
