"""The collection, its region index, and the searches made in it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from pgvector.django import HalfVectorField
from taggit.managers import TaggableManager

from selector.models import LabelMap, Owned, OwnedQuerySet, Photo
from selector.people import Person

if TYPE_CHECKING:
    from selector.regions import Selection as Regions


class GalleryImageQuerySet(models.QuerySet[Any]):
    def public(self) -> Self:
        return self.filter(photo__is_public=True)

    def visible_to(self, person: Person) -> Self:
        """The public collection and the person's own private one."""
        if not person.is_known:
            return self.public()
        mine = Q(**{f"photo__{field}": value for field, value in person.as_fields().items()})
        return self.filter(Q(photo__is_public=True) | mine)

    def indexed(self) -> Self:
        return self.filter(status=GalleryImage.Status.INDEXED)

    def pending(self) -> Self:
        return self.filter(status=GalleryImage.Status.PENDING)

    def failed(self) -> Self:
        return self.filter(status=GalleryImage.Status.FAILED)

    def owned_by(self, person: Person) -> Self:
        """The person's own private collection."""
        if not person.is_known:
            return self.none()
        mine = {f"photo__{field}": value for field, value in person.as_fields().items()}
        return self.filter(photo__is_public=False, **mine)

    def tagged(self, tag: str) -> Self:
        """With such a tag, in capitals or not."""
        return self.filter(pk__in=GalleryImage.objects.filter(tags__name__iexact=tag).values("pk"))

    def licensed(self, licence: str) -> Self:
        """Under such a licence, in any version: "CC BY" is "CC BY 4.0", but not "CC BY-NC 4.0"."""
        return self.filter(Q(licence__iexact=licence) | Q(licence__istartswith=f"{licence} "))

    def made_by(self, creator: str) -> Self:
        """By somebody whose name holds these letters."""
        return self.filter(creator__icontains=creator)

    def made_between(self, first: datetime.date | None, last: datetime.date | None) -> Self:
        """Made on these days or between them; what has no date is left out once one is given."""
        images = self if first is None else self.filter(taken__gte=first)
        return images if last is None else images.filter(taken__lte=last)

    def unhashed(self) -> Self:
        """Indexed before there were perceptual hashes."""
        return self.indexed().filter(perceptual_hash=None)

    def lacking(self, space: DescriptorSpace) -> Self:
        """Indexed images without a vector in a space that came later."""
        described = RegionVector.objects.filter(space=space, image=OuterRef("pk"))
        return self.indexed().filter(~Exists(described))

    def behind(self, spaces: Iterable[DescriptorSpace]) -> Self:
        """Images with something left to do, but not those that failed: they wait for a person."""
        waiting = [self.pending(), self.unhashed(), *(self.lacking(space) for space in spaces)]
        return reduce(or_, waiting)

    def keys_forward(self, batch: int = 500) -> Iterator[int]:
        """Walk primary keys upward, a batch a query: rows that change or fail on the way stop nobody."""
        last = 0
        while keys := list(self.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch]):
            yield from keys
            last = keys[-1]


class GalleryImage(models.Model):
    """A photo with metadata, searchable: by everyone when the photo is public, else by its owner alone."""

    class Status(models.TextChoices):
        PENDING = "pending", "waiting to be indexed"
        INDEXED = "indexed", "indexed"
        FAILED = "failed", "could not be indexed"

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, related_name="gallery_image")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    creator = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    source_url = models.URLField("source", max_length=500, blank=True)
    taken = models.DateField(null=True, blank=True, help_text="When the picture was made.")
    tags = TaggableManager(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_index=True, editable=False)
    error = models.TextField(blank=True, editable=False, help_text="Why it could not be indexed.")
    perceptual_hash = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="What the working copy looks like as a whole; copies have nearly equal ones.",
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = GalleryImageQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("gallery:details", args=[self.pk])

    def mark_pending(self) -> None:
        self._set_status(self.Status.PENDING)

    def mark_indexed(self) -> None:
        self._set_status(self.Status.INDEXED)

    def mark_failed(self, sentence: str) -> None:
        self._set_status(self.Status.FAILED, sentence)

    def set_hash(self, value: int) -> None:
        self.perceptual_hash = value
        GalleryImage.objects.filter(pk=self.pk).update(perceptual_hash=value)

    def _set_status(self, status: str, error: str = "") -> None:
        self.status, self.error = status, error
        # Only these columns: somebody may be editing the others. An image deleted meanwhile stays deleted.
        GalleryImage.objects.filter(pk=self.pk).update(status=status, error=error)


