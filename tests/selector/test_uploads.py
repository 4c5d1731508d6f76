"""Uploading: what gets in, what is refused, and that nothing stays behind."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from selector.models import LabelMap, Photo
from tests.pictures import image_file, quarters

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]


def post(client: Client, data: bytes, name: str = "photo.jpg", **headers: Any) -> Any:
    return client.post("/photos/", {"image": SimpleUploadedFile(name, data)}, **headers)


def files_under(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}


def huge_png(width: int, height: int) -> bytes:
    """A file of a few bytes that says it has `width` x `height` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_an_uploaded_picture_opens_in_the_workspace(client: Client, fmt: str) -> None:
    response = post(client, image_file(fmt=fmt))
    photo = Photo.objects.get()
    assert response.status_code == 302
    assert response.url == f"/photos/{photo.pk}/"
    assert (photo.width, photo.height) == (240, 160)
    assert client.get(response.url).status_code == 200


def test_its_superpixels_are_computed_in_the_upload_request(client: Client) -> None:
    post(client, image_file())
    assert LabelMap.objects.get().photo == Photo.objects.get()


def test_htmx_is_sent_to_the_workspace(client: Client) -> None:
    response = post(client, image_file(), headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == Photo.objects.get().get_absolute_url()
    assert "HX-Request" in response.headers["Vary"]


def test_a_photo_belongs_to_the_account_that_sent_it(alice_client: Client, alice: Any) -> None:
    post(alice_client, image_file())
    assert Photo.objects.get().owner == alice


def test_a_visitors_photo_belongs_to_the_id_in_their_session(client: Client) -> None:
    post(client, image_file())
    assert str(Photo.objects.get().visitor) == client.session["visitor"]


def test_a_stranger_cannot_see_it(client: Client, bob_client: Client) -> None:
    url = post(client, image_file()).url
    assert bob_client.get(url).status_code == 404
    assert Client().get(url).status_code == 404


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"To be or not to be, that is the question.\n" * 50, "hamlet.jpg"),
        (image_file()[: len(image_file()) // 2], "truncated.jpg"),
        (huge_png(10_000, 6_000), "bomb.png"),
        (b"", "empty.jpg"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500), "IMG_0001.HEIC"),
    ],
    ids=["text", "truncated", "sixty megapixels", "empty", "heic"],
)
def test_a_bad_file_gets_a_sentence_and_leaves_nothing(client: Client, media: Path, data: bytes, name: str) -> None:
    before = files_under(media)
    response = post(client, data, name, headers={"HX-Request": "true"})
    assert 400 <= response.status_code < 500
    assert response.content.decode().count('class="message error"') == 1
    assert not Photo.objects.exists()
    assert files_under(media) == before


def test_a_bad_file_without_javascript_gets_a_whole_page(client: Client) -> None:
    response = post(client, b"not a picture")
    assert response.status_code == 422
    assert b"<html" in response.content
    assert b'role="status"' in response.content


def test_a_file_over_the_limit_is_refused_before_it_is_read(client: Client, settings: Any, monkeypatch: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    monkeypatch.setattr("selector.services.photos.store_photo", lambda *_args, **_kwargs: pytest.fail("was read"))
    response = post(client, bytes(1024 * 1024 + 1))
    assert response.status_code == 400
    assert "larger than 1 MB" in response.content.decode()


def test_no_file_at_all_says_so(client: Client) -> None:
    response = client.post("/photos/")
    assert response.status_code == 400
    assert "Choose a picture" in response.content.decode()


def test_a_failure_in_the_database_leaves_no_file(media: Path, monkeypatch: Any) -> None:
    from selector.services.photos import store_photo

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError

    before = files_under(media)
    monkeypatch.setattr(Photo, "save", fail)
    with pytest.raises(RuntimeError):
        store_photo(image_file(), "photo.jpg")
    assert files_under(media) == before


def test_the_working_copy_is_served_to_its_owner_alone(client: Client, bob_client: Client) -> None:
    post(client, image_file())
    url = Photo.objects.get().working_url
    response = client.get(url)
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert bob_client.get(url).status_code == 404


@pytest.mark.parametrize(("size", "small"), [((800, 600), (640, 480)), ((500, 900), (356, 640)), ((90, 60), (90, 60))])
def test_a_small_copy_shows_the_same_in_fewer_bytes(
    client: Client, size: tuple[int, int], small: tuple[int, int]
) -> None:
    from PIL import Image

    post(client, image_file(quarters(*size)))
    photo = Photo.objects.get()
    response = client.get(photo.small_url)
    shown = Image.open(io.BytesIO(response.content))
    assert (response.headers["Content-Type"], shown.format, shown.size) == ("image/webp", "WEBP", small)
    assert len(response.content) < photo.working_bytes / 2
    working = Image.open(io.BytesIO(client.get(photo.working_url).content)).resize(small)
    assert np.abs(np.asarray(shown, int) - np.asarray(working, int)).mean() < 6


def test_the_stored_copy_has_no_metadata(client: Client) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F] = "A camera with a serial number"
    post(client, image_file(exif=exif))
    copy = client.get(Photo.objects.get().working_url).content
    assert not Image.open(io.BytesIO(copy)).getexif()
    assert b"serial" not in copy
