"""Photos and their label maps, and who owns them."""

from __future__ import annotations

import uuid
from typing import Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from selector.imaging.media_types import extensions_of
from selector.imaging.turns import Box, Turning
from selector.people import Person
from superpixel_site.file_names import CODE_POINTS, split

OwnedModel_co = TypeVar("OwnedModel_co", bound="Owned", covariant=True)


class OwnedQuerySet(models.QuerySet[OwnedModel_co]):
    """Of rows that belong to a person."""

    def owned_by(self, person: Person) -> Self:
        """The person's own rows; none for a visitor who is not known yet."""
        return self.filter(**person.as_fields()) if person.is_known else self.none()


class Owned(models.Model):
    """Belongs to an account, or to a visitor until they sign in."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    visitor = models.UUIDField(null=True, blank=True, editable=False, db_index=True)

    class Meta:
        abstract = True

    @property
    def person(self) -> Person:
        """Whose it is."""
        return Person(user=self.owner, visitor=self.visitor)

    def is_owned_by(self, person: Person) -> bool:
        """Whether it belongs to this account or visitor."""
        if person.user is not None:
            return self.owner_id == person.user.pk
        return person.visitor is not None and self.visitor == person.visitor


class PhotoQuerySet(OwnedQuerySet["Photo"]):
    """Of photos."""

    def visible_to(self, person: Person) -> Self:
        """Public photos and the person's own."""
        if not person.is_known:
            return self.filter(is_public=True)
        return self.filter(Q(is_public=True) | Q(**person.as_fields()))

    def private_to(self, person: Person) -> Self:
        """The person's own photos outside the public collection: those that they may change."""
        return self.owned_by(person).filter(is_public=False)


def original_path(photo: Photo, filename: str) -> str:
    """Where the storage keeps the original of a photo."""
    return f"originals/{photo.pk.hex[:2]}/{photo.pk}"


def working_path(photo: Photo, filename: str) -> str:
    """Where the storage keeps the working copy of a photo."""
    return f"photos/{photo.pk.hex[:2]}/{photo.pk}/{filename}"


class Photo(Owned):
    """One image file and its working copy, from which everything else is computed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=CODE_POINTS, help_text="The file name it came with, until it is renamed.")
    is_public = models.BooleanField(default=False, help_text="In the public collection: everyone sees it.")
    original = models.FileField(upload_to=original_path, max_length=200)
    original_bytes = models.PositiveBigIntegerField(default=0, editable=False, help_text="All of the file.")
    original_type = models.CharField(max_length=50, help_text="MIME type of the original.")
    original_sha256 = models.CharField(max_length=64, db_index=True)
    original_width = models.PositiveIntegerField(null=True, editable=False, help_text="Upright by EXIF, in pixels.")
    original_height = models.PositiveIntegerField(null=True, editable=False, help_text="Upright by EXIF, in pixels.")
    working = models.FileField(upload_to=working_path, max_length=200)
    working_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    working_sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(help_text="Of the working copy, in pixels.")
    height = models.PositiveIntegerField(help_text="Of the working copy, in pixels.")
    dots_per_metre_across = models.FloatField(null=True, editable=False, help_text="Of the original, upright.")
    dots_per_metre_down = models.FloatField(null=True, editable=False, help_text="Of the original, upright.")
    width_mm = models.FloatField(null=True, editable=False, help_text="What the picture measures, by its file.")
    height_mm = models.FloatField(null=True, editable=False, help_text="What the picture measures, by its file.")
    quarter_turns = models.PositiveSmallIntegerField(default=0, help_text="Clockwise, after EXIF.")
    opened_from = models.ForeignKey(
        "SharedSelection",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="copies",
        help_text="The link it is a copy from.",
    )
    cut_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="details",
        help_text="The photo it is a detail of.",
    )
    cut_box = ArrayField(
        models.PositiveIntegerField(),
        size=4,
        null=True,
        blank=True,
        editable=False,
        help_text="Of a detail: x0, y0, x1, y1 in the original of that photo, upright by EXIF.",
    )
    created = models.DateTimeField(auto_now_add=True)
    # The long side of its small copy, in pixels, and the windows in which that is what is shown first. In the workspace
    # `static/js/workspace/sharp_photo.js` puts the working copy in its place.
    SMALL_SIDE = 640
    NARROW = "(max-width: 700px)"
    # Of the file, of which the first is shown: known to who has just stored it, and kept nowhere.
    n_pictures = 1

    objects = PhotoQuerySet.as_manager()
    # Where a person has several of its name: the day and the size. See `selector.services.namesakes`.
    told_apart = ""

    class Meta:
        ordering = ["-created"]
        permissions = [("download_original", "Can download the originals of the public collection")]
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(visitor__isnull=True), name="photo_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        # Logs and the admin show this: the name is its owner's.
        return f"Photo {self.pk}"

    def get_absolute_url(self) -> str:
        """Address of the workspace."""
        return reverse("selector:workspace", args=[self.pk])

    @property
    def shape(self) -> int:
        """Its width by its height in tenths, from 5 to 30: how wide it stands in a row of pictures (rows.css)."""
        return min(max(round(10 * self.width / self.height), 5), 30)

    def size_within(self, side: int) -> tuple[int, int]:
        """Width and height of a copy with a long side of at most so many pixels."""
        scale = min(1.0, side / max(self.width, self.height))
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    def rename(self, name: str) -> None:
        """Store another name."""
        self.name = name
        self.save(update_fields=["name"])

    @property
    def full_name(self) -> str:
        """The name and, where there are several of it, what tells this one from the others."""
        return f"{self.name} · {self.told_apart}" if self.told_apart else self.name

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return split(self.name)[0]

    @property
    def download_name(self) -> str:
        """The name with an extension that says what the original is."""
        right = extensions_of(self.original_type)
        return self.name if split(self.name)[1].lower() in right else self.name + right[0]

    @property
    def is_detail(self) -> bool:
        """Whether it is a part of another photo, be that still there or not."""
        return self.cut_box is not None

    @property
    def original_size(self) -> tuple[int, int] | None:
        """Width and height of the original as the photo is turned now; None where nobody has looked yet."""
        if self.original_width is None or self.original_height is None:
            return None
        return Turning(1, self.quarter_turns).size((self.original_width, self.original_height))

    def shown_box(self, box: Box) -> Box:
        """A box in the original, upright by EXIF, as the photo is turned now."""
        assert self.original_size is not None
        return Turning(1, -self.quarter_turns % 4).stored_box(box, self.original_size)

    def unturned_box(self, shown: Box) -> Box:
        """The other way round."""
        assert self.original_width is not None and self.original_height is not None
        return Turning(1, self.quarter_turns).stored_box(shown, (self.original_width, self.original_height))

    @property
    def physical_size(self) -> str:
        """What the picture measures, such as "21 × 29.7 cm at 300 dpi"; empty if its file does not say."""
        across, down = self.dots_per_metre_across, self.dots_per_metre_down
        if self.width_mm is None or self.height_mm is None or across is None or down is None:
            return ""
        dots = " × ".join(dict.fromkeys(_few_digits(dots * 0.0254) for dots in (across, down)))
        return f"{_length(self.width_mm, self.height_mm)} at {dots} dpi"

    @property
    def version(self) -> str:
        """The start of the working copy's SHA-256, for addresses that may be cached without limit."""
        return self.working_sha256[:16]

    @property
    def thumbnail_url(self) -> str:
        """Address of the working copy as a small WebP."""
        return reverse("selector:thumbnail", args=[self.pk, self.version])

    @property
    def working_url(self) -> str:
        """Address of the working copy."""
        return reverse("selector:working_copy", args=[self.pk, self.version])

    @property
    def small_url(self) -> str:
        """Address of a smaller copy of the working copy, of a fraction of its bytes."""
        return reverse("selector:small_copy", args=[self.pk, self.version])