class DescriptorSpace(models.Model):
    """A way to compare regions. Vectors of different models never meet: each has a space of its own."""

    class Kind(models.TextChoices):
        APPEARANCE = "appearance", "looks like"
        MEANING = "meaning", "means like"

    kind = models.CharField(max_length=20, choices=Kind)
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
    # A hash of the content: the regions with the lowest lots are a random sample that hardly changes while
    # the collection grows. Scores are calibrated against it.
    lot = models.BigIntegerField(db_index=True)

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
    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="+", db_index=False)
    space = models.ForeignKey(DescriptorSpace, on_delete=models.CASCADE, related_name="vectors")
    vector = HalfVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "space"], name="vector_once_per_space")]
        indexes = [models.Index(fields=["image", "space"], name="vectors_by_image")]

    def __str__(self) -> str:
        return f"{self.region} in {self.space_id}"


class KeptQuerySet(models.QuerySet[Any]):
    """Of what can be worked out again, and is kept for its model's `LIFETIME`."""

    def outdated(self) -> Self:
        return self.filter(created__lt=timezone.now() - self.model.LIFETIME)


class PhotoFeatures(models.Model):
    """What a space sees in a whole photo, kept so that a second search costs no forward pass. Derived."""

    # Half a megabyte for each photo that somebody opens; whoever comes back to one later waits a moment longer.
    LIFETIME = datetime.timedelta(days=30)

    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="+")
    space = models.ForeignKey(DescriptorSpace, on_delete=models.CASCADE, related_name="+")
    data = models.BinaryField()
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = KeptQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label_map", "space"], name="features_once_per_space")]
        verbose_name_plural = "photo features"

    def __str__(self) -> str:
        return f"Features of {self.label_map_id} in {self.space_id}"


class SearchQuerySet(OwnedQuerySet):
    def asked(self, person: Person, label_map: LabelMap, state: bytes, options: dict[str, Any] | None = None) -> Search:
        """The person's search for a selection, with these options; asked again, the same one rises in the history."""
        question: dict[str, Any] = {
            **person.as_fields(),
            "label_map": label_map,
            "state": state,
            "options": options or {},
        }
        with transaction.atomic():
            # Locked, so that of two at once the second finds what the first has made. No constraint could see to that:
            # a search may be refined until it asks what another does.
            list(LabelMap.objects.select_for_update(no_key=True).filter(pk=label_map.pk).values_list("pk"))
            known: Search | None = self.filter(**question).first()
            search = known or self.create(**question)
            if known:
                known.rise()
        search.label_map = label_map
        return search

    def seen_by(self, person: Person) -> Self:
        """The person's own, on photos that they may still look at."""
        return self.owned_by(person).filter(label_map__photo__in=Photo.objects.visible_to(person))


class Search(Owned):
    """A question as it was asked: its address answers the same one later, whatever is selected then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="searches")
    state = models.BinaryField()
    # What `forms.OptionsForm` made of the drawer's controls, without those left alone.
    options = models.JSONField(default=dict, blank=True)
    # When it was asked, the last time.
    created = models.DateTimeField(auto_now_add=True)

    objects = SearchQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        verbose_name_plural = "searches"
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="search_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return f"Search of {self.created:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("gallery:search", args=[self.pk])

    @property
    def regions(self) -> Regions:
        """The state as boolean arrays over the superpixels."""
        from selector.regions import Selection as Regions

        return Regions.unpack(bytes(self.state), self.label_map.n_superpixels)

    def rise(self) -> None:
        """Come first in the history: it has been asked again."""
        self.created = timezone.now()
        Search.objects.filter(pk=self.pk).update(created=self.created)

    def refine(self, options: dict[str, Any]) -> None:
        """Ask with other options from now on, at the same address."""
        self.options = options
        Search.objects.filter(pk=self.pk).update(options=options)

    def judge(self, image: GalleryImage, nodes: list[int], *, liked: bool) -> Feedback | None:
        """Note that a hit is liked or disliked; saying the same again takes it back, and then there is none."""
        taken_back, _ = self.feedback.filter(image=image, liked=liked).delete()
        if taken_back:
            return None
        feedback: Feedback
        feedback, _ = self.feedback.update_or_create(image=image, defaults={"nodes": nodes, "liked": liked})
        return feedback


class Feedback(models.Model):
    """What somebody thinks of a hit. Regions are named by their nodes: those outlive another indexing."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="feedback")
    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="+")
    nodes = models.JSONField(help_text="Of the merge tree: the region that matched each part asked for.")
    liked = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "image"], name="feedback_once_per_image")]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{'Liked' if self.liked else 'Disliked'} {self.image_id}"


class KeptRanking(models.Model):
    """The order of an answer, so that its pages fit together whatever is indexed or deleted meanwhile. Derived."""

    LIFETIME = datetime.timedelta(days=1)

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="rankings")
    data = models.BinaryField(help_text="Arrays, as numpy saves them.")
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = KeptQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Ranking of {self.search_id}"


class DemoCollection(models.Model):
    """Says that the demo collection has been loaded: whoever deletes its images does not get them again."""

    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Demo collection of {self.started:%Y-%m-%d}"
