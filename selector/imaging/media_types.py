"""Extensions of files by their media types, the usual one first; the standard library does not know cameras' files."""

from __future__ import annotations

import mimetypes
from typing import Final

_RAW: Final = {
    "image/x-canon-cr2": (".cr2",),
    "image/x-nikon-nef": (".nef", ".nrw"),
    "image/x-sony-arw": (".arw", ".sr2"),
    "image/x-adobe-dng": (".dng",),
    "image/x-panasonic-rw2": (".rw2", ".raw", ".rwl"),
    "image/x-olympus-orf": (".orf", ".ori"),
    "image/x-pentax-pef": (".pef",),
    "image/x-samsung-srw": (".srw",),
    "image/x-fuji-raf": (".raf",),
    "image/x-raw": (".raw",),
}
RAW_SUFFIXES: Final = frozenset(extension for extensions in _RAW.values() for extension in extensions)
# Of formats with several names, the one that people know.
_USUAL = {"image/jpeg": ".jpg", "image/tiff": ".tif", "image/bmp": ".bmp"}


def extensions_of(media_type: str) -> tuple[str, ...]:
    """All extensions of files of a media type, the usual one first.

    Examples
    --------
    >>> extensions_of("image/x-nikon-nef")
    ('.nef', '.nrw')
    >>> extensions_of("image/jpeg")[0], extensions_of("image/made-up")
    ('.jpg', ('.made-up',))
    """
    if media_type in _RAW:
        return _RAW[media_type]
    known = sorted(mimetypes.guess_all_extensions(media_type)) or [f".{media_type.rpartition('/')[2]}"]
    usual = _USUAL.get(media_type, known[0])
    return (usual, *(extension for extension in known if extension != usual))
