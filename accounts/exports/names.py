"""Names of files that every system takes, each once in its folder."""

from __future__ import annotations

import mimetypes
import re

from superpixel_site.file_names import readable, shortened, split

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
# Of Windows, with any extension.
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE)
# File systems take 255 bytes at most; something may be put in front or behind.
LONGEST = 180
# Python's own list names another for some, and lacks others.
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "image/jxl": ".jxl",
}


def safe(name: str) -> str:
    """A name as it can be given to a file everywhere.

    Examples
    --------
    >>> safe("a/b: c?.jpg"), safe("con.txt"), safe(" .. ")
    ('a_b_ c_.jpg', '_con.txt', '_')
    """
    plain = readable(FORBIDDEN.sub("_", name)).strip(". ") or "_"
    return shortened(
        f"_{plain}" if RESERVED.fullmatch(plain) else plain, fits=lambda text: len(text.encode()) <= LONGEST
    )


def with_extension(name: str, mime: str) -> str:
    """A name that says what the file is: photos may have been given others.

    Examples
    --------
    >>> with_extension("holiday", "image/jpeg"), with_extension("a.JPG", "image/jpeg")
    ('holiday.jpg', 'a.JPG')
    """
    return name if split(name)[1] else name + (EXTENSIONS.get(mime) or mimetypes.guess_extension(mime) or "")


class UniqueNames:
    """Gives names out once: large and small letters are the same to some file systems."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._latest: dict[str, int] = {}

    def give(self, name: str) -> str:
        """The name, made safe, with a number behind it where it is taken."""
        wanted = found = safe(name)
        stem, extension = split(wanted)
        while found.casefold() in self._taken:
            number = self._latest[wanted.casefold()] = self._latest.get(wanted.casefold(), 1) + 1
            found = f"{stem} ({number}){extension}"
        self._taken.add(found.casefold())
        return found
