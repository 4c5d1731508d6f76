"""What a search asks besides its selection: among which images, with which words, how weighed and taken apart."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.utils.formats import date_format

from gallery.index.kinds import APPEARANCE, MEANING, default_weights
from gallery.models import GalleryImageQuerySet
from selector.people import Person

FILTERS = ("tag", "licence", "creator", "first", "last", "mine")
BALANCED = frozenset({APPEARANCE.name, MEANING.name})
"""The kinds of spaces between which the slider moves weight."""


@dataclass(frozen=True)
class Options:
    """Everything as it is when nobody touches the drawer's controls."""

    tag: str = ""
    licence: str = ""
    creator: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None
    mine: bool = False
    words: str = ""
    apart: bool = False
    balance: int | None = None

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Options:
        """Read what `to_json` wrote; options that no longer exist are left out."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in kept.items() if name in known}
        days = {name: datetime.date.fromisoformat(given[name]) for name in ("first", "last") if given.get(name)}
        return cls(**given | days)

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the default, so that equal questions are equal rows."""
        default = asdict(Options())
        changed = {name: value for name, value in asdict(self).items() if value != default[name]}
        return {
            name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in changed.items()
        }

    @property
    def is_narrow(self) -> bool:
        """Whether any filter is set."""
        return self.without_filters() != self

    def without_filters(self) -> Options:
        default = Options()
        return replace(self, **{name: getattr(default, name) for name in FILTERS})

    def narrow(self, images: GalleryImageQuerySet, person: Person) -> GalleryImageQuerySet:
        """The images that pass the filters."""
        if self.tag:
            images = images.tagged(self.tag)
        if self.licence:
            images = images.licensed(self.licence)
        if self.creator:
            images = images.made_by(self.creator)
        if self.first or self.last:
            images = images.made_between(self.first, self.last)
        return images.owned_by(person) if self.mine else images

    @property
    def weights(self) -> dict[str, float]:
        """How much each kind of space counts: name -> weight. The slider moves weight between two of them only."""
        if self.balance is None:
            return default_weights()
        balanced = {APPEARANCE.name: (100 - self.balance) / 100, MEANING.name: self.balance / 100}
        return default_weights() | balanced

    @property
    def shown_balance(self) -> int:
        """Where the slider stands, from 0 (looks like) to 100 (means like)."""
        return default_balance() if self.balance is None else self.balance

    @property
    def filters_in_words(self) -> str:
        """For example: tagged “cat”, under CC0, by NASA."""
        said = (
            (self.tag, f"tagged “{self.tag}”"),
            (self.licence, f"under {self.licence}"),
            (self.creator, f"by {self.creator}"),
            (self.first and self.last, f"made from {_day(self.first)} to {_day(self.last)}"),
            (self.first and not self.last, f"made since {_day(self.first)}"),
            (self.last and not self.first, f"made until {_day(self.last)}"),
            (self.mine, "of mine"),
        )
        return ", ".join(words for given, words in said if given)

    @property
    def in_words(self) -> str:
        """All of it, for the history."""
        said = (
            (self.words, f"and “{self.words}”"),
            (self.apart, "as separate parts"),
            (self.is_narrow, self.filters_in_words),
            (self.balance is not None, f"{100 - self.shown_balance}% looks, {self.shown_balance}% meaning"),
        )
        return ", ".join(words for given, words in said if given)


def default_balance() -> int:
    """Where the slider stands by default."""
    return round(100 * MEANING.default_weight / (APPEARANCE.default_weight + MEANING.default_weight))


def _day(day: datetime.date | None) -> str:
    return date_format(day, "j M Y") if day else ""
