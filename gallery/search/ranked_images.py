"""Images in order, each with the regions that matched."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet

from gallery.index.kinds import default_weights
from gallery.index.perceptual_hash import folded
from gallery.models import (
    GalleryImage,
    IndexedRegion,
)
from gallery.search import scoring
from gallery.search.calibration import calibrated
from gallery.search.nearest import (
    NEAREST,
    CandidateFilter,
    EqualsAny,
    Integers,
    Neighbours,
    QueryVector,
    nearest,
)
from selector.arrays import Floats

# Where several parts are asked for, the images of each part's best regions are looked at in whole.
MOST_CANDIDATES = 300
# In a packed ranking, of the names of the arrays that belong to one space.
SPACE_PREFIX = "space "


@dataclass(frozen=True)
class RankedImages:
    """Images, best first, each with its best region for each part that was asked for.

    Attributes
    ----------
    image_ids : int64 (k,)
    region_ids : int64 (k, p)
        One for each of p parts.
    scores : float32 (k,)
        Over all parts and spaces.
    scores_by_part : float32 (k, p)
        Over all spaces.
    groups : int64 (k,)
        The place in the answer: copies of one picture share one, and follow each other.
    scores_by_space : mapping of space to float32 (k,)
        The mean over the parts; nan where a region is not described in a space.
    """

    image_ids: Integers
    region_ids: Integers
    scores: Floats
    scores_by_part: Floats
    groups: Integers
    scores_by_space: dict[str, Floats]

    @classmethod
    def nothing(cls) -> RankedImages:
        """No images."""
        ids, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return cls(ids, ids[:, None], scores, scores[:, None], ids, {})

    @property
    def total(self) -> int:
        """How many places the answer has."""
        return int(self.groups[-1]) + 1 if len(self.groups) else 0

    @property
    def n_strong(self) -> int:
        """How many places, from the first on, stand out from the background."""
        leads = np.flatnonzero(np.diff(self.groups, prepend=-1))
        return scoring.weak_line(self.scores[leads])

    def take(self, rows: npt.NDArray[np.intp]) -> RankedImages:
        """These rows, in this order."""
        by_space = {space: scores[rows] for space, scores in self.scores_by_space.items()}
        return RankedImages(**{name: column[rows] for name, column in self._columns()}, scores_by_space=by_space)

    def pack(self) -> bytes:
        """All arrays, as numpy saves them."""
        out = io.BytesIO()
        by_space = {f"{SPACE_PREFIX}{space}": scores for space, scores in self.scores_by_space.items()}
        arrays: dict[str, Any] = {**dict(self._columns()), **by_space}
        np.savez(out, **arrays)
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> RankedImages:
        """Read what `pack` wrote."""
        with np.load(io.BytesIO(data)) as arrays:
            stored = dict(arrays)
        spaces = [name for name in stored if name.startswith(SPACE_PREFIX)]
        by_space = {name.removeprefix(SPACE_PREFIX): stored.pop(name) for name in spaces}
        return cls(**stored, scores_by_space=by_space)

    def _columns(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """The arrays with a row for each image, by name."""
        for field in fields(self):
            if field.name != "scores_by_space":
                yield field.name, getattr(self, field.name)


def rank_images(
    questions: Iterable[QueryVector],
    images: QuerySet[GalleryImage],
    weights: Mapping[str, float] | None = None,
    limit: int = NEAREST,
) -> RankedImages:
    """Rank images by their best region, over all spaces together; `limit` regions are looked at in each space."""
    return rank_by_parts([list(questions)], images, weights, limit)


def rank_by_parts(
    parts: Sequence[Sequence[QueryVector]],
    images: QuerySet[GalleryImage],
    weights: Mapping[str, float] | None = None,
    limit: int = NEAREST,
) -> RankedImages:
    """Rank images by how well each has all parts, each part by its best region, over all spaces together."""
    among = CandidateFilter(images)
    near = [[nearest(question, among, limit) for question in questions] for questions in parts]
    all_near = [one for part in near for one in part]
    if not any(len(one.region_ids) for one in all_near):
        return RankedImages.nothing()
    if len(parts) > 1 and among.few is None:
        found, of_images = regions_of_candidates(all_near)
    else:
        # In the order of their keys, so that equal scores come in the same order every time.
        found, first = np.unique(np.concatenate([one.region_ids for one in all_near]), return_index=True)
        of_images = np.concatenate([one.image_ids for one in all_near])[first]
    return combine_parts(
        [rank_part(questions, known, found, of_images, weights) for questions, known in zip(parts, near, strict=True)]
    )


def rank_part(
    questions: Sequence[QueryVector],
    near: Sequence[Neighbours],
    found: Integers,
    of_images: Integers,
    weights: Mapping[str, float] | None,
) -> RankedImages:
    """Rank the images of the regions found by what one part asks; several questions in one space weigh alike."""
    scores: dict[str, list[Floats]] = {}
    for question, known in zip(questions, near, strict=True):
        scores.setdefault(question.space.kind, []).append(calibrated(question, found, known))
    by_space = {kind: scoring.mean_over_parts(several) for kind, several in scores.items()}
    # A weight moved to one end must not leave nothing where that space alone is there.
    if weights is None or not any(weights.get(kind) for kind in by_space):
        weights = default_weights()
    fused = scoring.fuse(by_space, weights)
    image_ids, rows = scoring.best_regions(of_images, fused)
    return RankedImages(
        image_ids=image_ids.astype(np.int64),
        region_ids=found[rows][:, None],
        scores=fused[rows],
        scores_by_part=fused[rows][:, None],
        groups=np.arange(len(image_ids)),
        scores_by_space={kind: scores[rows] for kind, scores in by_space.items()},
    )


def regions_of_candidates(near: Iterable[Neighbours]) -> tuple[Integers, Integers]:
    """All regions of the images nearest to any part: an image that has one part well may have the others poorly.

    The regions, sorted, and the image of each: int64 (k,).
    """
    candidates: set[int] = set()
    for one in near:
        candidates |= set(list(dict.fromkeys(one.image_ids.tolist()))[:MOST_CANDIDATES])
    rows = IndexedRegion.objects.filter(EqualsAny("image", candidates)).order_by("pk").values_list("pk", "image")
    regions, images = np.array(list(rows), np.int64).reshape(-1, 2).T
    return regions, images


def combine_parts(ranked: Sequence[RankedImages]) -> RankedImages:
    """Put the rankings of the same images by several parts into one."""
    if len(ranked) == 1:
        return ranked[0]
    aligned = [one.take(np.argsort(one.image_ids)) for one in ranked]
    by_image = replace(
        aligned[0],
        region_ids=np.hstack([one.region_ids for one in aligned]),
        scores=scoring.mean_over_parts([one.scores for one in aligned]),
        scores_by_part=np.hstack([one.scores_by_part for one in aligned]),
        scores_by_space={
            kind: scoring.mean_over_parts([one.scores_by_space[kind] for one in aligned])
            for kind in aligned[0].scores_by_space
        },
    )
    best_first = by_image.take(np.argsort(-by_image.scores, kind="stable"))
    return replace(best_first, groups=np.arange(len(best_first.image_ids)))


def fold_copies(found: RankedImages) -> RankedImages:
    """Let copies of one picture share a place: that of the best of them."""
    image_ids = found.image_ids.tolist()
    hashes = dict(GalleryImage.objects.filter(EqualsAny("pk", image_ids)).values_list("pk", "perceptual_hash"))
    leads = folded(np.array([hashes.get(key) for key in image_ids], object))
    _, groups = np.unique(leads, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    return replace(found.take(order), groups=groups[order])
