"""From an uploaded file to a stored photo, and from a stored photo to its pixels."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Literal

import numpy as np
from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image

from selector.arrays import Labels, Members, Rgb
from selector.imaging import imagefile
from selector.models import Photo
from selector.people import Person
from selector.rendering.masks import region_mask
from selector.rendering.matte import Alpha, alpha_matte
from selector.rendering.previews import Background, matte_png, opaque, preview_png
from selector.services import decoding
from selector.services.adoption import owner_now
from selector.services.quotas import claim
from superpixel_site.file_names import file_name
from superpixel_site.stored_files import MissingFile, delete_unless_kept, read
from superpixel_site.work_slots import work_slot

if TYPE_CHECKING:
    from django.contrib.auth.models import User

THUMBNAIL_SIDE, SMALLER_THUMBNAIL_SIDE = 360, 240
# Dozens are on a page, each a good deal smaller than this: less shows nowhere, and a phone waits for every byte.
THUMBNAIL_QUALITY = 72
# A tenth to a third of a working copy's bytes, and hard to tell from it on a phone.
SMALL_QUALITY = 70
NAME_OF_A_COPY = "Shared photo.jpg"


def store_photo(
    data: bytes,
    name: str,
    *,
    owner: User | None = None,
    visitor: uuid.UUID | None = None,
    is_public: bool = False,
) -> Photo:
    """Check an image file and store it: the original, its working copy, and the row.

    Every photo that is uploaded or imported is stored here. The row is written last; when that fails, the files are
    deleted. Where it is part of a larger transaction, the caller deletes them when that fails.

    Parameters
    ----------
    data : the file
    name : the file's name; folders in it are left out
    owner, visitor : the account or the visitor it belongs to; neither for a public photo
    is_public : for the public collection, which everyone sees

    Raises
    ------
    InvalidImage, NoRoomLeft
        With the sentence to show; nothing stays behind.
    """
    copy = decoding.working_copy_of(data)
    photo = Photo(name=file_name(name), owner=owner, visitor=visitor, is_public=is_public)
    photo.n_pictures = copy.n_pictures
    with storing(photo, len(data) + len(copy.jpeg)):
        put_files(photo, data, copy)
    return photo


def copy_for(person: Person, photo: Photo) -> Photo:
    """Store a photo of the person's own with the same working copy.

    The working copy stands for the original as well: the full resolution, the metadata and the name of the file stay
    with the first owner.

    Raises
    ------
    NoRoomLeft
        With the sentence to show; nothing stays behind.
    """
    data = read(photo.working)
    copy = Photo(
        name=NAME_OF_A_COPY,
        original_bytes=len(data),
        original_type="image/jpeg",
        # Of the first original: a search leaves out all copies of the photo it starts from.
        original_sha256=photo.original_sha256,
        working_bytes=len(data),
        working_sha256=photo.working_sha256,
        width=photo.width,
        height=photo.height,
        original_width=photo.width,
        original_height=photo.height,
        **person.as_fields(),
    )
    with storing(copy, 2 * len(data)):
        copy.original.save("original", ContentFile(data), save=False)
        copy.working.save(f"{copy.version}.jpg", ContentFile(data), save=False)
    return copy


@contextmanager
def storing(photo: Photo, n_bytes: int) -> Iterator[None]:
    """Store a photo's files in the block, and its row after it: all of them or, where anything fails, nothing."""
    try:
        with transaction.atomic():
            if not photo.is_public:
                owner = owner_now(photo.person)
                photo.owner, photo.visitor = owner.user, owner.visitor
                claim(owner, n_bytes)
            yield
            photo.save(force_insert=True)
    except BaseException:
        delete_unless_kept(photo, "original", "working")
        raise


def thumbnail_size(photo: Photo, side: int = THUMBNAIL_SIDE) -> tuple[int, int]:
    """Width and height of a photo's thumbnail, in pixels."""
    return photo.size_within(side)


def turned_copy(photo: Photo, quarter_turns: int) -> imagefile.WorkingCopy:
    """The working copy of a photo turned clockwise by so many quarters in all; nothing is stored."""
    return decoding.working_copy_of(read(photo.original), quarter_turns)


def working_copy(photo: Photo) -> Rgb:
    """The pixels of the stored working copy, uint8 (H, W, 3): what everything else is computed on."""
    return imagefile.decode(read(photo.working))


