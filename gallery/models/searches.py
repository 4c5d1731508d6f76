"""Searches: what one person asked, and said about the answer."""

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
            known = self.filter(**question).first()
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
    # A search that is asked again comes first in the history.
    last_asked = models.DateTimeField(auto_now_add=True)

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
        return reverse("gallery:search", args=[self.pk])

    @property
    def superpixels(self) -> SuperpixelSelection:
        """The state as boolean arrays over the superpixels."""
        return SuperpixelSelection.unpack(bytes(self.state), self.label_map.n_superpixels)

    def rise(self) -> None:
        """Come first in the history: it has been asked again."""
        self.last_asked = timezone.now()
        Search.objects.filter(pk=self.pk).update(last_asked=self.last_asked)

    def refine(self, options: dict[str, Any]) -> None:
        """Ask with other options from now on, at the same address."""
        self.options = options
        Search.objects.filter(pk=self.pk).update(options=options)

    def judge(self, image: GalleryImage, nodes: list[int], *, liked: bool) -> Feedback | None:
        """Note that a hit is liked or disliked; saying the same again takes it back, and then there is none."""
        taken_back, _ = self.feedback.filter(image=image, liked=liked).delete()
        if taken_back:
            return None
        feedback, _ = self.feedback.update_or_create(image=image, defaults={"nodes": nodes, "liked": liked})
        return feedback


class Feedback(models.Model):
    """What somebody thinks of a hit. SuperpixelSelection are named by their nodes: those outlive another indexing."""

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
    """The order of an answer, so that its pages fit together whatever is indexed or deleted meanwhile. Derived."""

    LIFETIME = datetime.timedelta(days=1)

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="rankings")
    data = models.BinaryField(help_text="Arrays, as numpy saves them.")

    objects = KeptQuerySet["KeptRanking"].as_manager()

    def __str__(self) -> str:
        return f"Ranking of {self.search_id}"
