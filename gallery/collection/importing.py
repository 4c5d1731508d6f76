"""The one way into the collection, for every image."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.db import connection, transaction

from gallery.models import GalleryImage
from selector.imaging.imagefile import date_taken
from selector.models import Photo
from selector.services.photos import store_photo


@dataclass(frozen=True)
class Details:
    """What is known about an image besides its pixels."""

    title: str = ""
    description: str = ""
    creator: str = ""
    licence: str = ""
    source_url: str = ""
    taken: datetime.date | None = None
    tags: tuple[str, ...] = field(default=())


def add_public(data: bytes, name: str, details: Details) -> tuple[GalleryImage, bool]:
    """Put an image file into the public collection, once: the same content twice is one image.

    Where the details have no date, it has the one in the file.

    Returns
    -------
    The image, and whether it is new.

    Raises
    ------
    InvalidImage
        With the sentence to show; nothing stays behind.
    """
    with transaction.atomic():
        _lock_content(data)
        if known := known_public(data):
            return known, False
        photo = store_photo(data, name, is_public=True)
        try:
            return add_photo(photo, replace(details, taken=details.taken or date_taken(data))), True
        except BaseException:
            # The row goes with the transaction, the files have to be taken back.
            for file in (photo.original, photo.working):
                file.storage.delete(str(file.name))
            raise


def add_photo(photo: Photo, details: Details) -> GalleryImage:
    """Make a stored photo searchable, for everyone when it is public."""
    image: GalleryImage = GalleryImage.objects.create(
        photo=photo,
        title=(details.title or readable_title(photo.name))[:200],
        description=details.description,
        creator=details.creator[:200],
        licence=details.licence[:200],
        source_url=details.source_url,
        taken=details.taken,
    )
    image.tags.add(*details.tags)
    return image


def collect(photos: Iterable[Photo]) -> int:
    """Put a person's photos into their own collection; how many were not in it yet."""
    with transaction.atomic():
        # Locked by a query of its own, so that two requests at once make one image of a photo: the next one sees what
        # the other has committed meanwhile.
        chosen = Photo.objects.filter(pk__in=[photo.pk for photo in photos], is_public=False).order_by("pk")
        list(chosen.select_for_update().values_list("pk"))
        new = list(chosen.filter(gallery_image=None))
        for photo in new:
            add_photo(photo, Details(taken=date_of(photo)))
    return len(new)


def date_of(photo: Photo) -> datetime.date | None:
    """When a stored photo was made, as far as its original tells."""
    try:
        with photo.original.open("rb") as file:
            return date_taken(file.read())
    except OSError:
        # That a file is missing from the storage is said where the photo itself is needed.
        return None


def known_public(data: bytes) -> GalleryImage | None:
    """The image of the public collection that was made from this very file."""
    sha256 = hashlib.sha256(data).hexdigest()
    known: GalleryImage | None = GalleryImage.objects.public().filter(photo__original_sha256=sha256).first()
    return known


def _lock_content(data: bytes) -> None:
    """Until the transaction ends: two imports of one file at once make one image."""
    digest = hashlib.sha256(data).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [int.from_bytes(part, signed=True) for part in (digest[:4], digest[4:8])],
        )


def readable_title(name: str) -> str:
    """A file's name as a person would write it.

    Examples
    --------
    >>> readable_title("red_telephone-box__01.JPG")
    'Red telephone box 01'
    """
    words = re.sub(r"[\s_]+|(?<=[^\W\d_])-(?=[^\W\d_])", " ", Path(name).stem).strip(" .-")
    return words[:1].upper() + words[1:] or name
