"""AVIF and HEIF files (ISO/IEC 23008-12): the picture that they show, of the many that they may hold.

A phone's file holds tiles, a thumbnail, a depth map, a gain map for bright screens and a short film beside the picture.
The decoder gets a file of the picture and its transparency alone (`selector.imaging.containers.still`), which says
nothing of turning: that is done once, by us.
"""

from __future__ import annotations

import importlib.util
import struct

from selector.imaging.containers.boxes import BROKEN, boxes, exif_in
from selector.imaging.containers.container import INCOMPLETE, Container, Format, InvalidImage
from selector.imaging.containers.heif_picture import HeifPicture
from selector.imaging.containers.items import Items, read_items
from selector.imaging.containers.still import still_file
from selector.imaging.other_kinds import NO_HEIC, advice

# The first of these, or one of those that a file says it is compatible with, makes it one of pictures.
_PICTURES = frozenset(
    {
        *(b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2"),
        *(b"msf1", b"miaf", b"avci", b"avcs", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi", b"unif"),
    }
)
# A file whose few facts are packed into bits, in no boxes.
_PACKED = b"mif3"
_FORMATS: dict[bytes, Format] = {b"av01": "AVIF", b"hvc1": "HEIF", b"hev1": "HEIF"}
_OTHER_CODECS = {
    b"avc1": "coded as H.264",
    b"vvc1": "coded as H.266",
    b"evc1": "coded as EVC",
    b"lhv1": "coded in layers",
    b"j2k1": "coded as JPEG 2000",
    b"jpeg": "coded as JPEG",
    b"unci": "uncompressed",
    b"iovl": "made of several pictures laid over each other",
    b"mif3": "in the short form mif3",
}
# A bound for what is read of a phone's file; thumbnails and makers' notes are within it.
MAX_EXIF_BYTES = 2**20

SEQUENCE = "This is a sequence of pictures, not one picture: save one of them as JPEG or PNG and upload that."


def read(data: bytes) -> Container:
    """The container of a file that begins as AVIF and HEIF do; films and others do so, too."""
    brands = _brands(data)
    if _PACKED in brands:
        raise _unreadable(_PACKED)
    if not brands & _PICTURES:
        raise InvalidImage(advice(data))
    if data[8:11] in (b"hei", b"hev"):
        _check_installed()
    try:
        return _container(data, _items(data))
    except (struct.error, IndexError) as error:
        raise InvalidImage(BROKEN) from error


def _container(data: bytes, items: Items) -> Container:
    picture = HeifPicture(items)
    form = _FORMATS.get(picture.codec)
    if form is None:
        raise _unreadable(picture.codec)
    if form == "HEIF":
        _check_installed()
    picture.check(data)
    return Container(
        form,
        picture.size(form),
        still_file(data, form, picture.parts, picture.crops(form)),
        exif=_exif(data, items),
        profile=picture.profile,
        bit_depth=picture.coding.bit_depth,
        turned=picture.orientation,
        cicp=picture.cicp(data),
        coded_size=picture.coded_size,
        most_pixels=picture.most_pixels(form),
    )


def _check_installed() -> None:
    """Raise `InvalidImage` with what to do where the package that reads HEIC is not there."""
    if importlib.util.find_spec("pillow_heif") is None:
        raise InvalidImage(NO_HEIC)


def _brands(data: bytes) -> frozenset[bytes]:
    """Of the first box: what the file is, and what it is compatible with."""
    first = next(boxes(data, 0, len(data)), None)
    names = data[first.start : min(first.end, first.start + 256)] if first and first.name == b"ftyp" else b""
    return frozenset(names[at : at + 4] for at in (0, *range(8, len(names) - 3, 4)))


def _items(data: bytes) -> Items:
    """Those of a file that shows one picture."""
    top = list(boxes(data, 0, len(data)))
    meta = next((found for found in top if found.name == b"meta"), None)
    is_cut = not top or top[-1].end > len(data)
    if meta is not None and meta.end <= len(data):
        items = read_items(data, meta)
        if items.primary in items.by_number:
            return items
    if any(found.name == b"moov" for found in top):
        raise InvalidImage(SEQUENCE)
    raise InvalidImage(INCOMPLETE if is_cut else BROKEN)


def _unreadable(codec: bytes) -> InvalidImage:
    how = _OTHER_CODECS.get(codec, "of a rare kind")
    return InvalidImage(f"This is a HEIF picture {how}, which cannot be read here: export it as JPEG and upload that.")


def _exif(data: bytes, items: Items) -> bytes:
    """EXIF data of the picture, from its start to the end of the item; empty if there is none."""
    for item in items.by_number.values():
        if item.kind == b"Exif":
            return exif_in(item.read(data, MAX_EXIF_BYTES))
    return b""
