"""What is embedded in a file, put together: of XMP, IPTC and EXIF the first that says something."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from curating.metadata.exif import exif_texts
from curating.metadata.iptc import iptc_texts
from curating.metadata.texts import by_a_person, day_of, on_one_line
from curating.metadata.xmp import xmp_texts
from selector.imaging.containers import InvalidImage, read_container

LONGEST_NAME = 200
LONGEST_KEYWORD = 100
MOST_KEYWORDS = 50
# https://creativecommons.org/licenses/by-sa/4.0/, and the two for what is free of rights.
_CC_ADDRESS = re.compile(r"https?://creativecommons\.org/licenses/([a-z-]{2,8})/(\d\.\d)", re.IGNORECASE)
_PUBLIC_DOMAIN = re.compile(r"https?://creativecommons\.org/publicdomain/(zero|mark)/(\d\.\d)", re.IGNORECASE)
_CC_NAME = re.compile(r"\b(CC0|CC[ -]BY(?:-(?:SA|NC|ND))*)\b[ -]?(\d\.\d)?", re.IGNORECASE)


@dataclass(frozen=True)
class Embedded:
    """What a file says of its picture; empty where it is silent. All lengths are those that the collection takes."""

    title: str = ""
    description: str = ""
    creator: str = ""
    licence: str = ""
    keywords: tuple[str, ...] = ()
    made: datetime.date | None = None


def read_embedded(data: bytes) -> Embedded:
    """Read the metadata of an image file, whatever its kind.

    Parameters
    ----------
    data : bytes
        The whole file, from strangers: broken metadata counts as missing, and much of it takes no more time or memory
        than a little.

    Returns
    -------
    Embedded
        Never where the picture was made.
    """
    xmp, iptc, exif = xmp_texts(data), iptc_texts(data), exif_texts(_exif_of(data))
    creators = xmp.get("creator") or iptc.get("creator") or _one(exif, "creator", "author")
    keywords = xmp.get("keywords") or iptc.get("keywords") or exif.get("keywords", "").split(";")
    titles = [*xmp.get("title", []), *iptc.get("title", []), *_one(exif, "title")]
    headlines = [*xmp.get("headline", []), *iptc.get("headline", []), *_one(exif, "subject")]
    captions = [*xmp.get("description", []), *iptc.get("description", []), *_one(exif, "description", "comment")]
    days = [*_one(exif, "made"), *xmp.get("made", []), *iptc.get("made", [])]
    return Embedded(
        title=_first(titles + headlines)[:LONGEST_NAME].rstrip(),
        description=next(filter(by_a_person, captions), ""),
        creator=on_one_line(", ".join(dict.fromkeys(creators)))[:LONGEST_NAME].rstrip(", "),
        licence=_licence([*xmp.get("licence", []), *xmp.get("terms", []), *xmp.get("copyright", []),
                          *iptc.get("copyright", []), *_one(exif, "copyright")]),
        keywords=_keywords(keywords),
        made=next((day for day in map(day_of, days) if day), None),
    )  # fmt: skip


def _exif_of(data: bytes) -> bytes:
    try:
        return read_container(data).exif
    except InvalidImage:
        return b""


def _one(texts: dict[str, str], *names: str) -> list[str]:
    return [texts[name] for name in names if name in texts]


def _first(texts: list[str]) -> str:
    return next(filter(None, (by_a_person(on_one_line(text)) for text in texts)), "")


def _keywords(texts: list[str]) -> tuple[str, ...]:
    whole = (on_one_line(text) for text in texts)
    return tuple(dict.fromkeys(text for text in whole if 0 < len(text) <= LONGEST_KEYWORD))[:MOST_KEYWORDS]


def _licence(texts: list[str]) -> str:
    """The first text that names a licence, by the name that it is filtered by. Who has the rights is no licence."""
    for text in texts:
        if found := _CC_ADDRESS.search(text):
            return f"CC {found[1].upper()} {found[2]}"
        if found := _PUBLIC_DOMAIN.search(text):
            return f"CC0 {found[2]}" if found[1].lower() == "zero" else "Public domain"
        if found := _CC_NAME.search(text):
            name = found[1].upper().replace("CC-BY", "CC BY")
            return f"{name} {found[2]}" if found[2] else name
        if "public domain" in text.lower():
            return "Public domain"
    return ""
