"""The collection: what people keep."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Self

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import models, transaction
from django.db.models import Exists, Q
from django.urls import reverse
from django.utils import timezone
from taggit.managers import TaggableManager
from taggit.models import Tag

from gallery.models.folding import Folded, folded
from gallery.models.tags import NormalisedTags, normalised
from selector.models.photos import Photo
from selector.people import Person

MOST_WORDS = 8
MOST_TAGS_OF_A_WORD = 1000


def words_of(text: str) -> list[str]:
    """The words to look for, without accents; none of a text without letters and digits."""
    return re.findall(r"\w+", folded(text))[:MOST_WORDS]


def beginning_with(word: str) -> SearchQuery:
    """Texts with a word that begins like this one of `words_of`."""
    return SearchQuery(f"{word}:*", search_type="raw", config="simple")


def tags_with(word: str) -> list[int]:
    """Keys of tags with a word that begins like this one of `words_of`."""
    named = Tag.objects.annotate(folded=Folded("name")).filter(folded__iregex=rf"\m{word}")
    return list(named.order_by("pk").values_list("pk", flat=True)[:MOST_TAGS_OF_A_WORD])


class GalleryImageQuerySet(models.QuerySet["GalleryImage"]):
    """Of gallery images."""

    def public(self) -> Self:
        """The public collection, without what is withdrawn from it."""
        return self.filter(photo__is_public=True)

    def curated(self) -> Self:
        """What curators look after: the public collection, and what is withdrawn from it."""
        return self.filter(Q(photo__is_public=True) | Q(withdrawn__isnull=False))

    def withdrawn(self) -> Self:
        """What was in the public collection and may come back: only curators see it."""
        return self.filter(withdrawn__isnull=False)

    def visible_to(self, person: Person) -> Self:
        """The public collection and the person's own private one."""
        if not person.is_known:
            return self.public()
        mine = Q(**{f"photo__{field}": value for field, value in person.as_fields().items()})
        return self.filter(Q(photo__is_public=True) | mine)

    def other_than(self, photo: Photo) -> Self:
        """Without a photo and all photos made from the same file."""
        return self.exclude(photo__original_sha256=photo.original_sha256)

    def indexed(self) -> Self:
        """Images that can be found."""
        return self.filter(status=GalleryImage.Status.INDEXED)

    def pending(self) -> Self:
        """Images that the worker has yet to index."""
        return self.filter(status=GalleryImage.Status.PENDING)

    def failed(self) -> Self:
        """Images that could not be indexed."""
        return self.filter(status=GalleryImage.Status.FAILED)

    def owned_by(self, person: Person) -> Self:
        """The person's own private collection."""
        if not person.is_known:
            return self.none()
        mine = {f"photo__{field}": value for field, value in person.as_fields().items()}
        return self.filter(photo__is_public=False, **mine)

    def tagged(self, tag: str) -> Self:
        """Images with this tag, or with one that begins like it where no image has exactly this one.

        Upper and lower case are the same.
        """
        name = normalised(tag)
        exactly = GalleryImage.objects.filter(tags__name__iexact=name)
        found = exactly if exactly.exists() else GalleryImage.objects.filter(tags__name__istartswith=name)
        return self.filter(pk__in=found.values("pk"))

    def licensed(self, licence: str) -> Self:
        """Images under this licence, in any version: "CC BY" is "CC BY 4.0", but not "CC BY-NC 4.0".

        Where no image has it, those under one that begins like it.
        """
        wholly = Q(licence__iexact=licence) | Q(licence__istartswith=f"{licence} ")
        is_known = GalleryImage.objects.filter(wholly).exists()
        return self.filter(wholly if is_known else Q(licence__istartswith=licence))

    def saying(self, text: str) -> Self:
        """Images of which title, description, creator or tags have words that begin with each word of a text.

        Accents do not count, on either side.
        """
        images = self
        for word in words_of(text):
            # Asked first: most words are in no tag, and then an index answers.
            tags = tags_with(word)
            tagged = GalleryImage.tags.through.objects.filter(tag__in=tags).order_by().values("object_id")
            query = beginning_with(word)
            images = images.filter(Q(told=query) | Q(pk__in=tagged) if tags else Q(told=query))
        return images

    def made_by(self, creator: str) -> Self:
        """Images whose creator's name contains this text; upper and lower case are the same."""
        return self.filter(creator__icontains=creator)

    def made_between(self, first: datetime.date | None, last: datetime.date | None) -> Self:
        """Images made from the first day to the last, both included; None sets no limit.

        Images without a date are left out where there is a limit.
        """
        images = self if first is None else self.filter(taken__gte=first)
        return images if last is None else images.filter(taken__lte=last)

    def counts_by_status(self) -> dict[str, int]:
        """How many images have each status, none left out."""
        found = dict(self.order_by().values_list("status").annotate(models.Count("pk")))
        return {status: found.get(status, 0) for status in GalleryImage.Status.values}

    def unhashed(self) -> Self:
        """Indexed images without a perceptual hash: they were indexed before there were any."""
        return self.indexed().filter(perceptual_hash=None)

    def lacking(self, space_id: int) -> Self:
        """Indexed images without a vector in a descriptor space."""
        return self.indexed().exclude(vectors__space=space_id)

    def without_cells(self, space_id: int) -> Self:
        """Indexed images without a map of cells in a descriptor space, where there may be one."""
        # By its name: the index is derived from the collection.
        learned = apps.get_model("gallery", "CellProjection").objects.filter(pk=space_id)
        return self.indexed().filter(Exists(learned)).exclude(cell_maps__space=space_id)

    def behind(self, space_ids: Iterable[int]) -> Self:
        """Images that are not fully indexed in these spaces. Those that failed are left out: they wait for a person."""
        keys = list(space_ids)
        waiting = [self.pending(), self.unhashed(), *(self.lacking(key) for key in keys)]
        waiting += [self.without_cells(key) for key in keys]
        return reduce(or_, waiting)

    @transaction.atomic
    def withdraw(self) -> int:
        """Take those that are public out of the collection, for curators to bring back; says how many these were.

        Their photos are nobody's then: all that asks whether a photo is public, or whose it is, leaves them out.
        """
        keys = list(self.public().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        Photo.objects.filter(gallery_image__in=keys).update(is_public=False, owner=None, visitor=None)
        return GalleryImage.objects.filter(pk__in=keys).update(withdrawn=timezone.now())

    @transaction.atomic
    def publish(self) -> int:
        """Bring those back that are withdrawn; says how many these were."""
        keys = list(self.withdrawn().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        Photo.objects.filter(gallery_image__in=keys, owner=None, visitor=None).update(is_public=True)
        return GalleryImage.objects.filter(pk__in=keys).update(withdrawn=None)

    def keys_forward(self, batch: int = 500) -> Iterator[int]:
        """Primary keys, upward, by one query for each batch.

        Rows that change or fail meanwhile are neither repeated nor a reason to stop.
        """
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
    tags = TaggableManager(blank=True, manager=NormalisedTags)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_index=True, editable=False)
    error = models.TextField(blank=True, editable=False, help_text="Why it could not be indexed.")
    failures = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="How often in a row indexing it has failed, or ended the process that did it.",
    )
    perceptual_hash = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="What the working copy looks like as a whole; copies have nearly equal ones.",
    )
    # In no language: words stay as they are, but for accents. Stored, since making them takes a second where all images
    # are looked at.
    told = models.GeneratedField(
        expression=(
            SearchVector(Folded("title"), weight="A", config="simple")
            + SearchVector(Folded("creator"), weight="B", config="simple")
            + SearchVector(Folded("description"), weight="D", config="simple")
        ),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )
    withdrawn = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Since when it is out of the public collection, its photo being nobody's; None for all others.",
    )
    created = models.DateTimeField(auto_now_add=True)

    # What indexing an image sets.
    SETTLED = ("status", "error", "failures", "perceptual_hash")

    objects = GalleryImageQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        # For the lists of curators, which begin at either end.
        indexes = [
            models.Index(fields=["created", "id"], name="images_by_age"),
            models.Index(fields=["title", "id"], name="images_by_title"),
            models.Index(fields=["withdrawn"], name="images_withdrawn", condition=Q(withdrawn__isnull=False)),
            GinIndex(fields=["told"], name="images_by_words"),
        ]

    def __str__(self) -> str:
        # Logs and the admin show this: the title may be of a private image.
        return f"Image {self.pk}"

    def get_absolute_url(self) -> str:
        """Address of the page about the image."""
        return reverse("gallery:details", args=[self.pk])

    @property
    def shown_title(self) -> str:
        """Its title for people."""
        return self.title if self.is_titled else "Untitled"

    @property
    def is_titled(self) -> bool:
        """Whether its title says anything; one without a letter is the number of a file."""
        return any(map(str.isalpha, self.title))

    @property
    def credit(self) -> str:
        """Whose it is, ready to be put under the picture."""
        named = f"“{self.shown_title}”" + (f" by {self.creator}" if self.creator else "")
        return ", ".join(filter(None, (named, self.licence, self.source_url)))

    @property
    def is_curated(self) -> bool:
        """Whether curators look after it, and not a person of their own."""
        return self.photo.is_public or self.withdrawn is not None

    def own_regions(self, region_ids: Sequence[int]) -> list[int]:
        """Those of some regions that are this image's, in their order."""
        known = set(self.regions.filter(pk__in=region_ids).values_list("pk", flat=True)) if region_ids else set()
        return [region_id for region_id in region_ids if region_id in known]

    def mark_pending(self) -> None:
        """Store that the image is waiting to be indexed."""
        self._set_status(self.Status.PENDING)

    def mark_failed(self, sentence: str) -> None:
        """Store that the image could not be indexed, and why."""
        self._set_status(self.Status.FAILED, sentence)

    def note_failure(self) -> None:
        """Count one more time that indexing it has failed."""
        self.failures += 1
        GalleryImage.objects.filter(pk=self.pk).update(failures=self.failures)

    def forget_failures(self) -> None:
        """Store that indexing it has succeeded."""
        if self.failures:
            self.failures = 0
            GalleryImage.objects.filter(pk=self.pk).update(failures=0)

    def settle_as_indexed(self, perceptual_hash: int) -> None:
        """Note that it is indexed, by its `SETTLED` fields, which the caller saves."""
        self.status, self.error, self.failures = self.Status.INDEXED, "", 0
        self.perceptual_hash = perceptual_hash

    def set_hash(self, value: int) -> None:
        """Store the perceptual hash."""
        self.perceptual_hash = value
        GalleryImage.objects.filter(pk=self.pk).update(perceptual_hash=value)

    def _set_status(self, status: str, error: str = "") -> None:
        self.status, self.error = status, error
        # Only these columns: the others may be edited at the same time. An image deleted meanwhile stays deleted.
        GalleryImage.objects.filter(pk=self.pk).update(status=status, error=error)


class DemoCollection(models.Model):
    """A record that the demo collection was loaded: images of it that are deleted later are not loaded again."""

    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Demo collection of {self.started:%Y-%m-%d}"
