"""How images are ranked: a first look at the regions nearest to each part, and a second one at the first images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from django.db.models import QuerySet

from gallery.index.kinds import default_weights
from gallery.models import GalleryImage, IndexedRegion
from gallery.search import scoring
from gallery.search.calibration import calibrated
from gallery.search.candidates import Candidates
from gallery.search.claims import claims_of
from gallery.search.close_look import bonus
from gallery.search.expansion import FIRST_HITS, made_to_fall
from gallery.search.expressions import BinaryColumn, EqualsAny
from gallery.search.nearest import ENOUGH, Integers, Neighbours, QueryVector, nearest, union_of
from gallery.search.outlining import asked_of
from gallery.search.ranked_images import RankedImages
from gallery.search.rescoring import RESCORED, Regions, Rescored, by_kind
from gallery.search.scenes import ahead_by_scene
from selector.arrays import Floats

# Of many candidates, so many images nearest to each part are compared by all their regions.
SHORTLIST = 300


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
    second = replace(ranked_anew(first, parts, neighbours, weights), is_whole=is_whole)
    if len(parts) > 1:
        return second
    asked = parts[0] if second.asked else ()
    return second.led_by(claims_of(second.image_ids, second.scores, second.scores_by_space, asked))


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
    first: RankedImages,
    parts: Sequence[Sequence[QueryVector]],
    neighbours: Sequence[Sequence[Neighbours]],
    weights: Mapping[str, float] | None,
) -> RankedImages:
    """A ranking whose first images are in the order of a second look at all their regions, before the others.

    The scores stay those of the first look, which mean the same for every question, and are only made to fall: a
    question that was moved toward its first hits is near to them in any case.
    """
    regions = regions_of(first.image_ids[:RESCORED])
    second = combine_parts(
        [look_again(queries, known, regions, weights) for queries, known in zip(parts, neighbours, strict=True)]
    )
    seen = replace(second, scores=second.scores_by_part.mean(axis=1))
    joined = seen.followed_by(first.take(np.arange(RESCORED, len(first.image_ids))))
    return replace(joined, scores=made_to_fall(joined.scores), asked=second.asked if len(parts) == 1 else {})


def look_again(
    queries: Sequence[QueryVector],
    neighbours: Sequence[Neighbours],
    regions: Regions,
    weights: Mapping[str, float] | None,
) -> RankedImages:
    """Rank images by one part anew: by `scores`; the scores by part and by space are those of the first look.

    Images whose cells stand out are ahead, among the hits that the question moves toward, too; and at the end those
    whose scene is that of the first hits.

    Where an image is ranked by nearly the whole of itself, the best of its smaller regions stands for it: to outline
    all of a picture would say nothing.
    """
    looks = [Rescored.of(query, regions, known) for query, known in zip(queries, neighbours, strict=True)]
    images, image_of = np.unique(regions.images, return_inverse=True)
    ahead = bonus(queries, images, weights)[image_of]
    _, hits = scoring.best_regions(regions.images, fused(by_kind(looks), weights) + ahead)
    looks = [look.toward(regions.ids[np.sort(hits[:FIRST_HITS])]) for look in looks]
    scores = fused(by_kind(looks), weights) + ahead
    image_ids, rows = scoring.best_regions(regions.images, scores)
    by_scene = scenes_ahead(looks, image_ids.astype(np.int64), scores[rows], weights)
    order = np.argsort(-(scores[rows] + by_scene), kind="stable")
    image_ids, rows = image_ids[order], rows[order]
    plain = by_kind(looks, plain=True)
    return RankedImages(
        image_ids=image_ids.astype(np.int64),
        region_ids=regions.ids[regions.proper(scores, rows)][:, None],
        scores=scores[rows] + by_scene[order],
        scores_by_part=fused(plain, weights)[rows][:, None],
        groups=np.arange(len(image_ids)),
        scores_by_space={kind: each[rows] for kind, each in plain.items()},
        asked=asked_of(queries, weights),
    )


def scenes_ahead(
    looks: Sequence[Rescored], images: Integers, scores: Floats, weights: Mapping[str, float] | None
) -> Floats:
    """What is added to the score of each image (k,), best first, for its scene: each space counts as it weighs."""
    added = np.zeros(len(images), np.float32)
    counting = weights if weights and any(weights.get(look.query.space.kind) for look in looks) else default_weights()
    total = sum(counting.get(kind, 0.0) for kind in {look.query.space.kind for look in looks})
    for look in looks:
        if look.is_around_the_mean and (weight := counting.get(look.query.space.kind, 0.0)):
            added += np.float32(weight / total) * ahead_by_scene(look, images, scores)
    return added


def regions_of(images: Integers) -> Regions:
    """All regions of some images."""
    columns = IndexedRegion.objects.filter(EqualsAny("image", images.tolist())).aggregate(
        ids=BinaryColumn("pk", "int8"), images=BinaryColumn("image", "int8"), areas=BinaryColumn("area", "float8")
    )
    ids, of_images, areas = (
        np.frombuffer(columns[name] or b"", kind)
        for name, kind in (("ids", ">i8"), ("images", ">i8"), ("areas", ">f8"))
    )
    order = np.argsort(ids)
    return Regions(ids[order].astype(np.int64), of_images[order].astype(np.int64), areas[order].astype(np.float64))


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
