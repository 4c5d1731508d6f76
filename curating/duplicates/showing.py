"""Two images side by side: what is known of each, what differs, and which of both to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import date_format

from curating.models import DuplicatePair
from gallery.models import GalleryImage


@dataclass(frozen=True)
class Fact:
    """One line of the comparison."""

    name: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        return self.first != self.second


@dataclass(frozen=True)
class Side:
    """One of the two images; `why` says in a word why it is the one to keep, and is empty for the other."""

    image: GalleryImage
    why: str


def sides_of(pair: DuplicatePair) -> list[Side]:
    """Both images, the first one left, with what speaks for one of them."""
    first, second = pair.first, pair.second
    reasons = (
        ("more pixels", n_pixels(first), n_pixels(second)),
        ("the larger file", first.photo.original_bytes, second.photo.original_bytes),
        ("more is known of it", _n_known(first), _n_known(second)),
    )
    for why, of_first, of_second in reasons:
        if of_first != of_second:
            return [Side(first, why if of_first > of_second else ""), Side(second, why if of_second > of_first else "")]
    return [Side(first, "it was here first"), Side(second, "")]


def facts_of(pair: DuplicatePair) -> list[Fact]:
    """What is known of both, a line each; what neither has is left out."""
    lines = zip(_facts(pair.first), _facts(pair.second), strict=True)
    return [Fact(name, first, second) for (name, first), (_, second) in lines if first or second]


def n_pixels(image: GalleryImage) -> int:
    width, height = size_of(image)
    return width * height


def size_of(image: GalleryImage) -> tuple[int, int]:
    """Of the original where its file has told, else of the working copy."""
    known = getattr(image, "fingerprint", None)
    return (known.width, known.height) if known and known.width else (image.photo.width, image.photo.height)


def _facts(image: GalleryImage) -> Iterator[tuple[str, str]]:
    photo = image.photo
    yield "Pixels", " × ".join(map(str, size_of(image)))
    yield "File", f"{photo.original_bytes:,} bytes"
    yield "Type", photo.original_type
    yield "Title", image.title
    yield "Description", image.description
    yield "Tags", ", ".join(sorted(tag.name for tag in image.tags.all()))
    yield "Creator", image.creator
    yield "Licence", image.licence
    yield "Source", image.source_url
    yield "Date", date_format(image.taken, "j F Y") if image.taken else ""
    yield "File name", photo.name
    yield "Added", date_format(image.created, "j F Y, H:i")


def _n_known(image: GalleryImage) -> int:
    said = (image.description, image.creator, image.licence, image.source_url, image.taken)
    return sum(map(bool, said)) + len(image.tags.all())
