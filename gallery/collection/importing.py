"""How an image comes into the collection, by whatever way: `add_public` for a file, `collect` for a person's photos.

Both lock first, so that two at once make one image. Both make the row, its tags and the job of indexing it in one
transaction: the worker sees the job when it can see the row.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from django.conf import settings
from django.db import connection, transaction

from gallery import jobs
from gallery.models import GalleryImage
from selector.imaging.imagefile import InvalidImage, date_taken, told_apart
from selector.models import Photo
from selector.services.photos import store_photo
from superpixel_site.file_names import shortened, split
from superpixel_site.stored_files import delete_unless_kept, read

# As long as the database takes them.
LONGEST_TAG = 100
LONGEST_TITLE = 200
Also: TypeAlias = Callable[[GalleryImage, bool], object]


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


def add_public(
    data: bytes, name: str, details: Details, *, also: Also = lambda image, is_new: None
) -> tuple[GalleryImage, bool]:
    """Put an image file into the public collection, once: the same content twice is one image.

    Where the details have no title, it is made from the file's name; where they have no date, it is the one in the
    file. Must not be called inside a transaction: the files of an image are deleted when its transaction fails, and
    this function has to see the end of it. What else belongs into that transaction is done by `also`, which is told the
    image and whether it is new.

    Returns
    -------
    The image, and whether it is new.

    Raises
    ------
    InvalidImage
        With the sentence to show; nothing stays behind.
    """
    photo: Photo | None = None
    try:
        with transaction.atomic(durable=True):
            _lock_content(data)
            image = _public_image_of(data)
            is_new = image is None
            if image is None:
                photo = store_photo(data, name, is_public=True)
                image = _add(photo, replace(details, taken=details.taken or date_taken(data)))
            also(image, is_new)
        return image, is_new
    except BaseException:
        if photo is not None:
            delete_unless_kept(photo, "original", "working")
        raise


def collect(photos: Iterable[Photo]) -> int:
    """Put a person's photos into their own collection, and return how many were not in it before."""
    with transaction.atomic():
        # Locked by a query of its own: after waiting for another request, the second query sees what that one added.
        chosen = Photo.objects.filter(pk__in=[photo.pk for photo in photos], is_public=False).order_by("pk")
        list(chosen.select_for_update().values_list("pk"))
        new = list(chosen.filter(gallery_image=None))
        for photo in new:
            _add(photo, Details(taken=_date_of(photo)))
    return len(new)


def check_size(n_bytes: int) -> None:
    """Refuse a file that is too large before it is read: a film of many gigabytes would fill the memory.

    Raises
    ------
    InvalidImage
        With the sentence to show.
    """
    if n_bytes > settings.MAX_UPLOAD_BYTES:
        count, most = told_apart(n_bytes / 2**20, settings.MAX_UPLOAD_BYTES / 2**20)
        raise InvalidImage(f"The file has {count} MB; at most {most} MB are allowed.")


def readable_title(name: str) -> str:
    """A file's name as a person would write it.

    Examples
    --------
    >>> readable_title("red_telephone-box__01.JPG")
    'Red telephone box 01'
    """
    words = re.sub(r"[\s_]+|(?<=[^\W\d_])-(?=[^\W\d_])", " ", split(name)[0]).strip(" .-")
    return words[:1].upper() + words[1:] or name


def _add(photo: Photo, details: Details) -> GalleryImage:
    """Make the row and the tags of a stored photo and queue its indexing; the caller holds the lock and transaction."""
    image: GalleryImage = GalleryImage.objects.create(
        photo=photo,
        title=shortened(details.title or readable_title(photo.name), fits=lambda text: len(text) <= LONGEST_TITLE),
        description=details.description,
        creator=details.creator[:200],
        licence=details.licence[:200],
        source_url=details.source_url,
        taken=details.taken,
    )
    image.tags.add(*details.tags)
    jobs.defer_indexing([image.pk])
    return image


def _lock_content(data: bytes) -> None:
    """Let others with the same file wait until this transaction ends."""
    digest = hashlib.sha256(data).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [int.from_bytes(part, signed=True) for part in (digest[:4], digest[4:8])],
        )


def _public_image_of(data: bytes) -> GalleryImage | None:
    """The image of the public collection that was made from this very file; one that is withdrawn stays that."""
    sha256 = hashlib.sha256(data).hexdigest()
    return GalleryImage.objects.curated().filter(photo__original_sha256=sha256).first()


def _date_of(photo: Photo) -> datetime.date | None:
    """When a stored photo was taken, as far as its original tells."""
    try:
        return date_taken(read(photo.original))
    except OSError:
        # A photo can be collected without its original. The worker reports what it misses on the image's row.
        return None
