"""Images of the collection and what is known of them: everybody reads, curators add, change and delete."""

# Without postponed annotations: Ninja cannot resolve those of functions that are wrapped (`once`).
import datetime
from typing import Annotated, Any, Literal, Self, cast

from django.contrib.admin.models import ADDITION, CHANGE
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, File, Form, Query, Router, Schema, UploadedFile

from api.answers import answers, told
from api.auth import allowed_to, curator_of, has_scope
from api.hits import ImageBrief, RegionOut
from api.idempotency import once
from api.paging import Paging, latest_first
from api.searches import Filters, OptionsIn
from curating.changes import CHANGES, change_now, log, problem_with, start_change
from curating.models import IMAGES_A_BATCH
from gallery.access import visible_image
from gallery.collection.importing import add_public
from gallery.models import GalleryImage
from gallery.web.forms import LARGEST_KEY, METADATA, MetadataForm, NewImageForm
from selector.people import person_of
from superpixel_site.refusals import Refusal, valid
from superpixel_site.typed_tags import text_of
from superpixel_site.work_slots import work_slot

router = Router(tags=["gallery"])
MAY_ADD, MAY_CHANGE, MAY_DELETE = (f"gallery.{what}_galleryimage" for what in ("add", "change", "delete"))
MOST_AT_ONCE = 10_000
Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
ChangeName = Literal["publish", "withdraw", "tag", "untag", "licence", "reindex", "retry"]


class Metadata(Schema):
    """What is to be known of an image; what is left out stays as it is."""

    title: str | None = None
    description: str | None = None
    creator: str | None = None
    licence: str | None = None
    source_url: str | None = None
    taken: datetime.date | None = Field(None, description="When the picture was made.")
    tags: list[str] | None = Field(None, description="All tags that the image has then.")

    def posted(self) -> dict[str, Any]:
        """What a form would post of this."""
        given = self.model_dump(exclude_unset=True)
        if given.get("tags") is not None:
            given["tags"] = ", ".join(f'"{name}"' if "," in name else name for name in given["tags"])
        return {name: "" if value is None else value for name, value in given.items()}


class ImageOut(ImageBrief):
    """An image of the collection, and all that is known of it."""

    description: str
    tags: list[str]
    created: datetime.datetime
    status: Literal["pending", "indexed", "failed"]
    error: str = Field(description="Why it could not be indexed.")
    is_withdrawn: bool
    regions: list[RegionOut] = Field(description="What was indexed: nodes of the merge tree that can be searched for.")

    @classmethod
    def about(cls, image: GalleryImage) -> Self:
        """An image as the interface tells it, with its photo."""
        return cls(
            **ImageBrief.of(image).model_dump(),
            description=image.description,
            tags=sorted(tag.name for tag in image.tags.all()),
            created=image.created,
            status=cast("Any", image.status),
            error=image.error,
            is_withdrawn=image.withdrawn is not None,
            regions=[RegionOut.of(region) for region in image.regions.order_by("-area", "pk")],
        )


class ImagesOut(Schema):
    """A page of images, the latest first."""

    images: list[ImageBrief]
    next: str | None = Field(description="The cursor of the next page; null after the last.")


class Page(Paging, Filters):
    """Which images, and which page of them."""


class NewChange(Schema):
    """What curators do to many images at once."""

    images: list[Key] = Field(min_length=1, max_length=MOST_AT_ONCE)
    change: ChangeName
    value: str = Field("", max_length=200, description="The tags, separated by commas, or the licence.")


class Changed(Schema):
    """What became of a change."""

    changed: int | None = Field(description="How many images are another now; null while a job does it.")
    job: int | None = Field(description="The job that does it, where these are many images.")


@router.get("/gallery", auth=allowed_to("read"), response=answers(ImagesOut, 422))
def images(request: HttpRequest, wanted: Query[Page]) -> HttpResponse:
    """List the images of the collection and of your own, the latest first."""
    person = person_of(request)
    given = OptionsIn(**{name: getattr(wanted, name) for name in Filters.model_fields})
    found = given.options().filtered(GalleryImage.objects.visible_to(person), person)
    page, following = latest_first(found.select_related("photo"), wanted)
    return told(request, ImagesOut(images=[ImageBrief.of(image) for image in page], next=following))


