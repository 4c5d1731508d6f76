"""The ranking of a search: images in order, each with the regions that matched."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet

from gallery.index.kinds import default_weights
from gallery.index.perceptual_hash import folded
from gallery.models import GalleryImage, IndexedRegion
from gallery.search import scoring
from gallery.search.calibration import calibrated
from gallery.search.candidates import Candidates
from gallery.search.claims import claims_of
from gallery.search.expansion import FIRST_HITS, made_to_fall
from gallery.search.expressions import EqualsAny
from gallery.search.nearest import ENOUGH, Integers, Neighbours, QueryVector, nearest, union_of
from gallery.search.outlining import Asked, asked_of
from gallery.search.rescoring import RESCORED, Regions, Rescored, by_kind
from selector.arrays import Floats

# Further down nobody looks, and folding copies takes the square of this.
MOST_PLACES = 2400
# Of many candidates, so many images nearest to each part are compared by all their regions.
SHORTLIST = 300
# In a packed ranking, before the name of a space: its scores; before its key: what is looked for in cells.
SPACE_PREFIX, ASKED_PREFIX = "space ", "asked "


@dataclass(frozen=True)
class RankedImages:
    """A ranking: images, best first, each with its best region for each part that was searched for.

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
        The place in the answer, from 0: copies of one picture share one, and follow each other.
    scores_by_space : mapping of space to float32 (k,)
        The mean over the parts; nan where a region is not described in a space.
    asked : dict
        From `outlining.asked_of`: what is outlined on the hits; nothing where there are several parts.
    claims : bool (k,), optional
        Which images are claimed to be close matches, those in front of all others; None before anybody has looked.
    is_whole : bool
        Whether it holds every candidate that can be found; else there are others, further away.
    """

    image_ids: Integers
    region_ids: Integers
    scores: Floats
    scores_by_part: Floats
    groups: Integers
    scores_by_space: dict[str, Floats]
    asked: Asked = field(default_factory=dict)
    claims: npt.NDArray[np.bool_] | None = None
    is_whole: bool = True

    @classmethod
    def nothing(cls) -> RankedImages:
        """A ranking without images."""
        ids, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return cls(ids, ids[:, None], scores, scores[:, None], ids, {})

    @property
    def total(self) -> int:
        """How many places the answer has."""
        return int(self.groups[-1]) + 1 if len(self.groups) else 0

    def goes_beyond(self, n_places: int) -> bool:
        """Whether so many places are not all that a person can see of the answer."""
        return n_places < (self.total if self.is_whole else MOST_PLACES)

    @property
    def n_strong(self) -> int:
        """How many places, from the first on, are claimed to be close matches; those that stand out, if none are."""
        leads = np.flatnonzero(np.diff(self.groups, prepend=-1))
        if self.claims is not None:
            return int(np.logical_and.accumulate(self.claims[leads]).sum())
        return scoring.weak_line(self.scores[leads])

    def take(self, rows: npt.NDArray[np.intp]) -> RankedImages:
        """The ranking of these rows, in this order."""
        by_space = {space: scores[rows] for space, scores in self.scores_by_space.items()}
        columns: dict[str, Any] = {name: column[rows] for name, column in self._columns()}
        return replace(self, **columns, scores_by_space=by_space)

    def followed_by(self, others: RankedImages) -> RankedImages:
        """One ranking of this one and, behind it, that of other images, each with a place of its own."""
        columns: dict[str, Any] = {
            name: np.concatenate([column, getattr(others, name)]) for name, column in self._columns()
        }
        columns["groups"] = np.arange(len(columns["image_ids"]))
        silent = np.full(len(others.image_ids), np.nan, np.float32)  # where a space does not answer any more
        by_space = {
            space: np.concatenate([scores, others.scores_by_space.get(space, silent)])
            for space, scores in self.scores_by_space.items()
        }
        return replace(self, **columns, scores_by_space=by_space)

    def led_by(self, claims: npt.NDArray[np.bool_]) -> RankedImages:
        """This ranking with the images in front that are claimed, bool (k,), to be close matches."""
        led = replace(self, claims=claims).take(np.argsort(~claims, kind="stable"))
        return replace(led, scores=made_to_fall(led.scores), groups=self.groups)

    def going_on(self, further: RankedImages) -> RankedImages:
        """This ranking, and behind it those images that another, longer one holds beside them: no place changes."""
        new = further.take(np.flatnonzero(~np.isin(further.image_ids, self.image_ids)))
        longer = self.followed_by(replace(new, claims=np.zeros(len(new.image_ids), np.bool_)))
        return fold_copies(replace(longer, scores=np.minimum.accumulate(longer.scores), is_whole=further.is_whole))

    def pack(self) -> bytes:
        """All arrays as bytes, in the format of `numpy.savez`."""
        out = io.BytesIO()
        by_space = {f"{SPACE_PREFIX}{space}": scores for space, scores in self.scores_by_space.items()}
        asked = {f"{ASKED_PREFIX}{space}": vector for space, vector in self.asked.items()}
        arrays: dict[str, Any] = {**dict(self._columns()), **by_space, **asked, "is_whole": np.bool_(self.is_whole)}
        np.savez(out, **arrays)
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> RankedImages:
        """The ranking that `pack` made bytes of."""
        with np.load(io.BytesIO(data)) as arrays:
            stored = dict(arrays)
        spaces = [name for name in stored if name.startswith(SPACE_PREFIX)]
        by_space = {name.removeprefix(SPACE_PREFIX): stored.pop(name) for name in spaces}
        keys = [name for name in stored if name.startswith(ASKED_PREFIX)]
        asked = {int(name.removeprefix(ASKED_PREFIX)): stored.pop(name) for name in keys}
        is_whole = bool(stored.pop("is_whole", True))  # missing in what was kept by an earlier version
        return cls(**stored, scores_by_space=by_space, asked=asked, is_whole=is_whole)

    def _columns(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """The arrays with a row for each image, by name."""
        for one in fields(self):
            if one.name not in ("scores_by_space", "asked", "is_whole") and getattr(self, one.name) is not None:
                yield one.name, getattr(self, one.name)


def rank_images(
    queries: Iterable[QueryVector],
    images: QuerySet[GalleryImage],
    weights: Mapping[str, float] | None = None,
    enough: int = ENOUGH,
    *,
    rescore: bool = True,
) -> RankedImages:
    """Rank images by their best region, over all spaces together: `enough` of them or more, or all there are."""
    return rank_by_parts([list(queries)], Candidates(images), weights, enough, rescore=rescore)


def rank_by_parts(
    parts: Sequence[Sequence[QueryVector]],
    candidates: Candidates,
    weights: Mapping[str, float] | None = None,
    enough: int = ENOUGH,
    *,
    rescore: bool = True,
) -> RankedImages:
    """Rank images by how well each has all parts, each part by its best region, over all spaces together.

    Parameters
    ----------
    parts : sequence of sequence of QueryVector
        The query vectors of each part.
    candidates : Candidates
        The images to rank.
    weights : mapping of kind of space to float, optional
        How much each kind counts; by default as much as its kind says.
    enough : int
        How many of many candidates are ranked at least; all, if there are fewer.
    rescore : bool, optional
        Whether the first images are ranked anew, by a second look at all their regions.
    """
    if candidates.are_none:
        return RankedImages.nothing()
    neighbours = [[nearest(query, candidates, enough) for query in queries] for queries in parts]
    together = [one for part in neighbours for one in part]
    if not any(len(one.region_ids) for one in together):
        return RankedImages.nothing()
    if len(parts) > 1 and candidates.few is None:
        regions, images = regions_of_shortlist(together, max(SHORTLIST, enough))
    else:
        regions, images = union_of(together)
    first = combine_parts(
        [
            rank_part(scores_of_part(queries, known, regions), regions, images, weights)
            for queries, known in zip(parts, neighbours, strict=True)
        ]
    )
    is_whole = all(one.are_all for one in together) or len(first.image_ids) >= candidates.found_at_most
    if not rescore:
        return replace(first, is_whole=is_whole)
    second = replace(ranked_anew(first, parts, weights), is_whole=is_whole)
    if len(parts) > 1:
        return second
    asked = asked_of(parts[0], weights)
    claims = claims_of(second.image_ids, second.scores, second.scores_by_space, parts[0] if asked else ())
    return replace(second.led_by(claims), asked=asked)


def scores_of_part(
    queries: Sequence[QueryVector], neighbours: Sequence[Neighbours], regions: Integers
) -> dict[str, Floats]:
    """The scores of regions by kind of space, (r,); several query vectors of one kind weigh alike.

    Parameters
    ----------
    queries, neighbours : sequence
        The query vectors of the part, and what is near to each.
    regions : int64 (r,)
        The regions to score, sorted.
    """
    scores: dict[str, list[Floats]] = {}
    for query, known in zip(queries, neighbours, strict=True):
        scores.setdefault(query.space.kind, []).append(calibrated(query, regions, known))
    return {kind: scoring.mean_over_parts(several) for kind, several in scores.items()}


def ranked_anew(
    first: RankedImages, parts: Sequence[Sequence[QueryVector]], weights: Mapping[str, float] | None
) -> RankedImages:
    """A ranking whose first images are in the order of a second look at all their regions, before the others.

    The scores stay those of the first look, which mean the same for every question, and are only made to fall: a
    question that was moved toward its first hits is near to them in any case.
    """
    regions = regions_of(first.image_ids[:RESCORED])
    second = combine_parts([look_again(queries, regions, weights) for queries in parts])
    seen = replace(second, scores=second.scores_by_part.mean(axis=1))
    joined = seen.followed_by(first.take(np.arange(RESCORED, len(first.image_ids))))
    return replace(joined, scores=made_to_fall(joined.scores))


def look_again(queries: Sequence[QueryVector], regions: Regions, weights: Mapping[str, float] | None) -> RankedImages:
    """Rank images by one part anew: by `scores`; the scores by part and by space are those of the first look.

    Where an image is ranked by nearly the whole of itself, the best of its smaller regions stands for it: to outline
    all of a picture would say nothing.
    """
    looks = [Rescored.of(query, regions) for query in queries]
    hits = rank_part(by_kind(looks), regions.ids, regions.images, weights).region_ids[:FIRST_HITS, 0]
    moved = by_kind([look.toward(hits) for look in looks])
    ranking = rank_part(moved, regions.ids, regions.images, weights)
    rows = np.searchsorted(regions.ids, ranking.region_ids[:, 0])
    plain = by_kind(looks, plain=True)
    return replace(
        ranking,
        region_ids=regions.ids[regions.proper(fused(moved, weights), rows)][:, None],
        scores_by_part=fused(plain, weights)[rows][:, None],
        scores_by_space={kind: scores[rows] for kind, scores in plain.items()},
    )


def regions_of(images: Integers) -> Regions:
    """All regions of some images."""
    rows = IndexedRegion.objects.filter(EqualsAny("image", images.tolist())).order_by("pk")
    found = np.array(list(rows.values_list("pk", "image", "area")), np.float64).reshape(-1, 3).T
    return Regions(found[0].astype(np.int64), found[1].astype(np.int64), found[2])


def rank_part(
    scores: Mapping[str, Floats], regions: Integers, images: Integers, weights: Mapping[str, float] | None
) -> RankedImages:
    """Rank images by one part.

    Parameters
    ----------
    scores : mapping of kind of space to float32 (r,)
        Of the regions.
    regions, images : int64 (r,)
        The regions, sorted, and the image of each.
    weights : mapping of kind of space to float, optional
        How much each kind counts.
    """
    together = fused(scores, weights)
    image_ids, rows = scoring.best_regions(images, together)
    return RankedImages(
        image_ids=image_ids.astype(np.int64),
        region_ids=regions[rows][:, None],
        scores=together[rows],
        scores_by_part=together[rows][:, None],
        groups=np.arange(len(image_ids)),
        scores_by_space={kind: each[rows] for kind, each in scores.items()},
    )


def fused(scores: Mapping[str, Floats], weights: Mapping[str, float] | None) -> Floats:
    """The scores of regions over all kinds of spaces: float32 (r,)."""
    # With the slider at one end the only space that answers may weigh nothing: it counts all the same.
    if weights is None or not any(weights.get(kind) for kind in scores):
        weights = default_weights()
    return scoring.fuse(scores, weights)


def regions_of_shortlist(neighbours: Iterable[Neighbours], length: int = SHORTLIST) -> tuple[Integers, Integers]:
    """All regions of the `length` images nearest to any part, sorted, and the image of each: int64 (r,).

    An image that has one part well may have the others poorly: these are not among the nearest regions.
    """
    shortlist: set[int] = set()
    for one in neighbours:
        shortlist |= set(list(dict.fromkeys(one.image_ids.tolist()))[:length])
    rows = IndexedRegion.objects.filter(EqualsAny("image", shortlist)).order_by("pk").values_list("pk", "image")
    regions, images = np.array(list(rows), np.int64).reshape(-1, 2).T
    return regions, images


def combine_parts(rankings: Sequence[RankedImages]) -> RankedImages:
    """One ranking of the rankings of the same images by several parts."""
    if len(rankings) == 1:
        return rankings[0]
    aligned = [one.take(np.argsort(one.image_ids)) for one in rankings]
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


def fold_copies(ranking: RankedImages) -> RankedImages:
    """The same ranking in which copies of one picture share a place: that of the best of them."""
    if not ranking.total:
        return ranking
    image_ids = ranking.image_ids.tolist()
    hashes = dict(GalleryImage.objects.filter(EqualsAny("pk", image_ids)).values_list("pk", "perceptual_hash"))
    leads = folded(np.array([hashes.get(key) for key in image_ids], object))
    _, groups = np.unique(leads, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    return replace(ranking.take(order), groups=groups[order])
