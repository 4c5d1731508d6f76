"""Manifests: what somebody says of many files, in CSV with a header or in JSON lines.

A row that is wrong becomes a sentence with its line number; the others count.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from curating.metadata.texts import cleaned, day_of, on_one_line

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson")
# So a manifest is called beside the files that it is about.
NAMES = tuple(f"{stem}{suffix}" for stem in ("manifest", "metadata") for suffix in SUFFIXES)
LARGEST = 512 * 2**20
LONGEST_LINE = 2**20
MOST_TAGS, LONGEST_TAG = 50, 100
LONGEST = {"title": 200, "description": 10_000, "creator": 200, "licence": 200, "source_url": 500}
# What others call the columns.
COLUMNS = {
    **dict.fromkeys(("path", "file", "filename", "file_name", "file name", "image"), "path"),
    **dict.fromkeys(("title", "name"), "title"),
    **dict.fromkeys(("description", "caption"), "description"),
    **dict.fromkeys(("creator", "author", "artist", "photographer"), "creator"),
    **dict.fromkeys(("licence", "license", "rights"), "licence"),
    **dict.fromkeys(("source", "source_url", "url"), "source_url"),
    **dict.fromkeys(("date", "taken", "date taken", "created"), "taken"),
    **dict.fromkeys(("tags", "keywords", "subjects"), "tags"),
}
# Ours, of exports: they say nothing that could be taken over.
IGNORED = {"added"}


class UnreadableManifest(ValueError):
    """Nothing of a manifest can be used; its text says why."""


@dataclass(frozen=True)
class Row:
    """A line of a manifest.

    Attributes
    ----------
    line : int
        Where it ends, counted from 1.
    path : str
        As it is written, relative to where the manifest is.
    details : dict
        What it says, by the fields of an image; what it is silent about is left out.
    problem : str
        Why it cannot be used; empty if it can.
    """

    line: int
    path: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Manifest:
    """Its rows, which can be gone through once, and columns that nobody knows."""

    rows: Iterator[Row]
    unknown: list[str]


def is_manifest(name: str) -> bool:
    """Whether a file may be a manifest, by its name."""
    return name.lower().endswith(SUFFIXES)


def read_manifest(data: bytes, name: str) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a mark at its beginning.
    name : str
        Says by its end whether it is CSV (with commas, semicolons or tabs) or JSON lines.

    Raises
    ------
    UnreadableManifest
        When nothing of it can be used.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    # A byte that is no UTF-8 spoils its row alone.
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return _json_lines(text) if name.lower().endswith((".jsonl", ".ndjson")) else _csv(text)


def _csv(text: str) -> Manifest:
    header, _, _ = text.lstrip("\r\n").partition("\n")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = next(_lines(reader), (0, [], ""))[1]
    known = [COLUMNS.get(on_one_line(cleaned(name)).lower(), "") for name in names]
    _require_path(known)
    unknown = [cleaned(name) for name, field in zip(names, known, strict=True) if not field and cleaned(name)]
    return Manifest(_csv_rows(reader, known), [name for name in unknown if name.lower() not in IGNORED])


def _csv_rows(reader: Any, known: list[str]) -> Iterator[Row]:
    for line, cells, problem in _lines(reader):
        if problem:
            yield Row(line, problem=problem)
        elif len(cells) > len(known) and any(cells[len(known) :]):
            yield Row(line, problem=f"It has {len(cells)} values for {len(known)} columns: is a text not in quotes?")
        elif any(cells):
            yield _row(line, {name: cell for name, cell in zip(known, cells, strict=False) if name})


def _lines(reader: Any) -> Iterator[tuple[int, list[str], str]]:
    """Line number, cells, and what is wrong, of each line that is not empty."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield reader.line_num, [], f"It is no line of CSV: {problem}."
        else:
            if cells:
                yield reader.line_num, cells, ""


def _json_lines(text: str) -> Manifest:
    return Manifest(_json_rows(text), list(_names_in(text)))


def _names_in(text: str) -> Iterable[str]:
    """Names that nobody knows in the first lines."""
    found: dict[str, None] = {}
    for line in text.split("\n", 100)[:100]:
        value = _json_object(line)
        if isinstance(value, dict):
            found |= dict.fromkeys(name for name in value if name.lower() not in COLUMNS | dict.fromkeys(IGNORED, ""))
    return (cleaned(name)[:100] for name in found)


def _json_rows(text: str) -> Iterator[Row]:
    for line, content in enumerate(io.StringIO(text, newline="\n"), 1):
        if not content.strip():
            continue
        value = _json_object(content)
        if not isinstance(value, dict):
            yield Row(line, problem=value or "It is no JSON object.")
            continue
        yield _row(line, {COLUMNS[name.lower()]: cell for name, cell in value.items() if name.lower() in COLUMNS})


def _json_object(line: str) -> dict[str, Any] | str | None:
    if len(line) > LONGEST_LINE:
        return "The line is longer than a megabyte."
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _require_path(known: Sequence[str]) -> None:
    if "path" not in known:
        raise UnreadableManifest("The manifest has no column “path”: its first line must name the columns.")
    twice = next((name for name in known if name and known.count(name) > 1), "")
    if twice:
        raise UnreadableManifest(f"The manifest has two columns for “{twice}”.")


def _row(line: int, cells: dict[str, Any]) -> Row:
    try:
        path = _text(cells.pop("path", ""), "path")
        if not path:
            return Row(line, problem="It names no file.")
        found = {name: _value(name, cell) for name, cell in cells.items()}
    except ValueError as problem:
        return Row(line, problem=str(problem))
    return Row(line, path, {name: value for name, value in found.items() if value})


def _value(name: str, cell: Any) -> Any:
    """What a cell says, as the field of an image is kept in JSON; empty where it says nothing."""
    if name == "tags":
        return _tags(cell)
    text = _text(cell, name)
    if name == "taken":
        day = day_of(text)
        if text and day is None:
            raise ValueError(f"“{text[:40]}” is not a date: write it as 2024-05-31.")
        return day.isoformat() if day else ""
    text = text if name == "description" else on_one_line(text)
    if len(text) > LONGEST[name]:
        raise ValueError(f"The {_called(name)} has {len(text):,} characters; at most {LONGEST[name]:,} are allowed.")
    if name == "source_url" and text:
        _check_address(text)
    return text


def _called(name: str) -> str:
    return "source" if name == "source_url" else name


def _check_address(text: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        raise ValueError(f"The source “{text[:80]}” is not an address: write it with https://.") from None


def _text(cell: Any, name: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool | dict | list):
        raise ValueError(f"The {_called(name)} is not a text.")
    text = str(cell)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("It is not UTF-8: save the manifest in that encoding.")
    # A path names a file as it is: nothing of it is put into another form.
    return text.strip().replace("\0", "") if name == "path" else cleaned(text)


def _tags(cell: Any) -> list[str]:
    """Tags of a list, or of a text with one separator: semicolons or bars, else commas."""
    if isinstance(cell, list):
        parts = [_text(part, "tag") for part in cell]
    else:
        text = _text(cell, "tags")
        separator = next((mark for mark in ";|" if mark in text), ",")
        parts = text.split(separator)
    tags = list(dict.fromkeys(tag for part in parts if (tag := on_one_line(part))))
    if len(tags) > MOST_TAGS:
        raise ValueError(f"An image can have {MOST_TAGS} tags; these are {len(tags)}.")
    if too_long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
        raise ValueError(f"“{too_long[:20]}…” is too long: a tag has at most {LONGEST_TAG} characters.")
    return tags
