"""The superpixels of a photo: its label map at any level of the merge tree, and its pictures."""

from __future__ import annotations

import uuid
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from api.answers import JSON, answers, sent, told
from api.auth import allowed_to
from api.label_formats import Encoding, as_png, encoded
from api.segmenting import LabelMapOut, Superpixel, segments_of
from selector.access import visible_photo
from selector.people import person_of
from selector.segmentation.slic import MAX_SUPERPIXELS
from selector.services import label_maps, photos
from superpixel_site.stored_files import read, require

router = Router(tags=["superpixels"])
JPEG, PNG = "image/jpeg", "image/png"


class Level(Schema):
    """Which regions, and how they are written."""

    level: int | None = Field(
        None, ge=1, le=MAX_SUPERPIXELS, description="Into how many regions the tree is cut; superpixels without it."
    )
    labels: Encoding = Field("png", description="How labels are written in JSON.")


class PhotoLabels(Schema):
    """A photo cut into superpixels, or into the regions of one level."""

    photo: uuid.UUID
    label_map: int
    width: int
    height: int
    engine: str
    level: int | None
    n_superpixels: int
    n_segments: int
    labels: LabelMapOut
    segments: list[Superpixel]
    neighbours: list[tuple[int, int]]
    regions: list[int] = Field(description="The label of each superpixel.")
    merge_tree: list[int] = Field(description="The parent of each node: first the superpixels, then the merges.")


class Size(Schema):
    """Which picture of a photo."""

    size: Literal["working", "thumbnail"] = "working"


@router.get(
    "/photos/{uuid:photo_id}/labels",
    auth=allowed_to("read"),
    response=answers(PhotoLabels, 404, 410, 422, 503),
    openapi_extra={"responses": {200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}}},
)
def labels(request: HttpRequest, photo_id: uuid.UUID, wanted: Query[Level]) -> HttpResponse:
    """Read the label map of a photo, at a level of its merge tree.

    With `Accept: image/png` the answer is the label map alone, a PNG of 16-bit greys; else JSON.
    """
    photo = visible_photo(person_of(request), photo_id)
    require(photo.working)
    label_map = label_maps.get_or_compute(photo)
    segmentation = label_maps.load(label_map)
    n = label_map.n_superpixels
    cut = segmentation.hierarchy.cut(min(wanted.level or n, n))
    shown = cut[segmentation.labels] if wanted.level else segmentation.labels
    etag = f"{label_map.pk}.{wanted.level}.{wanted.labels}"
    if request.get_preferred_type([JSON, PNG]) == PNG:
        response = sent(request, as_png(shown), PNG, etag=f"{etag}.file")
    else:
        out = PhotoLabels.model_validate(
            {
                "photo": photo.pk,
                "label_map": label_map.pk,
                "width": photo.width,
                "height": photo.height,
                "engine": label_map.engine,
                "level": wanted.level,
                "n_superpixels": n,
                "labels": encoded(shown, wanted.labels),
                **segments_of(photos.working_copy(photo), shown),
                "regions": cut.tolist(),
                "merge_tree": segmentation.hierarchy.parents.tolist(),
            }
        )
        response = told(request, out, etag=etag)
    response.headers["Vary"] = "Accept"
    return response


@router.get(
    "/photos/{uuid:photo_id}/picture",
    auth=allowed_to("read"),
    response=answers(None, 404, 410, 422),
    openapi_extra={"responses": {200: {"content": {JPEG: {"schema": {"type": "string", "format": "binary"}}}}}},
)
def picture(request: HttpRequest, photo_id: uuid.UUID, wanted: Query[Size]) -> HttpResponse:
    """Read the working copy of a photo, on which superpixels are, or its thumbnail."""
    photo = visible_photo(person_of(request), photo_id)
    data = read(photo.working) if wanted.size == "working" else photos.thumbnail(photo)
    return sent(request, data, JPEG, etag=f"{photo.version}.{wanted.size}")
