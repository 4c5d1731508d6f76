"""What a picture measures, for those who measure: stored, shown, turned along, exported."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.exports.contents import Contents
from selector.models import Photo
from selector.people import Person
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]


def scanned(client: Client, **options: Any) -> Photo:
    """A photo of 240 x 160 pixels, by default of a scan with 300 dots per inch."""
    scan = image_file(**{"dpi": (300, 300), **options})
    client.post("/photos/", {"image": SimpleUploadedFile("scan.jpg", scan)})
    return Photo.objects.get()


@pytest.mark.parametrize("fmt", ["JPEG", "PNG"])
def test_a_scan_is_stored_with_what_it_measures(client: Client, fmt: str) -> None:
    photo = scanned(client, fmt=fmt)
    assert [photo.width_mm, photo.height_mm] == pytest.approx([20.32, 13.55], rel=0.001)
    assert photo.dots_per_metre_across == pytest.approx(11_811, rel=0.001)


def test_the_workspace_shows_it(client: Client) -> None:
    page = client.get(scanned(client).get_absolute_url()).content.decode()
    assert "scan.jpg · 240 × 160 · 2.03 × 1.35 cm at 300 dpi" in page


def test_a_photo_whose_file_does_not_say_has_none(client: Client) -> None:
    photo = scanned(client, dpi=(72, 72))
    assert (photo.width_mm, photo.dots_per_metre_down, photo.physical_size) == (None, None, "")
    assert "dpi" not in client.get(photo.get_absolute_url()).content.decode()


def test_it_is_turned_along(client: Client) -> None:
    photo = scanned(client, dpi=(300, 600))
    client.post(f"/photos/{photo.pk}/rotate/")
    before, photo = photo, Photo.objects.get()
    assert photo.quarter_turns == 1
    assert (photo.width_mm, photo.height_mm) == (before.height_mm, before.width_mm)
    assert photo.physical_size == "0.677 × 2.03 cm at 600 × 300 dpi"


def test_an_export_carries_it(alice: Any, alice_client: Client) -> None:
    photo = scanned(alice_client)
    (entry,) = [entry for entry in Contents(Person(alice)).entries() if entry.name == "photos.json"]
    (row,) = json.loads(b"".join(entry.pieces))
    assert (row["width_mm"], row["height_mm"]) == (photo.width_mm, photo.height_mm)
    assert row["dots_per_metre_across"] == photo.dots_per_metre_across


@pytest.mark.parametrize(
    ("millimetres", "shown"),
    [
        ((1189, 841), "1.19 × 0.841 m"),
        ((210, 297), "21 × 29.7 cm"),
        ((8.5, 4), "8.5 × 4 mm"),
        ((0.25, 0.125), "250 × 125 µm"),
        ((123_456, 1), "123 × 0.001 m"),
    ],
)
def test_lengths_are_in_a_unit_that_suits_them(millimetres: tuple[float, float], shown: str) -> None:
    width, height = millimetres
    photo = Photo(width_mm=width, height_mm=height, dots_per_metre_across=11_811, dots_per_metre_down=11_811)
    assert photo.physical_size == f"{shown} at 300 dpi"
