"""Photos and their label maps, and who owns them."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from selector.imaging.media_types import extensions_of
from selector.people import Person

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
    name = models.CharField(max_length=200, help_text="The file name it came with, until it is renamed.")
    is_public = models.BooleanField(default=False, help_text="In the public collection: everyone sees it.")
    original = models.FileField(upload_to=original_path, max_length=200)
    original_bytes = models.PositiveBigIntegerField(default=0, editable=False, help_text="All of the file.")
    original_type = models.CharField(max_length=50, help_text="MIME type of the original.")
    original_sha256 = models.CharField(max_length=64, db_index=True)
    working = models.FileField(upload_to=working_path, max_length=200)
    working_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    working_sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(help_text="Of the working copy, in pixels.")
    height = models.PositiveIntegerField(help_text="Of the working copy, in pixels.")
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
    created = models.DateTimeField(auto_now_add=True)
    # Of the file, of which the first is shown: known to who has just stored it, and kept nowhere.
    n_pictures = 1

    objects = PhotoQuerySet.as_manager()

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

    def rename(self, name: str) -> None:
        """Store another name."""
        self.name = name
        self.save(update_fields=["name"])

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def download_name(self) -> str:
        """The name with an extension that says what the original is."""
        right = extensions_of(self.original_type)
        return self.name if PurePath(self.name).suffix.lower() in right else self.name + right[0]

    @property
    def version(self) -> str:
        """The start of the working copy's SHA-256, for addresses that may be cached without limit."""
        return self.working_sha256[:16]

    @property
    def thumbnail_url(self) -> str:
        """Address of a small JPEG of the working copy."""
        return reverse("selector:thumbnail", args=[self.pk, self.version])

    @property
    def working_url(self) -> str:
        """Address of the working copy."""
        return reverse("selector:working_copy", args=[self.pk, self.version])


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
