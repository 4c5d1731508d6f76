"""The region index: derived from the collection, and made again at any time."""

from __future__ import annotations

import datetime
from pathlib import PurePath
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField

from gallery.models.collection import GalleryImage
from selector.models.photos import LabelMap


class DescriptorSpace(models.Model):
    """A way to compare regions. Vectors of different models never meet: each has a space of its own."""

    kind = models.CharField(max_length=20, help_text="Name of a kind in `gallery.index.kinds`.")
    model = models.CharField(max_length=500, help_text="Name or file of the model.")
    pretrained = models.CharField(max_length=500, blank=True, help_text="Tag or file of its weights.")
    method = models.CharField(max_length=20, blank=True, help_text="How the model is used on regions.")
    weights = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the weights.")
    dimensions = models.PositiveIntegerField()
    knows_words = models.BooleanField(
        default=False, help_text="The model was trained with text: words can be searched for."
    )
    is_ready = models.BooleanField(
        default=False, help_text="All images are described; until then an older space of this kind answers."
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "model", "method", "weights"], name="space_once_per_model")
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {PurePath(self.model).stem if self.pretrained else self.model}"


class IndexedRegion(models.Model):
    """One region of a gallery image: the whole picture, or a node of its merge tree."""

    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="regions")
    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="+")
    node = models.PositiveIntegerField(help_text="In the merge tree; the root is the whole image.")
    # In pixels of the working copy, right and bottom exclusive.
    left = models.PositiveIntegerField()
    top = models.PositiveIntegerField()
    right = models.PositiveIntegerField()
    bottom = models.PositiveIntegerField()
    area = models.FloatField(help_text="Share of the image, 0 to 1.")
    mask = models.BinaryField(help_text="64 x 64 bits over the whole image, packed row by row.")
    # A hash of the content: the regions with the lowest keys are a random sample that hardly changes while
    # the collection grows. Scores are calibrated against it.
    sample_key = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "node"], name="region_once_per_node")]

    def __str__(self) -> str:
        return f"Region {self.node} of {self.image_id}"


class RegionVector(models.Model):
    """An indexed region in one descriptor space, of unit length.

    The column has no dimension of its own because spaces differ; indexes cast it, one partial index a space.
    """

    region = models.ForeignKey(IndexedRegion, on_delete=models.CASCADE, related_name="vectors")
    # The region's image again: a filter goes from vectors to images at once, and the vectors of few images are read
    # without a look at their regions.
    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="vectors", db_index=False)
    space = models.ForeignKey(DescriptorSpace, on_delete=models.CASCADE, related_name="vectors")
    vector = HalfVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "space"], name="vector_once_per_space")]
        indexes = [models.Index(fields=["image", "space"], name="vectors_by_image")]

    def __str__(self) -> str:
        return f"{self.region} in {self.space_id}"


class CellProjection(models.Model):
    """What the cells of a space are compared by: learned once, when there are enough regions to learn it from."""

    space = models.OneToOneField(DescriptorSpace, on_delete=models.CASCADE, primary_key=True, related_name="projection")
    data = models.BinaryField(help_text="Arrays, as numpy saves them.")

    def __str__(self) -> str:
        return f"Projection of {self.space_id}"


class CellMap(models.Model):
    """An image in one space, cell by cell of a grid: where on it a hit matches."""

    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="cell_maps")
    space = models.ForeignKey(DescriptorSpace, on_delete=models.CASCADE, related_name="cell_maps", db_index=False)
    data = models.BinaryField(help_text="A number of 8 bits for each cell and dimension.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "space"], name="cell_map_once_per_space")]

    def __str__(self) -> str:
        return f"Cells of {self.image_id} in {self.space_id}"


class Outlines(models.Model):
    """The nodes of an image's merge tree that may be drawn on a hit, and where they lie."""

    image = models.OneToOneField(GalleryImage, on_delete=models.CASCADE, primary_key=True, related_name="outlines")
    data = models.BinaryField(help_text="Arrays, as numpy saves them.")

    class Meta:
        verbose_name_plural = "outlines"

    def __str__(self) -> str:
        return f"Outlines of {self.image_id}"


class ImageKeypoints(models.Model):
    """The keypoints of an image, by which the very thing is known again; found when they are first asked for."""

    image = models.OneToOneField(GalleryImage, on_delete=models.CASCADE, primary_key=True, related_name="keypoints")
    version = models.CharField(max_length=16, help_text="Of the working copy: one that was turned has others.")
    data = models.BinaryField(help_text="From `Keypoints.pack`.")

    class Meta:
        verbose_name_plural = "image keypoints"

    def __str__(self) -> str:
        return f"Keypoints of {self.image_id}"


class Kept(models.Model):
    """A result that can be computed again, stored for `LIFETIME`."""

    LIFETIME: ClassVar[datetime.timedelta]

    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True


KeptModel_co = TypeVar("KeptModel_co", bound=Kept, covariant=True)


class KeptQuerySet(models.QuerySet[KeptModel_co]):
    """Rows of a model with a `LIFETIME`."""

    def outdated(self) -> Self:
        """Rows that have been stored for longer than that."""
        return self.filter(created__lt=timezone.now() - self.model.LIFETIME)


class PhotoFeatures(Kept):
    """What a space sees in a whole photo, kept so that a second search costs no forward pass. Derived."""

    # Half a megabyte for each photo that is opened; the first search after that time takes a moment longer.
    LIFETIME = datetime.timedelta(days=30)

    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="+")
    space = models.ForeignKey(DescriptorSpace, on_delete=models.CASCADE, related_name="+")
    data = models.BinaryField()

    objects = KeptQuerySet["PhotoFeatures"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label_map", "space"], name="features_once_per_space")]
        verbose_name_plural = "photo features"

    def __str__(self) -> str:
        return f"Features of {self.label_map_id} in {self.space_id}"
