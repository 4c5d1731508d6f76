"""Photos of people's own that they offer to the public collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from gallery.collection.importing import Details
from gallery.models import GalleryImage
from selector.models import Photo

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class OfferQuerySet(models.QuerySet["Offer"]):
    """Of offers."""

    def waiting(self) -> Self:
        """Those that nobody has decided yet; of accounts that are closed there are none."""
        return self.filter(state=Offer.State.WAITING, owner__is_active=True)

    def with_copies(self) -> Self:
        """Each with `is_there`: whether the public collection has the same file already."""
        same = GalleryImage.objects.public().filter(photo__original_sha256=OuterRef("photo__original_sha256"))
        return self.annotate(is_there=Exists(same))


def gone_unless_taken(collector: Any, field: Any, offers: models.QuerySet[Offer], using: str) -> None:
    """What becomes of the offers of photos that are deleted: they go, but for those that are in the collection now.

    By these is known who has agreed to that.
    """
    taken = offers.filter(state="approved")
    models.SET_NULL(collector, field, taken, using)
    models.CASCADE(collector, field, offers.exclude(state="approved"), using)


class Offer(models.Model):
    """A person's photo, offered to the public collection with what is to be said of it there.

    Making one is the person's consent to have it published under the licence.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "not taken"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    photo = models.ForeignKey(Photo, on_delete=gone_unless_taken, null=True, blank=True, related_name="offers")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    creator = models.CharField(max_length=200)
    licence = models.CharField(max_length=200)
    tags = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="Why it was not taken; its owner reads it.")
    image = models.ForeignKey(GalleryImage, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True, help_text="When its owner agreed to have it published.")

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["created", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["photo"], condition=models.Q(state="waiting"), name="offer_waits_once_per_photo"
            )
        ]
        indexes = [models.Index(fields=["state", "created", "id"], name="offers_by_state")]

    def __str__(self) -> str:
        # Logs show this: the title is its owner's.
        return f"Offer {self.pk}"

    @property
    def details(self) -> Details:
        """What is to be said of it in the collection."""
        return Details(
            title=self.title,
            description=self.description,
            creator=self.creator,
            licence=self.licence,
            tags=tuple(self.tags),
        )

    def approve(self, image: GalleryImage, decided_by: User) -> bool:
        """Store that it is in the collection now; False when it does not wait any more."""
        return self._decide(decided_by, state=self.State.APPROVED, image=image)

    def reject(self, reason: str, decided_by: User) -> bool:
        """Store why it is not taken; False when it does not wait any more."""
        return self._decide(decided_by, state=self.State.REJECTED, reason=reason)

    def _decide(self, decided_by: User, **columns: Any) -> bool:
        # By condition: it may be withdrawn, or decided by somebody else, at this moment.
        waiting = Offer.objects.filter(pk=self.pk, state=self.State.WAITING)
        return bool(waiting.update(decided_by=decided_by, decided=timezone.now(), **columns))
