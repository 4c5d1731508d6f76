"""What is in an export: a person's things, one file after the other."""

from __future__ import annotations

import csv
import datetime
import io
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import sessions
from accounts.exports.names import UniqueNames, with_extension
from accounts.exports.selections import as_json, mask_png, superpixels_png
from accounts.exports.streams import Entry
from accounts.models import ApiToken
from gallery.models import Feedback, GalleryImage, Search
from selector.access import visible_source
from selector.models import Photo, Selection, SharedSelection
from selector.people import Person
from superpixel_site.file_names import split

PIECE = 2**18
ROWS_AT_ONCE = 100
# Declared as any text: django-stubs looks literal names up, and does not know the fields of taggit.
TAGS: str = "tags"
# Files of apps above, by their names: what is in them for a person, with a function that tells the file of a photo.
Rows: TypeAlias = Callable[[Person, Callable[[Photo], str]], list[dict[str, Any]]]
FURTHER: dict[str, Rows] = {}


class Contents:
    """All that is a person's, as files. Names of photos are given in the first pass over them, and used by the rest."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.photos = Photo.objects.private_to(person).order_by("created", "pk")
        maps = Selection.objects.owned_by(person).select_related("label_map__photo__gallery_image")
        self.selections = maps.order_by("pk")
        self.missing: list[str] = []
        self._names: dict[uuid.UUID, str] = {}

    def count(self) -> int:
        """How many files there will be, about: of photos and selections."""
        return self.photos.count() + self.selections.count()

    def entries(self) -> Iterator[Entry]:
        """The files, in the order in which they are written."""
        given = UniqueNames()
        for pk, name, mime in self.photos.values_list("pk", "name", "original_type"):
            self._names[pk] = f"photos/{given.give(with_extension(name, mime))}"
        yield self._text("README.txt", render_to_string("accounts/export_readme.txt", {"now": timezone.now()}))
        if self.person.user is not None:
            yield self._json("account.json", _account(self.person))
        yield from self._originals()
        with_sources = self.photos.select_related("cut_from__gallery_image").iterator(ROWS_AT_ONCE)
        yield self._json("photos.json", [self._photo(photo) for photo in with_sources])
        yield from self._selections()
        yield self._json("searches.json", [self._search(search) for search in self._searches()])
        yield self._json("links.json", [self._link(link) for link in self._links()])
        yield from self._collection()
        for name, rows in FURTHER.items():
            yield self._json(name, rows(self.person, self._name_of))
        if self.missing:
            yield self._text("missing.txt", "\n".join(["The site has lost these files:", *self.missing, ""]))

    def _originals(self) -> Iterator[Entry]:
        for photo in self.photos.iterator(ROWS_AT_ONCE):
            # One that was added meanwhile has no name yet, and comes with the next export.
            if name := self._names.get(photo.pk):
                try:
                    file = photo.original.open("rb")
                except FileNotFoundError:
                    self.missing.append(name)
                    continue
                with file:
                    yield Entry(name, file.chunks(PIECE), photo.created, is_packed=True)

    def _selections(self) -> Iterator[Entry]:
        given = UniqueNames()
        for selection in self.selections.iterator(ROWS_AT_ONCE):
            photo = selection.label_map.photo
            stem = split(given.give(f"{split(self._name_of(photo).rpartition('/')[2])[0]}.json"))[0]
            data = as_json(selection) | {"photo": self._name_of(photo)}
            yield self._json(f"selections/{stem}.json", data, selection.updated)
            for kind, png in (("mask", mask_png), ("superpixels", superpixels_png)):
                name = f"selections/{stem}.{kind}.png"
                try:
                    yield Entry(name, [png(selection)], selection.updated, is_packed=True)
                except FileNotFoundError:
                    self.missing.append(name)

    def _name_of(self, photo: Photo) -> str:
        """The file of a photo in the ZIP file; of a photo of the collection its title there."""
        image = getattr(photo, "gallery_image", None)
        return self._names.get(photo.pk) or (f"collection: {image.title}" if image else str(photo.pk))

    def _photo(self, photo: Photo) -> dict[str, Any]:
        return {
            "file": self._names.get(photo.pk),
            "name": photo.name,
            "added": photo.created,
            "type": photo.original_type,
            "bytes": photo.original_bytes,
            "sha256": photo.original_sha256,
            "quarter_turns": photo.quarter_turns,
            "width_mm": photo.width_mm,
            "height_mm": photo.height_mm,
            "dots_per_metre_across": photo.dots_per_metre_across,
            "dots_per_metre_down": photo.dots_per_metre_down,
            "opened_from_a_link": photo.opened_from_id is not None,
            "detail_of": self._source(photo) if photo.is_detail else None,
        }

    def _source(self, photo: Photo) -> dict[str, Any]:
        """What a detail is cut from: nothing of a photo that is gone, or that the person may no longer see."""
        source = visible_source(self.person, photo)
        return {"photo": self._name_of(source) if source else None, "box_in_original": photo.cut_box}

    def _searches(self) -> Iterator[Search]:
        feedback = Prefetch("feedback", Feedback.objects.select_related("image"))
        mine = Search.objects.owned_by(self.person).kept().select_related("label_map__photo__gallery_image")
        yield from mine.prefetch_related(feedback).order_by("last_asked", "pk").iterator(ROWS_AT_ONCE)

    def _search(self, search: Search) -> dict[str, Any]:
        return {
            "address": search.get_absolute_url(),
            "name": search.name,
            "is_pinned": search.is_pinned,
            "last_asked": search.last_asked,
            "photo": self._name_of(search.label_map.photo),
            "included_superpixels": search.superpixels.included.nonzero()[0].tolist(),
            "options": search.options,
            "feedback": [{"image": row.image.title, "liked": row.liked} for row in search.feedback.all()],
        }

    def _links(self) -> Iterator[SharedSelection]:
        mine = SharedSelection.objects.owned_by(self.person).with_copies()
        yield from mine.select_related("label_map__photo__gallery_image").order_by("created").iterator(ROWS_AT_ONCE)

    def _link(self, link: SharedSelection) -> dict[str, Any]:
        return {
            "made": link.created,
            "photo": self._name_of(link.photo),
            "included_superpixels": link.superpixels.included.nonzero()[0].tolist(),
            "copies_others_have_opened": getattr(link, "n_copies", 0),
        }

    def _collection(self) -> Iterator[Entry]:
        images = GalleryImage.objects.owned_by(self.person).select_related("photo").prefetch_related(TAGS)
        rows = [self._image(image) for image in images.order_by("created", "pk").iterator(ROWS_AT_ONCE)]
        yield self._json("collection.json", rows)
        yield self._text("collection.csv", _as_csv(rows))

    def _image(self, image: GalleryImage) -> dict[str, Any]:
        return {
            "file": self._names.get(image.photo_id, ""),
            "title": image.title,
            "description": image.description,
            "creator": image.creator,
            "licence": image.licence,
            "source": image.source_url,
            "taken": image.taken,
            "tags": sorted(tag.name for tag in image.tags.all()),
            "added": image.created,
        }

    def _json(self, name: str, data: object, modified: datetime.datetime | None = None) -> Entry:
        return self._text(name, json.dumps(data, ensure_ascii=False, indent=1, default=str), modified)

    def _text(self, name: str, text: str, modified: datetime.datetime | None = None) -> Entry:
        return Entry(name, [text.encode()], modified or timezone.now())


def _account(person: Person) -> dict[str, Any]:
    user = person.user
    assert user is not None
    return {
        "user_name": user.get_username(),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "joined": user.date_joined,
        "last_signed_in": user.last_login,
        "emails": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary"))
        or [{"email": user.email}] * bool(user.email),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "tokens": list(
            ApiToken.objects.filter(user=user).order_by("pk").values("name", "scopes", "created", "ends", "last_used")
        ),
        "sessions": [
            {
                "device": sessions.device(row.user_agent),
                "network": row.ip,
                "since": row.created_at,
                "last_used": row.last_seen_at,
            }
            for row in sessions.sessions_of(user)
        ],
    }


def _as_csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    columns = ["file", "title", "description", "creator", "licence", "source", "taken", "tags", "added"]
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(row | {"tags": ", ".join(row["tags"])} for row in rows)
    return out.getvalue()
