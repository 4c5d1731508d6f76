"""A person on an iPhone, whose camera writes HEIC: in tiles, turned by the file, in Display P3."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from selector.imaging.containers.items import Property
from selector.models import Photo
from selector.services import decoding
from selector.services.photos import working_copy
from tests.pictures import quarters
from tests.pure.heif_files import avif, heic, turned
from tests.pure.images import DISPLAY_P3, rgb_profile
from tests.pure.test_jxl import jxl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]

PICTURE = Image.fromarray(quarters())
A_QUARTER_CLOCKWISE = Property(b"irot", b"\3")


def post(client: Client, data: bytes, name: str) -> int:
    return client.post("/photos/", {"image": SimpleUploadedFile(name, data)}).status_code


def test_a_phones_photo_opens_right_way_up_and_in_its_colours(client: Client) -> None:
    written = heic(PICTURE, tile_size=64, icc_profile=rgb_profile(DISPLAY_P3))
    assert post(client, turned(written, [A_QUARTER_CLOCKWISE]), "IMG_0001.HEIC") == 302
    photo = Photo.objects.get()
    assert (photo.width, photo.height, photo.original_type) == (160, 240, "image/heic")
    assert client.get(photo.get_absolute_url()).status_code == 200
    shown = working_copy(photo).astype(int)
    # What was below is at the left now: blue, then red; yellow, then green. P3's red is a stronger one than sRGB's.
    blue, red = shown[10:110, 10:70].mean((0, 1)), shown[10:110, 90:150].mean((0, 1))
    assert np.abs(blue - (28, 71, 208)).max() < 8, blue
    assert np.abs(red - (218, 3, 25)).max() < 8, red


@pytest.mark.parametrize(("write", "mime"), [(avif, "image/avif"), (heic, "image/heic"), (jxl, "image/jxl")])
def test_every_such_format_is_taken(client: Client, write: object, mime: str) -> None:
    assert callable(write)
    assert post(client, write(PICTURE), "picture") == 302
    assert Photo.objects.get().original_type == mime


@pytest.mark.parametrize("write", [avif, heic, jxl])
def test_half_a_file_is_refused_with_a_sentence(client: Client, write: object) -> None:
    assert callable(write)
    data = write(PICTURE)
    assert post(client, data[: len(data) // 2], "half") == 422
    assert not Photo.objects.exists()


@pytest.mark.parametrize(("missing", "said"), [((), ""), (("pillow_heif", "pillow_jxl"), "HEIC, JPEG XL")])
def test_the_log_says_which_formats_are_not_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, missing: tuple[str, ...], said: str
) -> None:
    for package in missing:
        monkeypatch.setitem(sys.modules, package, None)
    with caplog.at_level("INFO"):
        decoding.prepare()
    assert ("Not read here" in caplog.text) == bool(missing)
    assert said in caplog.text