def _length(width_mm: float, height_mm: float) -> str:
    """Two lengths in one unit that suits them."""
    units = {1000: "m", 10: "cm", 1: "mm", 0: "µm"}
    least = next(least for least in units if max(width_mm, height_mm) >= least)
    sides = (_few_digits(side / (least or 0.001)) for side in (width_mm, height_mm))
    return f"{' × '.join(sides)} {units[least]}"


def _few_digits(number: float) -> str:
    """Three digits, or more where they are before the point."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def label_map_path(label_map: LabelMap, filename: str) -> str:
    """Where the storage keeps the label array of a label map."""
    return f"label_maps/{label_map.photo_id.hex[:2]}/{label_map.photo_id}/{filename}"


class LabelMapQuerySet(models.QuerySet["LabelMap"]):
    """Of label maps."""

    def same_as_of(self, label_map: LabelMap) -> Self:
        """Those of other photos that are the same to the last bit, and may be used in place of computing one.

        Photos that were turned, or opened from a link, have label maps that were computed on another picture.
        """
        if label_map.photo.quarter_turns or label_map.photo.opened_from_id:
            return self.none()
        untouched = self.filter(photo__quarter_turns=0, photo__opened_from=None).exclude(photo=label_map.photo_id)
        return untouched.filter(
            working_sha256=label_map.working_sha256, engine=label_map.engine, parameters=label_map.parameters
        )


class LabelMap(models.Model):
    """The superpixels of a photo and their merge tree.

    It is computed, but more than a cache: other rows name superpixels by their numbers in it. Deleting it deletes all
    selections, links and searches made on it, and the indexed regions of the photo.
    """

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="label_maps")
    working_sha256 = models.CharField(max_length=64, db_index=True, help_text="The working copy it was computed on.")
    engine = models.CharField(max_length=50)
    parameters = models.CharField(max_length=200, help_text="Canonical JSON.")
    n_superpixels = models.PositiveIntegerField(help_text="Obtained, not asked for.")
    # gzip of little-endian uint16 (H, W): the very bytes that the browser is sent.
    labels = models.FileField(upload_to=label_map_path, max_length=200)
    labels_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    # zlib of Hierarchy.to_bytes(); a few kilobytes, so it lives in the row.
    hierarchy = models.BinaryField()
    created = models.DateTimeField(auto_now_add=True)

    objects = LabelMapQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "working_sha256", "engine", "parameters"], name="label_map_once_per_parameters"
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo} ({self.engine}, {self.n_superpixels} superpixels)"
