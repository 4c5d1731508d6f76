"""Telling photos of one name apart, wherever a person's photos are listed or chosen: by day and size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.template.defaultfilters import date, filesizeformat
from django.utils import timezone

from selector.models import Photo
from selector.people import Person


def tell_apart(person: Person, photos: Iterable[Photo]) -> None:
    """Set `told_apart` of those photos of a person's whose name others of theirs have as well.

    To the minute where photos of one name are of one day and size, too.
    """
    listed = list(photos)
    named = Photo.objects.private_to(person).filter(name__in={photo.name for photo in listed}).order_by()
    namesakes = list(named.only("name", "created", "original_bytes"))
    several = Counter(photo.name for photo in namesakes)
    alike = Counter((photo.name, _day_and_size(photo)) for photo in namesakes if several[photo.name] > 1)
    for photo in listed:
        if several[photo.name] > 1:
            is_alone = alike[photo.name, _day_and_size(photo)] <= 1
            photo.told_apart = _day_and_size(photo) if is_alone else _day_and_size(photo, "j M Y, H:i:s")


def _day_and_size(photo: Photo, form: str = "j M Y") -> str:
    """For example ``"12 May 2026, 3.1 MB"``."""
    return f"{date(timezone.localtime(photo.created), form)}, {filesizeformat(photo.original_bytes)}"
