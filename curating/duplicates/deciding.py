"""What a curator does with two images that may be copies: fold, keep one, merge tags, or say that they differ.

Each image's history in the admin says who did what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.db import transaction

from curating.duplicates.handing_over import hand_over, is_same_picture
from curating.models import DuplicatePair, KnownCopy
from gallery.models import GalleryImage, Search
from selector.models import Selection

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What the kept image takes over where it has nothing itself. It has a title.
TAKEN_OVER = ("description", "creator", "licence", "source_url", "taken")
WORDS = {"source_url": "source", "taken": "date"}


class Gone(Exception):
    """One of the two is not in the public collection any more, or they have been decided on."""


@dataclass(frozen=True)
class Loss:
    """What people lose when an image is deleted: how many, never whose."""

    n_searches: int
    n_selections: int


def loss_of(kept: GalleryImage, copy: GalleryImage) -> Loss:
    """What goes with a copy: searches and selections made on it, which name its superpixels."""
    if is_same_picture(kept, copy):
        return Loss(0, 0)
    maps = copy.photo.label_maps.all()
    searches, selections = Search.objects.filter(label_map__in=maps), Selection.objects.filter(label_map__in=maps)
    return Loss(searches.count(), selections.count())


@transaction.atomic
def fold(pair: DuplicatePair, kept_id: int, user: User) -> GalleryImage:
    """Delete the other image; its tags, and metadata that the kept one lacks, go over to that."""
    kept, copy = _locked(pair, kept_id)
    took = _take_over(kept, copy)
    taken = f" It took over: {', '.join(took)}." if took else ""
    _log(user, kept, f"Folded image {copy.pk} into this one, as a copy of it.{taken}")
    _delete(pair, kept, copy, user)
    return kept


@transaction.atomic
def keep(pair: DuplicatePair, kept_id: int, user: User) -> GalleryImage:
    """Delete the other image, with what is known of it."""
    kept, copy = _locked(pair, kept_id)
    _log(user, kept, f"Kept; image {copy.pk}, a copy of it, was deleted.")
    _delete(pair, kept, copy, user)
    return kept


@transaction.atomic
def merge_tags(pair: DuplicatePair, user: User) -> None:
    """Let both images have the tags of both; they stay proposed."""
    for image, other in (images := _locked(pair, pair.first_id), images[::-1]):
        if added := _add_tags(image, other):
            _log(user, image, f"Took over tags of image {other.pk}: {', '.join(added)}.")


@transaction.atomic
def set_different(pair: DuplicatePair, user: User, *, are_different: bool = True) -> None:
    """Store that the two are different pictures, which is never asked again; or propose them once more."""
    images = _locked(pair, pair.first_id)
    pair.decide(DuplicatePair.State.DIFFERENT if are_different else DuplicatePair.State.PROPOSED)
    for image, other in (images, images[::-1]):
        verdict = "not the same picture as" if are_different else "perhaps a copy of"
        _log(user, image, f"Said to be {verdict} image {other.pk}.")


def _locked(pair: DuplicatePair, kept_id: int) -> tuple[GalleryImage, GalleryImage]:
    """The image to keep and the other one, for this transaction."""
    keys = (pair.first_id, pair.second_id)
    # The photos, too: whether they are public must stay so.
    rows = GalleryImage.objects.public().select_related("photo").filter(pk__in=keys).order_by("pk").select_for_update()
    images = {image.pk: image for image in rows}
    if len(images) < 2 or kept_id not in images or not DuplicatePair.objects.filter(pk=pair.pk).exists():
        raise Gone
    kept = images.pop(kept_id)
    return kept, images.popitem()[1]


def _take_over(kept: GalleryImage, copy: GalleryImage) -> list[str]:
    """Fill what the kept image lacks; what that was, in words."""
    lacking = [name for name in TAKEN_OVER if not getattr(kept, name) and getattr(copy, name)]
    for name in lacking:
        setattr(kept, name, getattr(copy, name))
    if lacking:
        # No other column: the worker may be setting the status right now.
        kept.save(update_fields=lacking)
    return [WORDS.get(name, name) for name in lacking] + (["tags"] if _add_tags(kept, copy) else [])


def _add_tags(image: GalleryImage, other: GalleryImage) -> list[str]:
    has = set(image.tags.names())
    added = sorted(name for name in other.tags.names() if name not in has)
    image.tags.add(*added)
    return added


def _delete(pair: DuplicatePair, kept: GalleryImage, copy: GalleryImage, user: User) -> None:
    hand_over(kept, copy, is_mirrored=pair.is_mirrored)
    KnownCopy.objects.filter(image=copy).update(image=kept)
    if copy.photo.original_sha256 != kept.photo.original_sha256:
        KnownCopy.objects.update_or_create(sha256=copy.photo.original_sha256, defaults={"image": kept})
    _keep_pairs(pair, kept, copy)
    _log(user, copy, f"Deleted as a copy of image {kept.pk}.", DELETION)
    copy.delete()


def _keep_pairs(pair: DuplicatePair, kept: GalleryImage, copy: GalleryImage) -> None:
    """Let the kept image be paired with what the copy was paired with: a chain of copies must not break."""
    others = DuplicatePair.objects.of(copy).proposed().exclude(pk=pair.pk)
    moved = []
    for other in others:
        far = other.second_id if other.first_id == copy.pk else other.first_id
        first, second = sorted((kept.pk, far))
        mirrored = other.is_mirrored != pair.is_mirrored
        moved.append(
            DuplicatePair(
                first_id=first, second_id=second, kind=DuplicatePair.Kind.CHANGED, is_mirrored=mirrored,
                distance=max(other.distance, pair.distance),
            )
        )  # fmt: skip
    DuplicatePair.objects.bulk_create(moved, ignore_conflicts=True)


def _log(user: User, image: GalleryImage, sentence: str, action: int = CHANGE) -> None:
    LogEntry.objects.log_actions(user.pk, [image], action, sentence, single_object=True)