def restore_working_copy(photo: Photo) -> None:
    """Make a lost working copy again from the original, and store it where it was: the very same bytes, or none.

    Raises
    ------
    MissingFile
        When the original is missing as well, or what is made of it today is another file.
    """
    original = read(photo.original)
    # The original of a copy that was opened from a link is a working copy.
    is_copy = hashlib.sha256(original).hexdigest() == photo.working_sha256
    jpeg = original if is_copy else turned_copy(photo, photo.quarter_turns).jpeg
    if hashlib.sha256(jpeg).hexdigest() != photo.working_sha256:
        raise MissingFile(f"{photo.working.name} is missing from the storage and cannot be made again.")
    photo.working.storage.save(str(photo.working.name), ContentFile(jpeg))


def portion(photo: Photo, labels: Labels, included: Members, *, background: Background, crop: bool) -> bytes:
    """The included superpixels of a photo as a PNG with a soft edge, in the size of the working copy.

    Parameters
    ----------
    photo : Photo
    labels : uint16 ndarray, shape (H, W)
        Of the working copy.
    included : bool ndarray, shape (n,)
    background, crop
        As in `selector.rendering.previews.preview_png`.

    Returns
    -------
    bytes
    """
    with work_slot():
        return preview_png(working_copy(photo), labels, included, background=background, crop=crop, soft=True)


def matte(photo: Photo, labels: Labels, included: Members) -> bytes:
    """The soft edge of what is included, as `selector.rendering.previews.matte_png` gives it."""
    with work_slot():
        return matte_png(working_copy(photo), labels, included)


def portion_in_original_size(
    photo: Photo, labels: Labels, included: Members, *, background: Background, crop: bool
) -> IO[bytes]:
    """The included superpixels of a photo as `portion` gives them, in the size of the original: an open file."""
    with work_slot():
        alpha = alpha_matte(working_copy(photo), region_mask(labels, included))
    return _in_original_size(photo, alpha, background=background, crop=crop)


def _in_original_size(photo: Photo, alpha: Alpha, *, background: Background, crop: bool) -> IO[bytes]:
    turns = photo.quarter_turns
    return decoding.portion_of(read(photo.original), alpha, background=background, crop=crop, quarter_turns=turns)


def pixels_of_original(photo: Photo) -> IO[bytes]:
    """The whole picture in the size of the original, upright and without metadata: a PNG in an open file."""
    everything = opaque(np.ones((photo.height, photo.width), bool))
    return _in_original_size(photo, everything, background="white", crop=False)


def thumbnail(photo: Photo, side: int = THUMBNAIL_SIDE, *, kind: Literal["JPEG", "WEBP"] = "JPEG") -> bytes:
    """The working copy with a long side of at most `side` pixels; as WebP in two thirds of the bytes."""
    with Image.open(io.BytesIO(read(photo.working)), formats=["JPEG"]) as image:
        image.draft("RGB", (side, side))
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, kind, quality=THUMBNAIL_QUALITY, optimize=True)
    return out.getvalue()


def small_copy(photo: Photo) -> bytes:
    """A WebP of the working copy with a long side of at most `Photo.SMALL_SIDE`: the first look on a narrow screen."""
    with Image.open(io.BytesIO(read(photo.working)), formats=["JPEG"]) as image:
        small = image.resize(thumbnail_size(photo, photo.SMALL_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=SMALL_QUALITY)
    return out.getvalue()


def put_files(photo: Photo, data: bytes, copy: imagefile.WorkingCopy) -> None:
    """Store an original and its working copy, and note them on the photo's row, which the caller saves."""
    photo.original_bytes, photo.original_type, photo.original_sha256 = len(data), copy.mime, copy.sha256
    photo.original_width, photo.original_height = copy.original_size
    photo.original.save("original", ContentFile(data), save=False)
    put_working_copy(photo, copy)


def put_working_copy(photo: Photo, copy: imagefile.WorkingCopy) -> None:
    """Store the file of a working copy and note it on the photo's row, which the caller saves."""
    photo.working_sha256, photo.working_bytes = copy.working_sha256, len(copy.jpeg)
    photo.width, photo.height = copy.width, copy.height
    photo.dots_per_metre_across, photo.dots_per_metre_down = copy.dots_per_metre or (None, None)
    photo.width_mm, photo.height_mm = copy.millimetres or (None, None)
    photo.working.save(f"{photo.version}.jpg", ContentFile(copy.jpeg), save=False)
