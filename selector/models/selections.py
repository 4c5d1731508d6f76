"""What people select on photos, and what they share of it."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse

from selector.models.photos import LabelMap, Owned, OwnedQuerySet, Photo
from selector.people import Person
from selector.selection.selection import SuperpixelSelection, change

if TYPE_CHECKING:
    from collections.abc import Callable


# Steps of history kept for one selection; the oldest go first.
HISTORY_LENGTH = 500
# Tabs whose last gesture number is remembered for one selection.
TABS_REMEMBERED = 20


class SelectionQuerySet(OwnedQuerySet):
    def locked(self) -> Self:
        """For the length of the transaction: two clicks at once are applied one after the other."""
        return self.select_for_update(of=("self",))


def unpacked(row: Selection | SharedSelection) -> SuperpixelSelection:
    """A stored state as boolean arrays over the superpixels."""
    return SuperpixelSelection.unpack(bytes(row.state), row.label_map.n_superpixels)


class Selection(Owned):
    """What one person included and excluded on one photo, with its history.

    `state` is `SuperpixelSelection.pack()`. A step of the history is the XOR between two states, so undoing and redoing
    are the same operation; steps below `position` are applied, the ones above have been undone.
    """

    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="selections")
    state = models.BinaryField()
    position = models.PositiveIntegerField(default=0)
    length = models.PositiveIntegerField(default=0, help_text="Steps made, undone ones included.")
    # [tab, number of the last gesture applied from it], the latest tab last: a gesture sent twice is applied once.
    tabs = models.JSONField(default=list, editable=False)
    updated = models.DateTimeField(auto_now=True)

    objects = SelectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label_map", "owner"], name="selection_one_per_account"),
            models.UniqueConstraint(fields=["label_map", "visitor"], name="selection_one_per_visitor"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="selection_has_one_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"Selection {self.pk}"

    @property
    def superpixels(self) -> SuperpixelSelection:
        return unpacked(self)

    @property
    def version(self) -> str:
        """Names what is selected, and on which label map, in URLs that may be cached for ever."""
        return hashlib.sha256(b"%d:" % self.label_map_id + bytes(self.state)).hexdigest()[:16]

    @property
    def thumbnail_url(self) -> str:
        """What is included, to lie over the photo's thumbnail."""
        return reverse("selector:selection_thumbnail", args=[self.pk, self.version])

    @property
    def revision(self) -> str:
        """Differs when anything differs that a page shows of it."""
        return f"{self.position}.{self.length}.{zlib.crc32(self.state):08x}"

    def has_seen(self, tab: str, number: int) -> bool:
        return bool(tab) and number <= dict(self.tabs).get(tab, 0)

    def remember(self, tab: str, number: int) -> None:
        """Note the gesture as applied; saved with the step it makes."""
        if tab:
            others = [entry for entry in self.tabs if entry[0] != tab]
            self.tabs = [*others[1 - TABS_REMEMBERED :], [tab, number]]

    @property
    def can_undo(self) -> bool:
        return self.position > max(0, self.length - HISTORY_LENGTH)

    @property
    def can_redo(self) -> bool:
        return self.position < self.length

    def apply(self, gesture: Callable[[SuperpixelSelection], SuperpixelSelection]) -> bool:
        """Change the selection by a pure function and append the step; False when it changes nothing.

        Call this, `undo` and `redo` on a locked row.
        """
        before = self.superpixels
        delta = change(before, gesture(before))
        if not any(delta):
            return False
        if self.can_redo:
            self.steps.filter(number__gte=self.position).delete()
        self.steps.create(number=self.position, delta=delta)
        self._move(delta, self.position + 1)
        self.length = self.position
        if self.length > HISTORY_LENGTH:
            self.steps.filter(number__lt=self.length - HISTORY_LENGTH).delete()
        return True

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self.can_undo:
            return False
        self._move(self._delta(self.position - 1), self.position - 1)
        return True

    def redo(self) -> bool:
        """Apply the last step undone again; False when there is none."""
        if not self.can_redo:
            return False
        self._move(self._delta(self.position), self.position + 1)
        return True

    def _delta(self, number: int) -> bytes:
        return bytes(self.steps.get(number=number).delta)

    def _move(self, delta: bytes, position: int) -> None:
        self.state = self.superpixels.xor(delta).pack()
        self.position = position


class SelectionStep(models.Model):
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    delta = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "number"], name="selection_step_once_per_number")]

    def __str__(self) -> str:
        return f"Step {self.number} of selection {self.selection_id}"


class SharedSelectionQuerySet(OwnedQuerySet):
    def on(self, photo: Photo) -> Self:
        return self.filter(label_map__photo=photo)

    def honoured(self) -> Self:
        """Links to photos that whoever made them may still see themselves."""
        photo = "label_map__photo__"
        theirs = Q(owner=F(f"{photo}owner")) | Q(visitor=F(f"{photo}visitor"))
        return self.filter(Q(**{f"{photo}is_public": True}) | theirs)

    def with_copies(self) -> Self:
        """With `n_copies`, how many have been opened from each link and are still there."""
        return self.annotate(n_copies=Count("copies"))

    def share(self, selection: Selection, person: Person) -> str:
        """Make a link to a selection as it is now; the token that opens it, which nobody can tell again."""
        token = secrets.token_urlsafe(24)
        self.create(
            label_map=selection.label_map, state=selection.state, token_sha256=_sha256(token), **person.as_fields()
        )
        return token

    def with_token(self, token: str) -> Self:
        return self.honoured().filter(token_sha256=_sha256(token))


class SharedSelection(Owned):
    """A selection as it was when its owner made a link to it.

    Whoever has the link may look at the photo and take a copy of both; deleting this row revokes it. Of the link's
    token only a hash is kept: reading the database opens nobody's photos.
    """

    label_map = models.ForeignKey(LabelMap, on_delete=models.CASCADE, related_name="shared_selections")
    state = models.BinaryField()
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    objects = SharedSelectionQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="shared_selection_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return f"Link {self.pk}"

    @property
    def photo(self) -> Photo:
        return self.label_map.photo

    @property
    def superpixels(self) -> SuperpixelSelection:
        return unpacked(self)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
