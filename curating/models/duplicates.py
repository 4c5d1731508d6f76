"""Copies in the public collection: what is needed to find them, and what curators have said of them."""

from __future__ import annotations

import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from pgvector.django import HalfVectorField, HnswIndex

from curating.reduced_pictures import DIMENSIONS
from gallery.models import GalleryImage
from gallery.models.collection import GalleryImageQuerySet


class FingerprintQuerySet(models.QuerySet["Fingerprint"]):
    """Of fingerprints."""

    def made(self) -> Self:
        """Those that can be compared."""
        return self.exclude(vector=None)

    def outdated(self) -> Self:
        """Those of images that have another picture now, or are in the public collection no longer."""
        return self.filter(~Q(working_sha256=F("image__photo__working_sha256")) | Q(image__photo__is_public=False))


class Fingerprint(models.Model):
    """What a public image is compared by: its picture, much reduced. Derived from the working copy."""

    # A picture that could not be read, or on which the process died, is tried again after that.
    PATIENCE = datetime.timedelta(hours=1)

    image = models.OneToOneField(GalleryImage, on_delete=models.CASCADE, primary_key=True, related_name="fingerprint")
    working_sha256 = models.CharField(max_length=64, help_text="The working copy it was made from.")
    picture = models.BinaryField(default=b"", help_text="32 x 32 pixels of Y, Cb and Cr.")
    perceptual_hash = models.BigIntegerField(null=True)
    # Two hashes that differ in few bits have a band in common.
    bands = ArrayField(models.IntegerField(), default=list)
    vector = HalfVectorField(dimensions=DIMENSIONS, null=True)
    # Of the original, as far as its file says; looked up for images that may be copies.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    begun = models.DateTimeField(auto_now=True)

    objects = FingerprintQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["bands"], name="fingerprints_by_bands"),
            HnswIndex(
                fields=["vector"], name="fingerprints_by_vector", m=16, ef_construction=64, opclasses=["halfvec_l2_ops"]
            ),
        ]

    def __str__(self) -> str:
        return f"Fingerprint of {self.image_id}"


def not_compared() -> GalleryImageQuerySet:
    """Public images that no other has been compared with yet. They are indexed first: people wait for that."""
    tried = Fingerprint.objects.filter(image=models.OuterRef("pk"))
    settled = Q(vector__isnull=False) | Q(begun__gt=timezone.now() - Fingerprint.PATIENCE)
    images = GalleryImage.objects.public().exclude(status=GalleryImage.Status.PENDING)
    return images.filter(~models.Exists(tried.filter(settled)))


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    """Of pairs."""

    def public(self) -> Self:
        """Pairs of which everybody may see both images: the others are nobody's business here."""
        return self.filter(first__photo__is_public=True, second__photo__is_public=True)

    def proposed(self) -> Self:
        """Those that nobody has decided on."""
        return self.filter(state=DuplicatePair.State.PROPOSED)

    def of(self, image: GalleryImage) -> Self:
        """Those in which an image is one of the two."""
        return self.filter(Q(first=image) | Q(second=image))

    def before(self, pair: DuplicatePair) -> Self:
        """Those that come before a pair in the order of the list."""
        return self.filter(Q(distance__lt=pair.distance) | Q(distance=pair.distance, pk__lt=pair.pk))

    def after(self, pair: DuplicatePair) -> Self:
        """Those that come after it."""
        return self.filter(Q(distance__gt=pair.distance) | Q(distance=pair.distance, pk__gt=pair.pk))

    def with_images(self) -> Self:
        """With all that is shown of both."""
        sides = [f"{side}__{what}" for side in ("first", "second") for what in ("photo", "fingerprint")]
        return self.select_related(*sides).prefetch_related("first__tags", "second__tags")


class DuplicatePair(models.Model):
    """Two images that may be copies of each other. Once they are said to be different, they stay so.

    When one of both goes, the pair goes with it.
    """

    class Kind(models.TextChoices):
        FILE = "file", "the same file"
        PICTURE = "picture", "the same picture"
        CHANGED = "changed", "cropped or changed"

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        DIFFERENT = "different", "not the same"

    first = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    is_mirrored = models.BooleanField(default=False)
    distance = models.FloatField(help_text="0 for the same picture; 1 for pictures that have nothing in common.")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    found = models.DateTimeField(auto_now_add=True)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        ordering = ["distance", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_in_order"),
        ]
        indexes = [models.Index(fields=["state", "distance", "id"], name="pairs_by_state")]

    def __str__(self) -> str:
        return f"Images {self.first_id} and {self.second_id}"

    def decide(self, state: str) -> None:
        """Store what somebody has said of the two."""
        self.state = state
        DuplicatePair.objects.filter(pk=self.pk).update(state=state)


class KnownCopy(models.Model):
    """A file of which an image was deleted as a copy of another one: importing it again makes no image."""

    sha256 = models.CharField(max_length=64, unique=True)
    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="known_copies")

    class Meta:
        verbose_name_plural = "known copies"

    def __str__(self) -> str:
        return f"A copy of {self.image_id}"
