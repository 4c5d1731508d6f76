"""Searches of one person, and their feedback on the answers."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from gallery.models.collection import GalleryImage
from gallery.models.index import Kept, KeptQuerySet
from selector.models.photos import LabelMap, Owned, OwnedQuerySet, Photo
from selector.people import Person
from selector.selection.selection import SuperpixelSelection


class SearchQuerySet(OwnedQuerySet["Search"]):
    """Of searches."""

    def find_or_create(
        self, person: Person, label_map: LabelMap, state: bytes, options: dict[str, Any] | None = None
    ) -> Search:
        """The person's search for a selection with these options; one that exists becomes the latest in the history.

        Parameters
        ----------
        person : Person
            An account or a known visitor.
        label_map : LabelMap
            What the selection was made on.
        state : bytes
            `SuperpixelSelection.pack()` of the selection.
        options : dict, optional
            `Options.to_json()`; none by default.
        """
        columns: dict[str, Any] = {**person.as_fields(), "state": state, "options": options or {}}
        with transaction.atomic():
            # Locked, so that of two at once the second finds what the first has made. A constraint cannot do that:
            # a search may be refined until it is the same as another.
            list(LabelMap.objects.select_for_update(no_key=True).filter(pk=label_map.pk).values_list("pk"))
            found = label_map.searches.filter(**columns).first()
            if found is None:
                return label_map.searches.create(**columns)
            found.touch()
            return found

    def with_discarded(self, person: Person) -> Self:
        """The person's own searches on photos that they may still see, deleted ones among them."""
        return self.owned_by(person).filter(label_map__photo__in=Photo.objects.visible_to(person))

    def visible_to(self, person: Person) -> Self:
        """The person's own searches, on photos that they may still look at."""
        return self.with_discarded(person).kept()

    def kept(self) -> Self:
        """Those that are not discarded."""
        return self.filter(discarded=None)

    def outdated(self) -> Self:
        """Those that were discarded so long ago that nobody brings them back."""
        return self.filter(discarded__lt=timezone.now() - Search.BROUGHT_BACK_WITHIN)


class Search(Owned):
    """A selection to search for, with options. Its address gives the same search later, whatever is selected then."""

    BROUGHT_BACK_WITHIN = datetime.timedelta(days=1)
    LONGEST_NAME = 120
    # So many of its hits the history shows.
    BEST = 3

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="searches")
    state = models.BinaryField()
    # `Options.to_json()`: those that differ from the default.
    options = models.JSONField(default=dict, blank=True)
    # The history shows the latest first.
    last_asked = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=LONGEST_NAME, blank=True)
    is_pinned = models.BooleanField(default=False)
    # Images of the latest answer; what the person may still see of them is shown.
    best = models.JSONField(default=list, blank=True, help_text="Keys of the images that came first, best first.")
    discarded = models.DateTimeField(null=True, blank=True, editable=False, help_text="Since when it is deleted.")

    objects = SearchQuerySet.as_manager()

    class Meta:
        ordering = ["-last_asked"]
        verbose_name_plural = "searches"
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="search_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return f"Search of {self.last_asked:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        """Address of the answer's page."""
        return reverse("gallery:search", args=[self.pk])

    @property
    def superpixels(self) -> SuperpixelSelection:
        """The stored selection."""
        return SuperpixelSelection.unpack(bytes(self.state), self.label_map.n_superpixels)

    def touch(self) -> None:
        """Note that the search was asked again, now: one that was discarded is back."""
        self.last_asked, self.discarded = timezone.now(), None
        Search.objects.filter(pk=self.pk).update(last_asked=self.last_asked, discarded=None)

    def rename(self, name: str) -> None:
        """Give it a name of the person's own; an empty one takes that away."""
        self.name = name
        Search.objects.filter(pk=self.pk).update(name=name)

    def pin(self, is_pinned: bool) -> None:
        """Keep it before all others in the history, or no longer."""
        self.is_pinned = is_pinned
        Search.objects.filter(pk=self.pk).update(is_pinned=is_pinned)

    def discard(self) -> None:
        """Delete it, but so that it can be brought back for a day."""
        self.discarded = timezone.now()
        Search.objects.filter(pk=self.pk).update(discarded=self.discarded)

    def bring_back(self) -> None:
        """Undo `discard`."""
        self.discarded = None
        Search.objects.filter(pk=self.pk).update(discarded=None)

    def note_best(self, image_ids: list[int]) -> None:
        """Note which images came first in the latest answer."""
        if image_ids != self.best:
            self.best = image_ids
            Search.objects.filter(pk=self.pk).update(best=image_ids)

    def refine(self, options: dict[str, Any]) -> None:
        """Store other options; the address stays."""
        self.options = options
        Search.objects.filter(pk=self.pk).update(options=options)

    def judgement_of(self, image: GalleryImage) -> str:
        """What the person thinks of a hit: "like", "dislike", or nothing."""
        liked = self.feedback.filter(image=image).values_list("liked", flat=True).first()
        return {True: "like", False: "dislike", None: ""}[liked]

    def toggle_feedback(self, image: GalleryImage, nodes: list[int], *, liked: bool) -> Feedback | None:
        """Store that a hit is liked or disliked, instead of feedback given before.

        The same feedback again takes it back: then the answer is None.

        Parameters
        ----------
        image : GalleryImage
        nodes : list of int
            The node of the region that matched, for each part that was searched for.
        liked : bool
            False for disliked.
        """
        taken_back, _ = self.feedback.filter(image=image, liked=liked).delete()
        if taken_back:
            return None
        return self.judge(image, nodes, liked=liked)

    def judge(self, image: GalleryImage, nodes: list[int], *, liked: bool) -> Feedback:
        """Store that a hit is liked or disliked, instead of feedback given before."""
        feedback, _ = self.feedback.update_or_create(image=image, defaults={"nodes": nodes, "liked": liked})
        return feedback


class Feedback(models.Model):
    """That a hit is liked or disliked. Its regions are named by their nodes, which stay the same when it is indexed
    again."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="feedback")
    image = models.ForeignKey(GalleryImage, on_delete=models.CASCADE, related_name="+")
    nodes = models.JSONField(help_text="Of the merge tree: the region that matched each part asked for.")
    liked = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "image"], name="feedback_once_per_image")]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{'Liked' if self.liked else 'Disliked'} {self.image_id}"


class KeptRanking(Kept):
    """The ranking of an answer, stored so that its pages fit together whatever is indexed or deleted meanwhile."""

    LIFETIME = datetime.timedelta(days=1)

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="rankings")
    options = models.JSONField(default=dict, help_text="Of the search, when it was asked: to go on by the same ones.")
    data = models.BinaryField(help_text="Arrays, as numpy saves them.")

    objects = KeptQuerySet["KeptRanking"].as_manager()

    def __str__(self) -> str:
        return f"Ranking of {self.search_id}"
