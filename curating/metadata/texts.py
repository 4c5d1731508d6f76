"""Bytes from files as text: in whatever encoding, and without what no page should show."""

from __future__ import annotations

import datetime
import re
import unicodedata

# Longer ones are no title, name or caption.
LONGEST = 10_000
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DAY = re.compile(r"(\d{4})([-:/]?)(\d\d)\2(\d\d)(?!\d)")
# What cameras and scanners write where a person has written nothing.
_OF_MACHINES = re.compile(
    r"(olympus|sony|minolta|kodak|samsung|konica|hp|dcf|digital|default|untitled|dsc|dcim|oly|maginon|exif|jpeg)"
    r"[\w ._-]{0,30}(camera|dsc|picture|photo|exif|jpeg|imaging)[\w ._-]{0,12}|default|untitled|\W*",
    re.IGNORECASE,
)


def decoded(data: bytes) -> str:
    """Bytes that are UTF-8 or, where they cannot be, of Windows: nearly all writers have used one of these.

    Examples
    --------
    >>> decoded("café".encode()), decoded("café".encode("latin-1"))
    ('café', 'café')
    """
    data = data[:LONGEST].split(b"\0", 1)[0]
    for encoding in ("utf-8", "cp1252"):
        try:
            return cleaned(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    return cleaned(data.decode("latin-1"))


def cleaned(text: str) -> str:
    """Text in Unicode's composed form, without control characters, and without space around it.

    Examples
    --------
    >>> cleaned("  cafe\\u0301\\x00 ")
    'café'
    """
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text[:LONGEST])).strip()


def on_one_line(text: str) -> str:
    """Text with each stretch of white space as one space.

    Examples
    --------
    >>> on_one_line("A\\n  harbour")
    'A harbour'
    """
    return " ".join(text.split())


def by_a_person(text: str) -> str:
    """Text as it is; empty when a machine has written it.

    Examples
    --------
    >>> by_a_person("OLYMPUS DIGITAL CAMERA"), by_a_person("Harbour")
    ('', 'Harbour')
    """
    return "" if _OF_MACHINES.fullmatch(text) else text


def day_of(text: str) -> datetime.date | None:
    """The day with which a text begins; None if it does not, or there is no such day.

    Examples
    --------
    >>> day_of("20240531"), day_of("2024-02-31")
    (datetime.date(2024, 5, 31), None)
    """
    found = _DAY.match(text)
    try:
        return datetime.date(*(int(found[part]) for part in (1, 3, 4))) if found else None
    except ValueError:
        return None