@router.post(
    "/gallery",
    auth=allowed_to("curate"),
    response=answers(ImageOut, 404, 409, 413, 422, 507, status=201),
)
@once
def add(request: HttpRequest, image: File[UploadedFile], known: Form[Metadata]) -> HttpResponse:
    """Add an image to the public collection, with what is known of it: curators only."""
    user = curator_of(request, MAY_ADD)
    form = valid(NewImageForm(known.posted(), request.FILES), 422, "")
    file = form.cleaned_data["image"]
    with work_slot():
        added, is_new = add_public(file.read(), file.name, form.details)
    if not is_new:
        raise Refusal(f"This image is in the collection already: “{added.title}”.", 409, "")
    log([added], user, ADDITION, "Added.")
    return told(request, ImageOut.about(added), 201, location=f"{request.path}/{added.pk}")


@router.post(
    "/gallery/changes", auth=allowed_to("curate"), response={**answers(Changed, 404, 409, 413, 415, 422), 202: Changed}
)
@once
def change_many(request: HttpRequest, given: NewChange) -> HttpResponse:
    """Do something to many images of the collection: at once where they are few, else as a job. Curators only."""
    user = curator_of(request, MAY_CHANGE)
    value = given.value.strip() if CHANGES[given.change].takes else ""
    if problem := problem_with(CHANGES[given.change].takes, value):
        raise Refusal(problem, 422, "")
    keys = list(GalleryImage.objects.curated().filter(pk__in=given.images).order_by("pk").values_list("pk", flat=True))
    if len(keys) <= IMAGES_A_BATCH:
        return told(request, Changed(changed=change_now(given.change, keys, value, user), job=None))
    return told(request, Changed(changed=None, job=start_change(given.change, keys, value, user).pk), 202)


@router.get("/gallery/{int:image_id}", auth=allowed_to("read"), response=answers(ImageOut, 404))
def image(request: HttpRequest, image_id: int) -> HttpResponse:
    """Read all that is known of an image, with the regions that were indexed; of one that is withdrawn as a curator."""
    return told(request, ImageOut.about(_readable(request, image_id)))


@router.patch(
    "/gallery/{int:image_id}", auth=allowed_to("write", "curate"), response=answers(ImageOut, 404, 413, 415, 422)
)
def change(request: HttpRequest, image_id: int, given: Metadata) -> HttpResponse:
    """Change what is known of an image: of your own collection, or as a curator of the public one."""
    found = _changeable(request, image_id, MAY_CHANGE)
    now = {name: getattr(found, name) for name in METADATA if name != "tags"} | {"tags": text_of(found.tags.all())}
    saved = valid(MetadataForm({**now, **given.posted()}, instance=found), 422, "").save()
    if saved.is_curated:
        log([saved], curator_of(request, MAY_CHANGE), CHANGE, "Changed.")
    return told(request, ImageOut.about(saved))


@router.delete("/gallery/{int:image_id}", auth=allowed_to("write", "curate"), response=answers(None, 404, status=204))
def delete(request: HttpRequest, image_id: int) -> HttpResponse:
    """Delete an image from the public collection, with its files, as a curator; or take it out of your own.

    A photo that is taken out of your collection is still yours.
    """
    found = _changeable(request, image_id, MAY_DELETE)
    if found.is_curated:
        change_now("delete_selected", [found.pk], "", curator_of(request, MAY_DELETE))
    else:
        found.delete()
    return HttpResponse(status=204)


def _readable(request: HttpRequest, image_id: int) -> GalleryImage:
    try:
        return visible_image(person_of(request), _key(image_id))
    except Http404:
        curator_of(request, "gallery.view_galleryimage")
        return _curated(image_id)


def _changeable(request: HttpRequest, image_id: int, permission: str) -> GalleryImage:
    """An image that the account behind a request may change, and its token, too; 404 for all others."""
    mine = GalleryImage.objects.owned_by(person_of(request)).filter(pk=_key(image_id)).select_related("photo").first()
    if mine is not None and has_scope(request, "write"):
        return mine
    curator_of(request, permission)
    return _curated(image_id)


def _curated(image_id: int) -> GalleryImage:
    found = GalleryImage.objects.curated().filter(pk=_key(image_id)).select_related("photo").first()
    if found is None:
        raise Http404
    return found


def _key(image_id: int) -> int:
    """A key as the database takes them; 404 for one that is longer."""
    if not 0 < image_id <= LARGEST_KEY:
        raise Http404
    return image_id
