"""Searches as programs read and write them."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import uuid
from typing import Annotated, Any, Literal, Self

from ninja import Field, Schema
from pydantic import model_validator

from api.hits import HitOut, told_hits
from api.paging import NO_CURSOR
from gallery.models import Search
from gallery.search.answers import Answer
from gallery.search.by_words import Found
from gallery.search.options import Options
from gallery.search.parts import MOST_PARTS
from gallery.web.forms import LARGEST_KEY, LARGEST_NODE, OptionsForm
from superpixel_site.refusals import Refusal, valid

ONE_QUESTION = "Say what to search for: a photo on which you have selected something, or an image of the collection."
# A page has 24 places, and nobody sees more than these of an answer.
MOST_PAGES = 100
RegionIds = Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_KEY)]], Field(max_length=MOST_PARTS)]


class Filters(Schema):
    """Which images may be found."""

    tag: str = Field("", max_length=100)
    licence: str = Field("", max_length=200, description="“CC BY” is also “CC BY 4.0”.")
    creator: str = Field("", max_length=200, description="A part of the name.")
    first: datetime.date | None = Field(None, description="Made on this day or later.")
    last: datetime.date | None = Field(None, description="Made on this day or before.")
    mine: bool = Field(False, description="Only your own collection.")


class OptionsIn(Filters):
    """What is meant by “like this”, and which images may be found."""

    words: str = Field("", max_length=200, description="What they should show, too.", examples=["red"])
    preset: Literal["", "thing", "kind", "look", "custom"] = Field(
        "", description="The same thing, the same kind, or the same look; custom: as `balance` says."
    )
    balance: int | None = Field(None, ge=0, le=100, description="0: looks like; 100: means like.")
    apart: bool = Field(False, description="Look for the separate parts of the selection one by one.")

    def options(self) -> Options:
        """The options, by the form of the drawer.

        Raises
        ------
        Refusal
            With the form's first error.
        """
        given = self.model_dump()
        if given["balance"] is not None and not given["preset"]:
            given["preset"] = "custom"
        # A form leaves out what is not chosen.
        posted = {name: given[name] for name in OptionsIn.model_fields if given[name] not in ("", None, False)}
        return valid(OptionsForm(posted), 422, "").options


class NewSearch(OptionsIn):
    """What to search for."""

    photo: uuid.UUID | None = Field(None, description="Search for what you have selected on this photo.")
    image: int | None = Field(None, ge=1, le=LARGEST_KEY, description="Search for what is like this image ...")
    regions: RegionIds = Field([], description="... or like these regions of it ...")
    node: int | None = Field(None, ge=0, le=LARGEST_NODE, description="... or like this node of its merge tree.")

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if (self.photo is None) == (self.image is None):
            raise ValueError(ONE_QUESTION)
        return self


class Changes(Schema):
    """What is to be changed of a search."""

    name: str | None = Field(None, max_length=Search.LONGEST_NAME)
    is_pinned: bool | None = None
    options: OptionsIn | None = Field(None, description="Ask with these from now on: those left out are the default.")


class SearchOut(Schema):
    """A search: the selection as it was, and options."""

    id: uuid.UUID
    photo: uuid.UUID
    name: str
    is_pinned: bool
    last_asked: datetime.datetime
    options: dict[str, Any] = Field(description="Those that differ from the default.", examples=[{"preset": "thing"}])
    options_in_words: str
    page: str = Field(description="Address for a browser.")
    best: list[int] = Field(description="The images that came first in the latest answer.")

    @classmethod
    def of(cls, search: Search) -> Self:
        """A search as the interface tells it, with its label map."""
        return cls(
            id=search.pk,
            photo=search.label_map.photo_id,
            name=search.name,
            is_pinned=search.is_pinned,
            last_asked=search.last_asked,
            options=search.options,
            options_in_words=Options.from_json(search.options).in_words,
            page=search.get_absolute_url(),
            best=search.best,
        )


class SearchesOut(Schema):
    """A page of searches, the latest first."""

    searches: list[SearchOut]
    next: str | None = Field(description="The cursor of the next page; null after the last.")


class Checking(Schema):
    """How far hits were compared with the selection point by point."""

    done: int
    total: int
    is_asked_for: bool


class HitsOut(Schema):
    """A page of hits, best first."""

    hits: list[HitOut]
    total: int = Field(description="How many are known on all pages; `next` says whether there are more.")
    sentence: str = Field(description="How much was found, or why nothing.")
    notices: list[str] = []
    is_filtered_out: bool = False
    is_thing_proposed: bool = Field(False, description="Whether the preset `thing` is worth trying.")
    checking: Checking | None = None
    next: str | None = Field(description="The cursor of the next page; null after the last.")

    @classmethod
    def of(cls, answer: Answer, *, masks: bool) -> Self:
        """An answer to a search."""
        done = answer.checking
        checking = Checking(done=done.done, total=done.total, is_asked_for=done.is_asked_for) if done else None
        return cls(
            hits=told_hits(answer.hits, masks=masks),
            total=answer.total,
            sentence=answer.sentence,
            notices=answer.notices,
            is_filtered_out=answer.is_filtered_out,
            is_thing_proposed=answer.is_thing_proposed,
            checking=checking,
            next=written_cursor(answer.next_page, answer.kept),
        )

    @classmethod
    def of_words(cls, found: Found, *, masks: bool) -> Self:
        """What words have found."""
        return cls(
            hits=told_hits(found.hits, masks=masks),
            total=found.total,
            sentence=found.sentence,
            notices=found.notices,
            is_filtered_out=found.is_filtered_out,
            is_thing_proposed=False,
            checking=None,
            next=written_cursor(found.next_page, None),
        )


def written_cursor(page: int | None, kept: int | None) -> str | None:
    """Where the next page of hits begins: in which ranking that was kept."""
    return None if page is None else base64.urlsafe_b64encode(json.dumps([page, kept]).encode()).decode()


def read_cursor(cursor: str) -> tuple[int, int | None]:
    """The page and the ranking that a cursor names; the first page of a new one for an empty cursor.

    Raises
    ------
    Refusal
        For a cursor that was not given out here.
    """
    if not cursor:
        return 1, None
    try:
        page, kept = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Refusal(NO_CURSOR, 422, "") from None
    is_kept = kept is None or (type(kept) is int and 0 < kept <= LARGEST_KEY)
    if type(page) is not int or not 1 < page <= MOST_PAGES or not is_kept:
        raise Refusal(NO_CURSOR, 422, "")
    return page, kept
