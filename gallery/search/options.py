"""The options of a search besides its selection: filters, words, separate parts, and how much each space counts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.utils.formats import date_format

from gallery.index.kinds import APPEARANCE, MEANING, default_weights
from gallery.models import GalleryImageQuerySet
from gallery.search.presets import CUSTOM, KIND, PRESETS, WITHOUT_MEANING, Preset
from selector.people import Person

FILTERS = ("tag", "licence", "creator", "first", "last", "mine")
BALANCED = frozenset({APPEARANCE.name, MEANING.name})
"""The kinds of spaces between which the slider moves weight."""


@dataclass(frozen=True)
class Options:
    """The options of one search; by default those of a drawer whose controls were not touched."""

    tag: str = ""
    licence: str = ""
    creator: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None
    mine: bool = False
    words: str = ""
    apart: bool = False
    balance: int | None = None
    preset: str = ""

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Options:
        """The options that `to_json` stored; those that no longer exist are left out."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in kept.items() if name in known}
        days = {name: datetime.date.fromisoformat(given[name]) for name in ("first", "last") if given.get(name)}
        return cls(**given | days)

    def to_json(self) -> dict[str, Any]:
        """The options that differ from the default, to be stored: equal searches are equal rows."""
        default = asdict(Options())
        changed = {name: value for name, value in asdict(self).items() if value != default[name]}
        return {
            name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in changed.items()
        }

    @property
    def has_filters(self) -> bool:
        """Whether any filter is set."""
        return self.without_filters() != self

    def without_filters(self) -> Options:
        """The same options with no filter set."""
        default = Options()
        return replace(self, **{name: getattr(default, name) for name in FILTERS})

    def filtered(self, images: GalleryImageQuerySet, person: Person) -> GalleryImageQuerySet:
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
    def meant(self) -> Preset:
        """What is meant by “like this”. A preset that is no longer there is the default one."""
        return PRESETS.get(self.preset, KIND)

    @property
    def chosen(self) -> str:
        """Which button of the drawer is pressed: a preset, or the own mix."""
        return CUSTOM if self.balance is not None else self.meant.name

    @property
    def weights(self) -> dict[str, float]:
        """How much each kind of space counts: name -> weight. The slider moves weight between two of them only."""
        if self.balance is None and self.meant is KIND:
            return default_weights()
        balanced = {APPEARANCE.name: (100 - self.shown_balance) / 100, MEANING.name: self.shown_balance / 100}
        return default_weights() | balanced

    @property
    def shown_balance(self) -> int:
        """Where the slider stands, from 0 (looks like) to 100 (means like)."""
        return self.meant.balance if self.balance is None else self.balance

    @property
    def means_nothing_special(self) -> bool:
        """Whether the person has not said what they mean."""
        return self.balance is None and self.meant is KIND and not self.apart

    @property
    def is_checked(self) -> bool:
        """Whether the first hits are checked point by point. Separate parts are not one thing."""
        return self.balance is None and self.meant.is_checked and not self.apart

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
        """All options as words, for the history; empty where none is set."""
        said = (
            (self.words, f"and “{self.words}”"),
            (self.apart, "as separate parts"),
            (self.has_filters, self.filters_in_words),
            (self.balance is None and self.meant is not KIND, self.meant.label.lower()),
            (self.balance is not None, f"{100 - self.shown_balance}% looks, {self.shown_balance}% meaning"),
        )
        return ", ".join(words for given, words in said if given)


@dataclass(frozen=True)
class Controls:
    """Which controls the drawer shows for a search, besides the filters.

    Attributes
    ----------
    n_parts : int
        How many separate parts can be searched for; 0 where the selection is not taken apart.
    balance : bool
        Whether several spaces answer, so that the slider between them has an effect.
    words : bool
        Whether a space that answers understands words.
    """

    n_parts: int = 0
    balance: bool = False
    words: bool = False

    @property
    def presets(self) -> tuple[Preset, ...]:
        """What may be meant."""
        return tuple(PRESETS.values()) if self.balance else WITHOUT_MEANING


def _day(day: datetime.date | None) -> str:
    return date_format(day, "j M Y") if day else ""
