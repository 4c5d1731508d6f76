"""A person's photos: uploading, listing, renaming, turning and deleting them."""

# Without postponed annotations: Ninja cannot resolve those of functions that are wrapped (`once`).
import datetime
import uuid
from typing import Self

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, File, Query, Router, Schema, UploadedFile

from api.answers import answers, told
from api.auth import allowed_to
from api.idempotency import once
from api.paging import Paging, latest_first
from library.forms import RenameForm
from library.upload_views import add_photo
from selector.access import own_photo, visible_photo
from selector.models import Photo
from selector.people import person_of
from selector.services.turning import turn
from selector.web.unreadable import unreadable_is_refused
from superpixel_site.refusals import valid

router = Router(tags=["photos"])


class PhotoOut(Schema):
    """A photo."""

    id: uuid.UUID
    name: str
    is_public: bool = Field(description="In the public collection: everybody sees it.")
    created: datetime.datetime
    width: int = Field(description="Of the working copy, on which superpixels are, in pixels.")
    height: int
    original_width: int | None = Field(description="Of the file that was sent, as the photo is turned, in pixels.")
    original_height: int | None
    original_bytes: int
    original_type: str
    version: str = Field(description="Of the working copy: another one has another.")
    workspace: str = Field(description="Address for a browser.")
    working_copy: str = Field(description="Address of the working copy, a JPEG.")
    thumbnail: str

    @classmethod
    def of(cls, photo: Photo) -> Self:
        """A photo as the interface tells it."""
        size = photo.original_size or (None, None)
        return cls(
            **{name: getattr(photo, name) for name in ("id", "name", "is_public", "created", "width", "height")},
            original_width=size[0],
            original_height=size[1],
            original_bytes=photo.original_bytes,
            original_type=photo.original_type,
            version=photo.version,
            workspace=photo.get_absolute_url(),
            working_copy=reverse("api:picture", args=[photo.pk]),
            thumbnail=f"{reverse('api:picture', args=[photo.pk])}?size=thumbnail",
        )


class PhotosOut(Schema):
    """A page of photos, the latest first."""

    photos: list[PhotoOut]
    next: str | None = Field(description="The cursor of the next page; null after the last.")


class NewName(Schema):
    """What a photo is to be called."""

    name: str


@router.get("/photos", auth=allowed_to("read"), response=answers(PhotosOut, 422))
def photos(request: HttpRequest, paging: Query[Paging]) -> HttpResponse:
    """List your photos, the latest first."""
    page, following = latest_first(Photo.objects.private_to(person_of(request)), paging)
    return told(request, PhotosOut(photos=[PhotoOut.of(photo) for photo in page], next=following))


@router.post(
    "/photos",
    auth=allowed_to("write"),
    response=answers(PhotoOut, 400, 409, 413, 422, 503, 507, status=201),
)
@once
def upload(request: HttpRequest, image: File[UploadedFile]) -> HttpResponse:
    """Add a photo of yours; its superpixels are there with the answer."""
    photo = add_photo(request, request.FILES)
    return told(request, PhotoOut.of(photo), 201, location=f"{request.path}/{photo.pk}")


@router.get("/photos/{uuid:photo_id}", auth=allowed_to("read"), response=answers(PhotoOut, 404))
def photo(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Look at a photo: yours, or one of the public collection."""
    return told(request, PhotoOut.of(visible_photo(person_of(request), photo_id)))


@router.patch("/photos/{uuid:photo_id}", auth=allowed_to("write"), response=answers(PhotoOut, 400, 404, 413, 422))
def rename(request: HttpRequest, photo_id: uuid.UUID, given: NewName) -> HttpResponse:
    """Rename a photo of yours."""
    found = own_photo(person_of(request), photo_id)
    found.rename(valid(RenameForm({"name": given.name}), 422, "").cleaned_data["name"])
    return told(request, PhotoOut.of(found))


@router.post(
    "/photos/{uuid:photo_id}/turn",
    auth=allowed_to("write"),
    response=answers(PhotoOut, 404, 409, 410, 422, 503),
)
@once
def turn_photo(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Turn a photo of yours clockwise by a quarter, with all that is selected on it."""
    found = own_photo(person_of(request), photo_id)
    with unreadable_is_refused(""):
        turn(found)
    found.refresh_from_db()
    return told(request, PhotoOut.of(found))


@router.delete("/photos/{uuid:photo_id}", auth=allowed_to("write"), response=answers(None, 404, status=204))
def delete(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Delete a photo of yours for good, with everything made from it."""
    own_photo(person_of(request), photo_id).delete()
    return HttpResponse(status=204)
