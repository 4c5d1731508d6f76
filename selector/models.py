"""Photos, their label maps, and what people select on them."""

from __future__ import annotations

import hashlib
import secrets
import uuid
import zlib
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, Q
from django.urls import reverse

from selector.people import Person
from selector.signals import adopted

if TYPE_CHECKING:
    from collections.abc import Callable

    from selector.regions import Selection as Regions

# Steps of history kept for one selection; the oldest go first.
HISTORY_LENGTH = 500
# Tabs whose last gesture number is remembered for one selection.
TABS_REMEMBERED = 20


class OwnedQuerySet(models.QuerySet[Any]):
    def owned_by(self, person: Person) -> Self:
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
        if person.user is not None:
            return self.owner_id == person.user.pk
        return person.visitor is not None and self.visitor == person.visitor


class PhotoQuerySet(OwnedQuerySet):
    def visible_to(self, person: Person) -> Self:
        """Public photos and the person's own."""
        if not person.is_known:
            return self.filter(is_public=True)
        return self.filter(Q(is_public=True) | Q(**person.as_fields()))

    def private_to(self, person: Person) -> Self:
        """What the person added and may change; an image of the public collection is nobody's to change here."""
        return self.owned_by(person).filter(is_public=False)


def original_path(photo: Photo, filename: str) -> str:
    return f"originals/{photo.pk.hex[:2]}/{photo.pk}"


def working_path(photo: Photo, filename: str) -> str:
    return f"photos/{photo.pk.hex[:2]}/{photo.pk}/{filename}"


class Photo(Owned):
    """One image file and its working copy, from which everything else is computed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, help_text="The file name it came with, until somebody renames it.")
    is_public = models.BooleanField(default=False, help_text="In the public collection: everyone sees it.")
    original = models.FileField(upload_to=original_path, max_length=200)
    original_type = models.CharField(max_length=50, help_text="MIME type of the original.")
    original_sha256 = models.CharField(max_length=64, db_index=True)
    working = models.FileField(upload_to=working_path, max_length=200)
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

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(visitor__isnull=True), name="photo_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("selector:workspace", args=[self.pk])

    def rename(self, name: str) -> None:
        self.name = name
        self.save(update_fields=["name"])

    @property
    def stem(self) -> str:
        """Its name without what tells the format."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def version(self) -> str:
        """Names the working copy's content in URLs that may be cached for ever."""
        return self.working_sha256[:16]

    @property
    def thumbnail_url(self) -> str:
        return reverse("selector:thumbnail", args=[self.pk, self.version])

    @property
    def working_url(self) -> str:
        return reverse("selector:working_copy", args=[self.pk, self.version])


def label_map_path(label_map: LabelMap, filename: str) -> str:
    return f"label_maps/{label_map.photo_id.hex[:2]}/{label_map.photo_id}/{filename}"


class LabelMap(models.Model):
    """The superpixels of a photo and their merge tree.

    Computed, but more than a cache: superpixels mean something by their numbers alone. Deleting a row deletes all
    selections, links and searches made on it, and what is indexed of the photo.
    """

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="label_maps")
    working_sha256 = models.CharField(max_length=64, help_text="The working copy it was computed on.")
    engine = models.CharField(max_length=50)
    parameters = models.CharField(max_length=200, help_text="Canonical JSON.")
    n_superpixels = models.PositiveIntegerField(help_text="Obtained, not asked for.")
    # gzip of little-endian uint16 (H, W): the very bytes that the browser is sent.
    labels = models.FileField(upload_to=label_map_path, max_length=200)
    # zlib of Hierarchy.to_bytes(); a few kilobytes, so it lives in the row.
    hierarchy = models.BinaryField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "working_sha256", "engine", "parameters"], name="label_map_once_per_parameters"
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo} ({self.engine}, {self.n_superpixels} superpixels)"


class SelectionQuerySet(OwnedQuerySet):
    def locked(self) -> Self:
        """For the length of the transaction: two clicks at once are applied one after the other."""
        return self.select_for_update(of=("self",))


def unpacked(row: Selection | SharedSelection) -> Regions:
    """A stored state as boolean arrays over the superpixels."""
    from selector.regions import Selection as Regions

    return Regions.unpack(bytes(row.state), row.label_map.n_superpixels)


class Selection(Owned):
    """What one person included and excluded on one photo, with its history.

    `state` is `regions.Selection.pack()`. A step of the history is the XOR between two states, so undoing and redoing
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
    def regions(self) -> Regions:
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

    def apply(self, gesture: Callable[[Regions], Regions]) -> bool:
        """Change the selection by a pure function and append the step; False when it changes nothing.

        Call this, `undo` and `redo` on a locked row.
        """
        from selector.regions import change

        before = self.regions
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
        self.state = self.regions.xor(delta).pack()
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
    def regions(self) -> Regions:
        return unpacked(self)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def adopt(visitor: uuid.UUID, owner: Any) -> None:
    """Hand a visitor's photos, selections and links to the account they signed in to.

    A photo that both have selected on keeps the visitor's selection: it is the newer one, on the screen right now.
    """
    with transaction.atomic():
        Photo.objects.filter(visitor=visitor).update(visitor=None, owner=owner)
        mine = Selection.objects.filter(visitor=visitor)
        Selection.objects.filter(owner=owner, label_map__in=mine.values("label_map")).delete()
        mine.update(visitor=None, owner=owner)
        SharedSelection.objects.filter(visitor=visitor).update(visitor=None, owner=owner)
        adopted.send(Photo, visitor=visitor, user=owner)
