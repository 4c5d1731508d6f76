"""Hits as programs read them: scores, words of closeness, boxes and masks."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from typing import Literal, Self

import numpy as np
from django.urls import reverse
from ninja import Field, Schema

from api.masks import Rle, box_of
from gallery.models import GalleryImage, IndexedRegion
from gallery.search.answers import Hit
from selector.rendering.masks import region_mask
from selector.selection.tree import node_members
from selector.services import label_maps

Pixels = tuple[int, int, int, int]


class ImageBrief(Schema):
    """An image of the collection."""

    id: int
    photo: uuid.UUID
    title: str
    creator: str
    licence: str
    source_url: str
    taken: datetime.date | None
    is_public: bool
    width: int = Field(description="Of the working copy, in pixels: boxes and masks are on it.")
    height: int
    page: str = Field(description="Address for a browser.")
    picture: str = Field(description="Address of the working copy, a JPEG.")

    @classmethod
    def of(cls, image: GalleryImage) -> Self:
        """An image as the interface tells it, with its photo."""
        said = {name: getattr(image, name) for name in ("title", "creator", "licence", "source_url", "taken")}
        return cls(
            **said,
            id=image.pk,
            photo=image.photo_id,
            is_public=image.photo.is_public,
            width=image.photo.width,
            height=image.photo.height,
            page=image.get_absolute_url(),
            picture=reverse("api:picture", args=[image.photo_id]),
        )


class RegionOut(Schema):
    """A region that was indexed: a node of the merge tree of its image."""

    id: int
    node: int
    box: Pixels = Field(description="Left, top, right and bottom in pixels, the last two excluded.")
    share: float = Field(description="Of the image, 0 to 1.")

    @classmethod
    def of(cls, region: IndexedRegion) -> Self:
        """A region as the interface tells it."""
        box = (region.left, region.top, region.right, region.bottom)
        return cls(id=region.pk, node=region.node, box=box, share=region.area)


class Outline(Schema):
    """What is outlined on a hit."""

    node: int | None = Field(description="Of the merge tree; null where several regions are outlined.")
    box: Pixels
    mask: Rle


class HitOut(Schema):
    """An image that was found."""

    image: ImageBrief
    score: int | None = Field(description="0 to 100; null where only words were found.")
    closeness: Literal["the same thing", "close match", "weaker"]
    scores_by_space: dict[str, int]
    scores_by_part: list[int]
    points: int = Field(description="Points that lie as in the selection; 0 where that was not looked at.")
    feedback: str = Field(description="like, dislike, or nothing.")
    regions: list[RegionOut] = Field(description="What matched: one for each part that was searched for.")
    outline: Outline | None = Field(None, description="Null without `masks`, and where only words were found.")
    copies: list[HitOut] = Field([], description="Other images of the same picture.")


def told_hits(hits: Iterable[Hit], *, masks: bool) -> list[HitOut]:
    """Hits as the interface tells them."""
    listed = list(hits)
    keys = [key for hit in _all(listed) for key in hit.region_ids]
    regions = IndexedRegion.objects.select_related("label_map__photo").in_bulk(keys)
    return [_told(hit, regions, masks=masks) for hit in listed]


def _all(hits: Iterable[Hit]) -> Iterator[Hit]:
    for hit in hits:
        yield hit
        yield from hit.copies


def _told(hit: Hit, known: dict[int, IndexedRegion], *, masks: bool) -> HitOut:
    regions = [known[key] for key in hit.region_ids if key in known]
    return HitOut(
        image=ImageBrief.of(hit.image),
        # Where only words were found, there is nothing to compare.
        score=hit.score if hit.scores_by_space else None,
        closeness="the same thing" if hit.is_same else "weaker" if hit.is_weak else "close match",
        scores_by_space=hit.scores_by_space,
        scores_by_part=hit.scores_by_part if hit.scores_by_space else [],
        points=hit.points,
        feedback=hit.feedback,
        regions=[RegionOut.of(region) for region in regions],
        outline=outline_of(regions, hit.node) if masks and regions else None,
        copies=[_told(copy, known, masks=masks) for copy in hit.copies],
    )


def outline_of(regions: list[IndexedRegion], node: int | None) -> Outline | None:
    """What the page of an answer outlines on an image: a node of its tree, or the regions that matched."""
    segmentation = label_maps.load(regions[0].label_map)
    nodes = [region.node for region in regions] if node is None else [node]
    members = np.logical_or.reduce([node_members(segmentation.hierarchy.parents, one) for one in nodes])
    mask = region_mask(segmentation.labels, members)
    box = box_of(mask)
    return Outline(node=nodes[0] if len(nodes) == 1 else None, box=box, mask=Rle.of(mask)) if box else None
