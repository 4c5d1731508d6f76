"""TIFF files (TIFF 6.0, BigTIFF): their pages, and what is known of the first one."""

from __future__ import annotations

from selector.imaging.containers.container import MAX_PROFILE_BYTES, Container, InvalidImage
from selector.imaging.containers.tiff_directories import Directory, directories
from selector.imaging.containers.tiff_layout import HEIGHT, TILE_OFFSETS, WIDTH, read_layout

_SUBFILE_TYPE, _DESCRIPTION, _ORIENTATION, _PROFILE = 254, 270, 274, 34675
_ACROSS, _DOWN, _UNIT = 282, 283, 296
_REDUCED, _MASK = 1, 4
_METRES = {2: 0.0254, 3: 0.01}
# Scanners of slides write pyramids: the whole in tiles, and smaller and smaller copies.
SLIDE_PIXELS = 200_000_000
_HAMAMATSU = 65420


def read(data: bytes) -> Container:
    """The container of a file that begins as a TIFF does."""
    page = first_page(data)
    _refuse_slide(page)
    layout = read_layout(page, data)
    # EXIF is read from the file itself, which is of the same form; a BigTIFF's is not.
    exif = b"" if page.is_large else data
    return Container(
        "TIFF",
        layout.size,
        data,
        exif,
        page.content(_PROFILE, MAX_PROFILE_BYTES + 1),
        turned=_orientation(page),
        dots_per_metre=_dots_per_metre(page),
        n_pictures=max(1, sum(_is_page(directory) for directory in directories(data))),
        is_decoded_in_pieces=layout.is_in_small_pieces,
    )


def first_page(data: bytes) -> Directory:
    """The directory of the first page: smaller copies and masks are none, unless there is nothing else."""
    first: Directory | None = None
    for directory in directories(data):
        if _is_page(directory):
            return directory
        first = first or directory
    if first is None:
        raise IndexError
    return first


def _refuse_slide(page: Directory) -> None:
    n_pixels = page.number(WIDTH) * page.number(HEIGHT)
    is_slide = TILE_OFFSETS in page or _HAMAMATSU in page or page.text(_DESCRIPTION).startswith(b"Aperio")
    if n_pixels > SLIDE_PIXELS and is_slide:
        raise InvalidImage(
            f"This is a whole-slide picture, or another one in tiles, of {n_pixels / 1e6:,.0f} megapixels, too large "
            "to be taken here: export the part that matters as TIFF or JPEG and upload that."
        )


def _is_page(directory: Directory) -> bool:
    return not directory.number(_SUBFILE_TYPE) & (_REDUCED | _MASK)


def _orientation(page: Directory) -> int:
    value = page.number(_ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1


def _dots_per_metre(page: Directory) -> tuple[float, float] | None:
    metres = _METRES.get(page.number(_UNIT, 2))
    across, down = page.fraction(_ACROSS), page.fraction(_DOWN)
    return (across / metres, down / metres) if metres and across and down else None
