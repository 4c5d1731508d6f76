"""One file of an import: into the collection with what is known of it, or refused with a sentence."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from curating.importing.opening import Wanted
from curating.metadata import read_embedded
from curating.models import ImportItem, KnownCopy
from curating.sources import CannotRead, Source
from gallery.collection.importing import Details, add_public, check_size
from gallery.models import GalleryImage
from selector.imaging.child import OutOfTime
from selector.imaging.imagefile import InvalidImage

TRIES = 3
KNOWN_COPY = "It was folded into this image as a copy."
# What a manifest can say of an image in its own columns.
COLUMNS = ("title", "description", "creator", "licence", "source_url", "taken")


def take(item: ImportItem, source: Source, wanted: Wanted) -> None:
    """Put a file into the collection, or update what is known of it there; store on its row what became of it.

    The row is part of the transaction that makes the image: a process that dies has done both or neither.
    """
    try:
        data = source.read(item.path, check_size)
        add_patiently(item, data, wanted)
    except (CannotRead, InvalidImage) as problem:
        item.settle(ImportItem.State.REFUSED, reason=str(problem))


def add_patiently(item: ImportItem, data: bytes, wanted: Wanted) -> None:
    """The same as `add`, tried again where reading took all its time: that may be because the machine is busy."""
    for tries_left in range(TRIES - 1, -1, -1):
        try:
            return add(item, data, wanted)
        except OutOfTime:
            if not tries_left:
                raise
    return None


def add(item: ImportItem, data: bytes, wanted: Wanted) -> None:
    """Put the bytes of a file into the collection; `InvalidImage` when they are no image."""

    def settle(image: GalleryImage, is_new: bool) -> None:
        if is_new:
            state = ImportItem.State.NEW
        else:
            is_updated = update(image, item.details or {})
            state = ImportItem.State.UPDATED if is_updated else ImportItem.State.KNOWN
        item.settle(state, image=image)

    if copy_of := KnownCopy.objects.select_related("image").filter(sha256=hashlib.sha256(data).hexdigest()).first():
        item.settle(ImportItem.State.KNOWN, image=copy_of.image, reason=KNOWN_COPY)
        return
    add_public(data, item.path.rpartition("/")[2], details_of(data, item.details or {}, wanted), also=settle)


def details_of(data: bytes, stated: dict[str, Any], wanted: Wanted) -> Details:
    """What is known of a new image: what the manifest says, where it is silent what holds for all, then its file."""
    embedded = read_embedded(data)
    taken = stated.get("taken")
    return Details(
        title=stated.get("title") or embedded.title,
        description=stated.get("description") or embedded.description,
        creator=stated.get("creator") or embedded.creator,
        licence=stated.get("licence") or wanted.licence or embedded.licence,
        source_url=stated.get("source_url", ""),
        taken=datetime.date.fromisoformat(taken) if taken else embedded.made,
        tags=tuple(dict.fromkeys([*wanted.tags, *(stated.get("tags") or embedded.keywords)])),
    )


def update(image: GalleryImage, stated: dict[str, Any]) -> bool:
    """Let an image have what a manifest says of it now, and keep what that is silent about; whether it is other now."""
    said = {name: stated[name] for name in COLUMNS if stated.get(name)}
    if "taken" in said:
        said["taken"] = datetime.date.fromisoformat(said["taken"])
    changed = {name: value for name, value in said.items() if getattr(image, name) != value}
    for name, value in changed.items():
        setattr(image, name, value)
    if changed:
        # No other column: the worker may be setting the status right now.
        image.save(update_fields=list(changed))
    return _retag(image, stated.get("tags") or []) or bool(changed)


def _retag(image: GalleryImage, tags: list[str]) -> bool:
    """Let an image have these tags and no others; whether it had others. None at all say nothing."""
    before = set(image.tags.values_list("pk", flat=True))
    if tags:
        image.tags.set(tags)
    return set(image.tags.values_list("pk", flat=True)) != before
