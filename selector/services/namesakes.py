"""Telling photos of one name apart, wherever a person's photos are listed or chosen: by day and size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count
from django.template.defaultfilters import date, filesizeformat
from django.utils import timezone

from selector.models import Photo
from selector.people import Person


def tell_apart(person: Person, photos: Iterable[Photo]) -> None:
    """Set `told_apart` of those photos of a person's whose name others of theirs have as well.

    To the minute where photos of one name are of one day and size, too.
    """
    listed = list(photos)
    mine = Photo.objects.private_to(person).filter(name__in={photo.name for photo in listed}).order_by()
    several = [row["name"] for row in mine.values("name").annotate(n=Count("pk")).filter(n__gt=1)]
    if not several:
        return
    namesakes = Photo.objects.private_to(person).filter(name__in=several).only("name", "created", "original_bytes")
    alike = Counter((photo.name, _day_and_size(photo)) for photo in namesakes)
    for photo in listed:
        if photo.name in several:
            is_alone = alike[photo.name, _day_and_size(photo)] <= 1
            photo.told_apart = _day_and_size(photo) if is_alone else _day_and_size(photo, "j M Y, H:i:s")


def _day_and_size(photo: Photo, form: str = "j M Y") -> str:
    """For example ``"12 May 2026, 3.1 MB"``."""
    return f"{date(timezone.localtime(photo.created), form)}, {filesizeformat(photo.original_bytes)}"
