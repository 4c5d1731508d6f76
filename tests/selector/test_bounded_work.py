"""Uploads that would take all memory, all time or all threads: what the site makes of them."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from benchmarks.mutations import mutated
from selector.imaging.child import TOO_MUCH_MEMORY, OutOfTime
from selector.models import Photo
from selector.services import decoding
from selector.services.photos import store_photo
from superpixel_site import work_slots
from superpixel_site.refusals import Busy
from superpixel_site.waiting import DISCONNECTED
from superpixel_site.work_slots import Slots, work_slot
from tests.pictures import image_file
from tests.pure.uploads import hang
from tests.selector.test_uploads import files_under, huge_png, post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]


def one_colour(fmt: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(out, fmt, lossless=True)
    return out.getvalue()


def test_a_picture_that_takes_too_much_memory_is_one_sentence(client: Client, settings: Any, media: Path) -> None:
    settings.DECODE_MEMORY_BYTES = 30 * 2**20
    before = files_under(media)
    answer = post(client, one_colour("PNG", (4000, 3000)))
    assert answer.status_code == 422
    assert TOO_MUCH_MEMORY in answer.content.decode()
    assert not Photo.objects.exists() and files_under(media) == before


def test_a_webp_takes_a_quarter_of_what_an_animation_of_it_would(client: Client, settings: Any) -> None:
    """Pillow takes 16 bytes a pixel: 240 MB for these."""
    settings.DECODE_MEMORY_BYTES = 120 * 2**20
    assert post(client, one_colour("WEBP", (6000, 2500))).status_code == 302


@pytest.mark.parametrize("waited", [0.0, 4.0, 7.2])
def test_waiting_and_reading_share_nine_seconds_whatever_a_decoder_does(waited: float) -> None:
    assert 2 <= decoding._limits(waited).clock_seconds <= max(2, 9 - waited)


@pytest.mark.parametrize(("waited", "answer"), [(0, OutOfTime), (5, Busy)])
def test_a_decoder_that_hangs_is_ended_by_the_clock(settings: Any, waited: float, answer: type[Exception]) -> None:
    """Who had to wait first has less time than others, and is told to come back."""
    settings.DECODE_SECONDS = 1
    with work_slot():
        work_slots._asked.set(time.monotonic() - waited)
        with pytest.raises(answer):
            decoding._read(hang)


def take_all_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    none_free = Slots(count=0, longest_line=0, patience=0)
    monkeypatch.setattr(work_slots, "_slots", lambda: none_free)


@pytest.fixture
def no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    take_all_slots(monkeypatch)


def test_an_upload_to_a_busy_site_leaves_nothing(client: Client, no_slot: None, media: Path) -> None:
    before = files_under(media)
    answer = post(client, image_file(), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "The site is busy just now." in answer.content.decode()
    assert not Photo.objects.exists() and files_under(media) == before


@pytest.mark.parametrize("size", ["", "original"])
def test_a_preview_on_a_busy_site_is_busy(alice_client: Client, photo: Photo, no_slot: None, size: str) -> None:
    alice_client.get(photo.get_absolute_url())
    address = f"/photos/{photo.pk}/preview.png?size={size}"
    answer = alice_client.get(address, headers={"Sec-Fetch-Dest": "image"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/plain")


def test_clicks_need_no_slot(alice_client: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.selector.test_gestures import RED_QUARTER, gesture

    alice_client.get(photo.get_absolute_url())
    take_all_slots(monkeypatch)
    assert gesture(alice_client, photo, points=RED_QUARTER).status_code in (200, 302)


def test_an_upload_that_was_taken_back_leaves_nothing(client: Client, media: Path) -> None:
    before = files_under(media)
    gone: Any = {DISCONNECTED: lambda: True}
    answer = post(client, image_file(), **gone)
    assert (answer.status_code, answer.content) == (499, b"")
    assert not Photo.objects.exists() and files_under(media) == before


def test_an_original_that_takes_too_much_is_refused_and_no_fault(
    alice: Any, alice_client: Client, settings: Any
) -> None:
    photo = store_photo(one_colour("JPEG", (3000, 2000)), "large.jpg", owner=alice)
    settings.DECODE_MEMORY_BYTES = 16 * 2**20
    answer = alice_client.get(f"/photos/{photo.pk}/preview.png?size=original")
    assert answer.status_code == 422
    assert TOO_MUCH_MEMORY in answer.content.decode()


def hostile_files() -> list[bytes]:
    """One of each kind that has cost a site its memory, its time or a traceback, and what is left of sound ones."""
    progressive = image_file(progressive=True)
    last_scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    sound = [image_file(), progressive, *(image_file(fmt=fmt) for fmt in ("PNG", "WEBP", "GIF", "BMP"))]
    sound += [image_file(fmt="TIFF", compression=way) for way in ("raw", "tiff_lzw", "jpeg")]
    return [
        progressive[:-2] + b"\xff\xfe\0\4\xff\xd9" + last_scan * 100 + progressive[-2:],
        one_colour("WEBP", (6000, 2500)),
        huge_png(5_000, 8_001),
        sound[2].replace(b"IDAT", b"IDAX"),
        *mutated(sound, 6, seed=1),
    ]


def test_hostile_files_are_taken_or_refused_and_never_a_fault(client: Client, media: Path) -> None:
    before = files_under(media)
    statuses = [post(client, data).status_code for data in hostile_files()]
    assert set(statuses) == {302, 422}
    # An original, a working copy and a label map for each that was taken.
    assert len(files_under(media) - before) == 3 * Photo.objects.count() == 3 * statuses.count(302)


def test_mutations_are_the_same_every_time() -> None:
    assert hostile_files() == hostile_files()
