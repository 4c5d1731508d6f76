"""Names of files as people see them: in any script, without their path, as long as one reads.

What counts is what a reader calls a letter: a Thai syllable with its vowel and tone mark, a family of emoji, one letter
each (grapheme clusters, Unicode Standard Annex 29). File systems take 255 bytes or UTF-16 units, so no real name has
more than 255 code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import regex

LETTERS = 200
CODE_POINTS = 255
NAMELESS = "Photo"

_LETTER = regex.compile(r"\X")
_EXTENSION = re.compile(r"(.+)(\.[A-Za-z0-9]{1,5})", re.DOTALL)
# Format characters that letters are made with: joiners of Indic scripts, Persian and emoji, the tags of some flags, and
# marks of direction. What overrides or embeds a direction can make "exe.gpj" of a name, and goes.
_PART_OF_LETTERS = frozenset("\u200c\u200d\u200e\u200f\u061c") | frozenset(map(chr, range(0xE0020, 0xE0080)))


def file_name(raw: str) -> str:
    """The name of a file as people see it, from what a browser or a folder says.

    Examples
    --------
    >>> file_name("C:\\\\scans\\\\page 1.png"), file_name("a/b.jpg"), file_name("..")
    ('page 1.png', 'b.jpg', 'Photo')
    """
    last = raw.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    name = readable(last)
    return shortened(name) if shows(name) else NAMELESS


def readable(text: str) -> str:
    """A name in one line, composed (NFC), without characters that cannot be seen and are part of no letter."""
    # A line that breaks in the middle of a name is a blank there.
    in_one_line = "".join(" " if unicodedata.category(c) in ("Zs", "Zl", "Zp") or c in "\t\r\n" else c for c in text)
    kept = "".join(c for c in in_one_line if c in _PART_OF_LETTERS or unicodedata.category(c)[0] != "C")
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def shows(name: str) -> bool:
    """Whether there is anything to see of a name but dots."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in name.strip(". "))


def letters(text: str) -> int:
    """How many letters a reader counts.

    Examples
    --------
    >>> letters("กำแพง"), letters("नमस्ते"), letters("👩‍👩‍👧"), letters("e\\u0301")
    (4, 3, 1, 1)
    """
    return len(_LETTER.findall(text))


def is_short_enough(name: str) -> bool:
    """Whether a name has no more letters than fit."""
    return has_few_code_points(name) and letters(name) <= LETTERS


def has_few_code_points(name: str) -> bool:
    """Whether a name has no more code points than fit."""
    return len(name) <= CODE_POINTS


def shortened(name: str, most: int = LETTERS, fits: Callable[[str], bool] = has_few_code_points) -> str:
    """A name with no more letters than fit: cut between two of them, before its extension.

    Parameters
    ----------
    name : str
    most : int, optional
        How many letters fit.
    fits : callable, optional
        What else must be true of a name, and is true of shorter ones.

    Examples
    --------
    >>> shortened("photograph.jpg", 8), shortened("photograph", 8)
    ('phot.jpg', 'photogra')
    """
    stem, extension = split(name)
    kept = _LETTER.findall(stem)[: max(1, most - len(extension))]
    while len(kept) > 1 and not fits("".join(kept) + extension):
        kept.pop()
    text = "".join(kept)
    if not fits(text + extension):
        # One letter with hundreds of marks.
        text = text[:1]
    return (text if text == stem else text.rstrip(". ") or "_") + extension


def split(name: str) -> tuple[str, str]:
    """A name's stem and its extension with the dot, if it has one.

    Examples
    --------
    >>> split("a.b.jpg"), split("3.5 metres"), split("a")
    (('a.b', '.jpg'), ('3.5 metres', ''), ('a', ''))
    """
    found = _EXTENSION.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")
