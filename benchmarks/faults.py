"""What kills have done to a site: rows, vectors and files that are lost or there twice, and images that are blamed."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any


def state_of_rows(n_images: int) -> dict[str, Any]:
    """What is wrong with a collection of so many images that should all be indexed; zeros where nothing is."""
    from django.db.models import Count, F

    from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion
    from selector.models import LabelMap

    spaces = DescriptorSpace.objects.count()
    regions = IndexedRegion.objects.annotate(n=Count("vectors"))
    nodes = IndexedRegion.objects.values("image", "node").annotate(n=Count("pk"))
    maps = LabelMap.objects.values("photo", "engine", "parameters").annotate(n=Count("pk"))
    return {
        "images lost": n_images - GalleryImage.objects.count(),
        "not indexed": GalleryImage.objects.pending().count(),
        "innocent put aside": GalleryImage.objects.failed().count(),
        "without regions": GalleryImage.objects.indexed().filter(regions=None).count(),
        "regions twice": nodes.filter(n__gt=1).count(),
        "regions without each vector once": regions.exclude(n=spaces).count(),
        "vectors of another image": regions.exclude(vectors__image=F("image")).count(),
        "label maps twice": maps.filter(n__gt=1).count(),
    }


def state_of_storage() -> dict[str, Any]:
    """Files that are missing; and files that no row names, before and after the site's own sweep, if it has one."""
    from django.core.management import call_command, get_commands

    missing, orphans = compare_storage()
    found: dict[str, Any] = {"files missing": len(missing), "orphans before the sweep": len(orphans)}
    if "check_storage" in get_commands():
        with suppress(SystemExit):
            call_command("check_storage", repair=True, older_than=0, stdout=io.StringIO())
        found["orphans after the sweep"] = len(compare_storage()[1])
    return found


def compare_storage() -> tuple[set[str], set[str]]:
    """The files that rows name and that are not there, and those that are there and no row names."""
    from django.conf import settings

    from selector.models import LabelMap, Photo

    named = {name for pair in Photo.objects.values_list("original", "working") for name in pair}
    named |= set(LabelMap.objects.values_list("labels", flat=True))
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    there = {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}
    return named - there, there - named


def missed(found: dict[str, Any]) -> list[str]:
    """What should be nothing and is not."""
    counted = {name: value for name, value in found.items() if name != "orphans before the sweep"}
    return [name for name, value in counted.items() if isinstance(value, int) and value and "kills" not in name]


def lost(addresses: list[str]) -> int:
    """How many of some photos are not there with their files."""
    from selector.models import Photo

    keys = [address.strip("/").split("/")[-1] for address in addresses]
    missing, _ = compare_storage()
    rows = {str(photo.pk): photo for photo in Photo.objects.filter(pk__in=keys)}
    there = [key for key, photo in rows.items() if not {photo.original.name, photo.working.name} & missing]
    return len(set(keys) - set(there))
