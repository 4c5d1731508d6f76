"""Files of every format through the real upload: what people are told, and the names under which they get them back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from selector.models import Photo
from tests.pictures import image_file, quarters
from tests.pure.test_raw import RAW
from tests.selector.test_uploads import post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]


def pages(n: int) -> bytes:
    from PIL import Image

    page = Image.fromarray(quarters())
    return image_file(fmt="TIFF", save_all=True, append_images=[page] * (n - 1))


@pytest.mark.parametrize(("fmt", "mime"), [("TIFF", "image/tiff"), ("GIF", "image/gif"), ("BMP", "image/bmp")])
def test_a_file_of_each_format_opens_in_the_workspace(client: Client, fmt: str, mime: str) -> None:
    answer = post(client, image_file(fmt=fmt), "scan.of.it")
    photo = Photo.objects.get()
    assert (answer.status_code, photo.original_type, photo.width) == (302, mime, 240)
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize("kind", RAW)
def test_a_raw_file_comes_back_as_it_was(client: Client, kind: str) -> None:
    post(client, RAW[kind], f"DSC_0001.{kind[-3:].upper()}")
    photo = Photo.objects.get()
    assert (photo.width, photo.height) == (400, 700)
    answer = client.get(f"/photos/{photo.pk}/original/")
    assert answer.headers["Content-Type"] == kind
    assert f'filename="DSC_0001.{kind[-3:].upper()}"' in answer.headers["Content-Disposition"]
    assert b"".join(answer.streaming_content) == RAW[kind]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "mime", "shown"),
    [
        ("holiday", "image/jpeg", "holiday.jpg"),
        ("holiday.JPEG", "image/jpeg", "holiday.JPEG"),
        ("map.tiff", "image/tiff", "map.tiff"),
        ("map", "image/tiff", "map.tif"),
        ("bird", "image/x-nikon-nef", "bird.nef"),
        ("bird.jpg", "image/x-canon-cr2", "bird.jpg.cr2"),
    ],
)
def test_an_original_is_saved_by_a_name_that_says_what_it_is(name: str, mime: str, shown: str) -> None:
    assert Photo(name=name, original_type=mime).download_name == shown


def test_of_several_pages_the_first_is_shown_and_the_person_is_told(client: Client) -> None:
    answer = client.get(post(client, pages(12))["Location"])
    assert "The file has 12 pages: the first is shown." in answer.content.decode()
    htmx = post(client, pages(3), "letters.tif", headers={"HX-Request": "true"})
    assert "The file has 3 pages: the first is shown." in client.get(htmx.headers["HX-Redirect"]).content.decode()
    both = client.post("/photos/", {"image": [_file("a.tif", pages(2)), _file("b.tif", pages(1))]})
    said = client.get(both["Location"]).content.decode()
    assert "a.tif: The file has 2 pages: the first is shown." in said and "b.tif:" not in said


def _file(name: str, data: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, data)


def test_the_list_is_told_of_pages_as_well(client: Client) -> None:
    answer = client.post(
        "/photos/", {"image": _file("letters.tif", pages(3)), "stay": "on"}, headers={"HX-Request": "true"}
    )
    assert "The file has 3 pages: the first is shown." in answer.content.decode()


def test_large_pictures_are_taken_where_they_are_read_in_pieces(client: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_PIXELS, settings.MAX_LARGE_PIXELS = 10_000, 240 * 160
    for data in (image_file(), image_file(fmt="TIFF", compression="tiff_lzw")):
        assert post(client, data).status_code == 302
    answer = post(client, image_file(fmt="PNG"))
    assert answer.status_code == 422
    assert "or 0.0 in a plain JPEG (not progressive) or a TIFF of strips or tiles." in answer.content.decode()
    photo = Photo.objects.filter(original_type="image/tiff").get()
    assert client.get(f"/photos/{photo.pk}/preview.png?size=original").status_code == 200


def test_a_truncated_photo_says_how_far_it_reaches(client: Client) -> None:
    data = image_file()
    assert post(client, data[:-2]).status_code == 302
    assert "The file ends after" in post(client, data[: len(data) // 2]).content.decode()
