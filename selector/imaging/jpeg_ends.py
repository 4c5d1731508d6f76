"""JPEG pictures without their end marker: some phones never write it, and files that were cut off have none, either.

A decoder that runs out of data makes the rest up, and says nothing. So what follows the end is changed: where the
picture changes with it, the file did not reach.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageChops

from selector.imaging.containers.container import INCOMPLETE, InvalidImage, ends_after
from selector.imaging.containers.jpeg import END, scans_of
from selector.imaging.containers.jpeg_scans import share_of_picture

# Has no marker in it, and looks like no picture.
_NOISE = bytes(range(1, 255))


def decoded_to_its_end(stream: bytes, decode: Callable[[bytes], Image.Image]) -> Image.Image:
    """A picture whose file has no end marker.

    Parameters
    ----------
    stream : bytes
        All of the file that says what the picture is.
    decode : callable
        From a whole file to its picture, perhaps reduced.

    Raises
    ------
    InvalidImage
        If the file ends before the picture does, with the share of it that is there.
    """
    stream = stream.rstrip(b"\xff")
    try:
        picture = decode(stream + END)
        changed = ImageChops.difference(picture, decode(stream + _NOISE + END)).getbbox()
    except OSError as error:
        # Between two scans, in a segment.
        share = _share(stream, 1.0)
        raise InvalidImage(ends_after(share) if share < 1 else INCOMPLETE) from error
    share = _share(stream, changed[1] / picture.height if changed else 1.0)
    if share < 1 or changed:
        raise InvalidImage(ends_after(share))
    return picture


def _share(stream: bytes, of_last_scan: float) -> float:
    """How much of the picture is there, of whose last scan a share of the rows is there."""
    scans, n_components = scans_of(stream)
    before, after = share_of_picture(scans[:-1], n_components), share_of_picture(scans, n_components)
    return before + (after - before) * of_last_scan
