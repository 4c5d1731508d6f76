"""What people select on photos, and what they share of it."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from typing import TYPE_CHECKING, Any, Self

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


class SelectionQuerySet(OwnedQuerySet["Selection"]):
    """Of selections."""

    def locked(self) -> Self:
        """The same rows, locked until the transaction ends: two clicks at once are applied one after the other."""
        return self.select_for_update(of=("self",))


def unpacked(row: Selection | SharedSelection) -> SuperpixelSelection:
    """The stored selection of a row."""
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
        """The stored selection."""
        return unpacked(self)

    @property
    def version(self) -> str:
        """A hash of the label map and the state, for addresses that may be cached without limit."""
        return hashlib.sha256(b"%d:" % self.label_map_id + bytes(self.state)).hexdigest()[:16]

    @property
    def thumbnail_url(self) -> str:
        """Address of a picture of what is included, to be laid over the photo's thumbnail."""
        return reverse("selector:selection_thumbnail", args=[self.pk, self.version])

    @property
    def revision(self) -> str:
        """A short text that changes with everything that a page shows of the selection."""
        return f"{self.position}.{self.length}.{zlib.crc32(self.state):08x}"

    def has_seen(self, tab: str, number: int) -> bool:
        """Whether this gesture of a tab, or a later one, has been applied."""
        return bool(tab) and number <= dict(self.tabs).get(tab, 0)

    def was_last_changed_by(self, tab: str, number: int) -> bool:
        """Whether this gesture of a tab was the last that has been applied."""
        return bool(tab) and self.tabs[-1:] == [[tab, number]]

    def remember(self, tab: str, number: int) -> None:
        """Note that a gesture of a tab has been applied; the caller saves the row."""
        if tab:
            others = [entry for entry in self.tabs if entry[0] != tab]
            self.tabs = [*others[1 - TABS_REMEMBERED :], [tab, number]]

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self.position > max(0, self.length - HISTORY_LENGTH)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step."""
        return self.position < self.length

    def apply(
        self,
        gesture: Callable[[SuperpixelSelection], SuperpixelSelection],
        shown_object: dict[str, Any] | None = None,
    ) -> bool:
        """Change the selection by a pure function and append the step; False when it changes nothing.

        Call this, `undo`, `redo` and `take_back` on a locked row, and save it. A gesture that begins or refines an
        object says what it has shown of it (`ObjectInHand.as_step`).
        """
        before = self.superpixels
        delta = change(before, gesture(before))
        if not any(delta):
            return False
        if self.can_redo:
            self.steps.filter(number__gte=self.position).delete()
        self.steps.create(number=self.position, delta=delta, shown_object=shown_object)
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
        """Apply the step that was undone last again; False when there is none."""
        if not self.can_redo:
            return False
        self._move(self._delta(self.position), self.position + 1)
        return True

    def take_back(self) -> None:
        """Undo the last step for good: it leaves nothing to redo."""
        if self.undo():
            self.steps.filter(number__gte=self.position).delete()
            self.length = self.position

    def object_steps(self) -> list[dict[str, Any]]:
        """What the steps up to now have shown of the object that was begun last; empty where none was."""
        shown = self.steps.filter(number__lt=self.position, shown_object__isnull=False)
        begun = shown.filter(shown_object__has_key="evidence").order_by("-number").values("number")[:1]
        following = shown.filter(number__gte=begun).order_by("number")
        return [step for step in following.values_list("shown_object", flat=True) if step]

    def _delta(self, number: int) -> bytes:
        return bytes(self.steps.get(number=number).delta)

    def _move(self, delta: bytes, position: int) -> None:
        self.state = self.superpixels.xor(delta).pack()
        self.position = position


class SelectionStep(models.Model):
    """One step of a selection's history: the XOR of the states before and after it."""

    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    delta = models.BinaryField()
    # Undone and done again, an object is in hand again as it was: see `selector.selection.objects.in_hand`.
    shown_object = models.JSONField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "number"], name="selection_step_once_per_number")]

    def __str__(self) -> str:
        return f"Step {self.number} of selection {self.selection_id}"


class SharedSelectionQuerySet(OwnedQuerySet["SharedSelection"]):
    """Of links."""

    def on(self, photo: Photo) -> Self:
        """Links to selections on a photo."""
        return self.filter(label_map__photo=photo)

    def honoured(self) -> Self:
        """Links whose makers may still see the photo themselves: only these work."""
        photo = "label_map__photo__"
        theirs = Q(owner=F(f"{photo}owner")) | Q(visitor=F(f"{photo}visitor"))
        return self.filter(Q(**{f"{photo}is_public": True}) | theirs)

    def with_copies(self) -> Self:
        """The same rows with `n_copies`, the number of photos that were opened from each link and still exist."""
        return self.annotate(n_copies=Count("copies"))

    def share(self, selection: Selection, person: Person) -> str:
        """Make a link to a selection as it is now, and return the token that opens it. The token is not stored."""
        token = secrets.token_urlsafe(24)
        self.create(
            label_map=selection.label_map, state=selection.state, token_sha256=_sha256(token), **person.as_fields()
        )
        return token

    def with_token(self, token: str) -> Self:
        """The link that a token opens, if it works."""
        return self.honoured().filter(token_sha256=_sha256(token))


class SharedSelection(Owned):
    """A selection as it was when its owner made a link to it.

    Everyone who has the link may look at the photo and take a copy of both; deleting this row revokes it. Only a hash
    of the link's token is stored: who can read the database still cannot open the links.
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
        """The photo that the selection was made on."""
        return self.label_map.photo

    @property
    def superpixels(self) -> SuperpixelSelection:
        """The stored selection."""
        return unpacked(self)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
