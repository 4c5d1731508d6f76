"""Details of large photos: asking for one, what the worker makes of it, and what becomes of both."""

from __future__ import annotations

import datetime
import io
import json
import re
import uuid
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.exports.contents import Contents
from gallery import clearing
from gallery.jobs import TryAgain
from library import detail_views, jobs
from selector.models import Cut, Photo, Selection, SharedSelection, Visitor
from selector.people import SESSION_KEY, Person
from selector.services import adoption, decoding, details, label_maps
from selector.services import clearing as visitors
from selector.services.photos import store_photo
from superpixel_site.stored_files import read
from tests.pictures import eighths, image_file, quarters

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
HTMX = {"HX-Request": "true"}
WIDTH, HEIGHT = 1600, 260
PIXELS = eighths(WIDTH, HEIGHT)
BOX = {"left": 100, "top": 50, "width": 300, "height": 200}
LARGE_PNG = image_file(PIXELS, "PNG")
LARGE_JPEG = image_file(PIXELS)


@pytest.fixture
def sheet(alice: User) -> Photo:
    """A large photo of alice's."""
    return store_photo(LARGE_PNG, "sheet.png", owner=alice)


def asked(client: Client, photo: Photo, **changed: Any) -> Any:
    return client.post(f"/photos/{photo.pk}/detail/", {"version": photo.version, **BOX} | changed)


def made(cut: Cut | None = None) -> Cut:
    """The cut, after the worker has done its job."""
    cut = cut or Cut.objects.get()
    details.make(cut.pk)
    cut.refresh_from_db()
    return cut


def run_job(cut: Cut) -> None:
    (found,) = [job for job in ProcrastinateJob.objects.all() if job.args.get("cut_id") == str(cut.pk)]
    job = found.procrastinate_job
    jobs.cut_detail.func(
        JobContext(app=app, job=job, start_timestamp=0.0, abort_reason=lambda: None), **job.task_kwargs
    )


def pixels_of(photo: Photo) -> Any:
    return np.asarray(Image.open(io.BytesIO(read(photo.original))))


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


# Asking


def test_the_workspace_of_a_large_photo_offers_details_and_that_of_a_small_one_does_not(
    alice_client: Client, sheet: Photo, photo: Photo
) -> None:
    offered = f'href="/photos/{sheet.pk}/detail/"'
    assert offered in alice_client.get(sheet.get_absolute_url()).content.decode()
    assert "data-detail" not in alice_client.get(photo.get_absolute_url()).content.decode()
    assert "1,600 × 260 pixels" in text(alice_client.get(f"/photos/{sheet.pk}/detail/"))
    refused = alice_client.get(f"/photos/{photo.pk}/detail/")
    assert refused.status_code == 409 and detail_views.SMALL in text(refused)


def test_a_detail_has_the_pixels_of_the_original_and_knows_where_they_are_from(
    alice_client: Client, sheet: Photo
) -> None:
    answer = asked(alice_client, sheet)
    cut = Cut.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/details/{cut.pk}/")
    detail = made(cut).detail
    assert detail is not None and cut.state == Cut.State.READY
    assert np.array_equal(pixels_of(detail), PIXELS[50:250, 100:400])
    assert (detail.name, detail.owner, detail.is_public) == ("sheet, detail.png", sheet.owner, False)
    assert (detail.cut_from, detail.cut_box, detail.original_size) == (sheet, [100, 50, 400, 250], (300, 200))
    assert alice_client.get(detail.get_absolute_url()).status_code == 200
    asked(alice_client, sheet, left=0)
    second = made(Cut.objects.get(detail=None)).detail
    assert second is not None and second.name == "sheet, detail 2.png"


@pytest.mark.parametrize("turned_later", [0, 1])
def test_of_a_turned_photo_what_was_seen_is_cut(alice_client: Client, sheet: Photo, turned_later: int) -> None:
    alice_client.post(f"/photos/{sheet.pk}/rotate/")
    sheet.refresh_from_db()
    assert "260 × 1,600 pixels" in text(alice_client.get(f"/photos/{sheet.pk}/detail/"))
    asked(alice_client, sheet, left=10, top=20, width=100, height=300)
    for _ in range(turned_later):
        alice_client.post(f"/photos/{sheet.pk}/rotate/")
    detail = made().detail
    assert detail is not None
    assert np.array_equal(pixels_of(detail), np.rot90(PIXELS, -1)[20:320, 10:110])
    x0, y0, x1, y1 = detail.cut_box or []
    assert np.array_equal(np.rot90(PIXELS[y0:y1, x0:x1], -1), pixels_of(detail))
    # On the source as it is turned now.
    sheet.refresh_from_db()
    place = details.place_on(sheet, detail.cut_box)
    assert place == ((10, 20, 100, 300) if not turned_later else (1600 - 320, 10, 300, 100))
    assert f'x="{place[0]}" y="{place[1]}"' in alice_client.get(detail.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"width": 63}, 422, "That is too small for a detail: 64 pixels of the original a side are the least."),
        ({"left": 1301}, 422, "That box reaches beyond the picture. Draw it inside."),
        ({"top": -1}, 422, "That box reaches beyond the picture. Draw it inside."),
        ({"height": ""}, 422, "Draw a box on the picture first."),
        ({"left": "a"}, 422, "Draw a box on the picture first."),
        ({"left": "9" * 30}, 422, "That box reaches beyond the picture. Draw it inside."),
        ({"version": "0" * 16}, 409, detail_views.TURNED),
    ],
)
def test_a_box_that_cannot_be_cut_gets_a_sentence(
    alice_client: Client, sheet: Photo, changed: dict[str, Any], status: int, sentence: str
) -> None:
    answer = asked(alice_client, sheet, **changed)
    assert answer.status_code == status and sentence in text(answer)
    assert not Cut.objects.exists() and not ProcrastinateJob.objects.exists()


def test_a_detail_has_no_more_pixels_than_any_upload(alice_client: Client, sheet: Photo, settings: Any) -> None:
    settings.MAX_UPLOAD_PIXELS = 50_000
    answer = asked(alice_client, sheet)
    assert answer.status_code == 422 and "A detail has at most 0.05 megapixels. Draw a smaller box." in text(answer)


def test_one_box_is_cut_once_and_ten_at_a_time(alice_client: Client, sheet: Photo) -> None:
    for _ in range(2):
        asked(alice_client, sheet)
    assert Cut.objects.count() == ProcrastinateJob.objects.count() == 1
    for left in range(9):
        asked(alice_client, sheet, left=left)
    answer = asked(alice_client, sheet, left=9)
    assert answer.status_code == 409 and "10 details are being cut for you already" in text(answer)
    assert Cut.objects.count() == 10


def test_who_has_no_room_left_is_told_at_once(alice_client: Client, sheet: Photo, settings: Any) -> None:
    settings.ACCOUNT_PHOTOS = 1
    answer = asked(alice_client, sheet)
    assert answer.status_code == 409 and "Your account holds 1 photo at most" in text(answer)


def test_room_that_is_gone_meanwhile_is_told_by_the_page_that_waits(
    alice_client: Client, sheet: Photo, settings: Any
) -> None:
    asked(alice_client, sheet)
    settings.ACCOUNT_PHOTOS = 1
    cut = made()
    page = alice_client.get(f"/details/{cut.pk}/")
    assert "The detail could not be cut" in text(page) and "Your account holds 1 photo at most" in text(page)
    assert f'href="/photos/{sheet.pk}/detail/"' in page.content.decode()
    assert Photo.objects.count() == 1


def test_strangers_get_no_detail_and_do_not_see_one_being_cut(
    alice_client: Client, bob_client: Client, sheet: Photo
) -> None:
    asked(alice_client, sheet)
    cut = Cut.objects.get()
    for stranger in (bob_client, Client()):
        assert stranger.get(f"/photos/{sheet.pk}/detail/").status_code == 404
        assert asked(stranger, sheet).status_code == 404
        assert stranger.get(f"/details/{cut.pk}/").status_code == 404
        assert stranger.post(f"/details/{cut.pk}/cancel/").status_code == 404
    assert Cut.objects.count() == 1


@pytest.mark.parametrize("is_open", [True, False])
def test_of_public_photos_details_are_for_those_who_may_have_all_pixels(
    client: Client, sheet: Photo, settings: Any, is_open: bool
) -> None:
    settings.PUBLIC_ORIGINALS = is_open
    Photo.objects.update(is_public=True, owner=None)
    assert ("data-detail" in client.get(sheet.get_absolute_url()).content.decode()) is is_open
    assert asked(client, sheet).status_code == (302 if is_open else 403)
    if is_open:
        detail = made().detail
        assert detail is not None and str(detail.visitor) == client.session[SESSION_KEY] and not detail.is_public
        page = client.get(detail.get_absolute_url())
        assert "Detail of sheet.png" in text(page) and sheet.get_absolute_url() in page.content.decode()


def test_the_size_of_an_older_original_is_learned_when_somebody_looks(alice_client: Client, alice: User) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    old = store_photo(image_file(PIXELS, exif=exif), "old.jpg", owner=alice)
    Photo.objects.update(original_width=None, original_height=None)
    assert "data-detail" in alice_client.get(old.get_absolute_url()).content.decode()
    old.refresh_from_db()
    assert (old.original_width, old.original_height) == (HEIGHT, WIDTH)


# Waiting


def test_the_page_asks_for_itself_and_goes_on_to_the_detail(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    cut = Cut.objects.get()
    address = f"/details/{cut.pk}/"
    for page in (alice_client.get(address), alice_client.get(address, headers=HTMX)):
        assert "Cutting the detail" in text(page) and f'hx-get="{address}"' in page.content.decode()
    made(cut)
    assert cut.detail is not None
    assert alice_client.get(address, headers=HTMX)["HX-Redirect"] == cut.detail.get_absolute_url()
    # Who comes back by the browser's history can go back further.
    assert f'href="{cut.detail.get_absolute_url()}"' in alice_client.get(address).content.decode()


def test_who_waits_is_told_how_many_come_first(alice_client: Client, bob: User, sheet: Photo) -> None:
    for left in range(2):
        Cut.objects.create(photo=sheet, box=[left, 0, 100, 100], quarter_turns=0, owner=bob)
    asked(alice_client, sheet)
    address = f"/details/{Cut.objects.get(owner=sheet.owner).pk}/"
    assert "2 others come first." in text(alice_client.get(address))
    Cut.objects.filter(box__0=0).delete()
    assert "1 other comes first." in text(alice_client.get(address))


def test_a_site_without_worker_says_so_after_a_while(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    address, sentence = f"/details/{Cut.objects.get().pk}/", "has not been heard of for a while"
    assert sentence not in text(alice_client.get(address))
    Cut.objects.update(created=timezone.now() - datetime.timedelta(seconds=detail_views.PATIENCE))
    assert sentence in text(alice_client.get(address))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert sentence not in text(alice_client.get(address))


def test_what_is_cancelled_is_never_made(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    cut = Cut.objects.get()
    answer = alice_client.post(f"/details/{cut.pk}/cancel/", follow=True)
    assert "The detail is cancelled." in text(answer) and answer.redirect_chain[0][0] == sheet.get_absolute_url()
    details.make(cut.pk)
    assert Photo.objects.get() == sheet and not Cut.objects.exists()


def test_what_is_cancelled_while_it_is_cut_leaves_nothing(
    alice_client: Client, sheet: Photo, own_media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet.original.save("original", ContentFile(LARGE_PNG))
    asked(alice_client, sheet)
    before = {file for file in own_media.rglob("*") if file.is_file()}
    cut_in_child = decoding.detail_of

    def cancelled_meanwhile(*args: Any, **kwargs: Any) -> bytes:
        data = cut_in_child(*args, **kwargs)
        Cut.objects.all().delete()
        return data

    monkeypatch.setattr(decoding, "detail_of", cancelled_meanwhile)
    details.make(Cut.objects.get().pk)
    assert Photo.objects.get() == sheet
    assert {file for file in own_media.rglob("*") if file.is_file()} == before


def test_cutting_ends_when_it_is_no_longer_wanted(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    cut = Cut.objects.get()
    stop = details._until_cancelled(cut, seconds=0)
    stop()
    cut.delete()
    with pytest.raises(details.NotWanted):
        stop()


def test_a_detail_that_is_there_cannot_be_cancelled(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    cut = made()
    assert cut.detail is not None
    answer = alice_client.post(f"/details/{cut.pk}/cancel/")
    assert answer["Location"] == cut.detail.get_absolute_url()
    assert Photo.objects.filter(pk=cut.detail.pk).exists()


def test_a_picture_that_can_no_longer_be_read_is_given_up_with_its_sentence(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    sheet.original.storage.delete(str(sheet.original.name))
    cut = made()
    assert cut.state == Cut.State.FAILED and "missing from the site’s storage" in cut.sentence


def test_other_errors_are_tried_again_and_then_given_up(
    alice_client: Client, sheet: Photo, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def fails(*args: Any, **kwargs: Any) -> bytes:
        raise RuntimeError("no children today")

    monkeypatch.setattr(decoding, "detail_of", fails)
    # The job closes it, as it has a thread of its own.
    monkeypatch.setattr(connection, "close", lambda: None)
    asked(alice_client, sheet)
    cut = Cut.objects.get()
    with pytest.raises(TryAgain):
        run_job(cut)
    settings.JOB_ATTEMPTS = 1
    with pytest.raises(RuntimeError):
        run_job(cut)
    assert details.UNKNOWN in text(alice_client.get(f"/details/{cut.pk}/"))


def test_what_is_over_is_forgotten_after_a_day_and_details_stay(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    made()
    assert details.delete_outdated in clearing.ROWS
    list(details.delete_outdated())
    assert Cut.objects.exists()
    Cut.objects.update(created=timezone.now() - Cut.LIFETIME)
    list(details.delete_outdated())
    assert not Cut.objects.exists() and Photo.objects.count() == 2


# What becomes of details, and of what they are cut from


@pytest.fixture
def detail(alice_client: Client, sheet: Photo) -> Photo:
    asked(alice_client, sheet)
    found = made().detail
    assert found is not None
    return found


def test_workspace_and_list_say_what_a_photo_is_a_detail_of(alice_client: Client, sheet: Photo, detail: Photo) -> None:
    for page in (alice_client.get(detail.get_absolute_url()), alice_client.get("/photos/")):
        assert "Detail of sheet.png" in text(page)
    shown = alice_client.get(detail.get_absolute_url()).content.decode()
    assert '<rect x="100" y="50" width="300" height="200"/>' in shown and sheet.thumbnail_url in shown


def test_a_detail_outlives_its_photo(alice_client: Client, sheet: Photo, detail: Photo) -> None:
    question = alice_client.post("/photos/delete/", {"photo": str(sheet.pk)})
    assert "1 detail cut from it stays among your photos." in text(question)
    alice_client.post("/photos/delete/", {"photo": str(sheet.pk), "confirmed": "on"})
    for page in (alice_client.get(detail.get_absolute_url()), alice_client.get("/photos/")):
        assert "Detail of a photo that is gone" in text(page) and str(sheet.pk) not in page.content.decode()


def test_a_photo_that_is_deleted_before_it_is_cut_is_missed_politely(alice_client: Client, sheet: Photo) -> None:
    asked(alice_client, sheet)
    sheet.delete()
    cut = made()
    page = alice_client.get(f"/details/{cut.pk}/")
    assert details.GONE in text(page) and 'href="/photos/"' in page.content.decode()


def test_of_a_photo_that_one_may_no_longer_see_nothing_is_told(
    alice_client: Client, sheet: Photo, detail: Photo, bob: User
) -> None:
    Photo.objects.filter(pk=sheet.pk).update(owner=bob)
    for page in (alice_client.get(detail.get_absolute_url()), alice_client.get("/photos/")):
        assert "Detail of another photo" in text(page)
        assert str(sheet.pk) not in page.content.decode()


def test_a_detail_of_a_detail_is_a_detail_of_it(alice_client: Client, alice: User) -> None:
    whole = store_photo(image_file(quarters(4000, 300)), "map.jpg", owner=alice)
    asked(alice_client, whole, left=0, top=0, width=2000, height=300)
    first = made().detail
    assert first is not None and first.original_type == "image/jpeg"
    asked(alice_client, first, left=900, top=100, width=200, height=100)
    second = made(Cut.objects.get(photo=first)).detail
    assert second is not None
    assert (second.cut_from, second.cut_box, second.name) == (first, [900, 100, 1100, 200], "map, detail, detail.jpg")


def test_who_opens_a_shared_detail_learns_nothing_of_its_photo(
    bob_client: Client, alice: User, sheet: Photo, detail: Photo
) -> None:
    label_map = label_maps.get_or_compute(detail)
    state = b"\xff" + bytes(2 * ((label_map.n_superpixels + 7) // 8) - 1)
    selection = Selection.objects.create(label_map=label_map, owner=alice, state=state)
    token = SharedSelection.objects.share(selection, Person(alice))
    copy = bob_client.post(f"/shared/{token}/open/", follow=True)
    pages = (bob_client.get(f"/shared/{token}/"), copy, bob_client.get("/photos/"))
    assert all(page.status_code == 200 for page in pages)
    for page in pages:
        assert (
            "Detail of" not in text(page) and "sheet" not in text(page) and str(sheet.pk) not in page.content.decode()
        )
    opened = Photo.objects.get(opened_from__isnull=False)
    assert (opened.cut_from, opened.cut_box) == (None, None)
    assert "data-detail" not in copy.content.decode()


def test_an_export_says_where_a_detail_comes_from(alice: User, sheet: Photo, detail: Photo) -> None:
    def told() -> Any:
        entries = {entry.name: b"".join(entry.pieces) for entry in Contents(Person(alice)).entries()}
        return {row["name"]: row["detail_of"] for row in json.loads(entries["photos.json"])}

    box = [100, 50, 400, 250]
    assert told() == {"sheet.png": None, detail.name: {"photo": "photos/sheet.png", "box_in_original": box}}
    sheet.delete()
    assert told() == {detail.name: {"photo": None, "box_in_original": box}}


def test_the_admin_tells_no_name_of_a_detail(admin_client: Client, sheet: Photo, detail: Photo) -> None:
    for photo in (sheet, detail):
        for page in ("change", "delete", "history"):
            answer = admin_client.get(f"/admin/selector/photo/{photo.pk}/{page}/")
            assert answer.status_code == 200 and "sheet" not in text(answer)


def a_visitor(client: Client) -> Photo:
    client.post("/photos/", {"image": SimpleUploadedFile("sheet.jpg", LARGE_JPEG)})
    return Photo.objects.get()


def test_who_signs_in_while_a_detail_is_cut_takes_it_along(client: Client, alice: User) -> None:
    photo = a_visitor(client)
    asked(client, photo)
    adoption.adopt(uuid.UUID(client.session[SESSION_KEY]), alice)
    assert Cut.objects.get().owner == alice
    detail = made().detail
    assert detail is not None and (detail.owner, detail.visitor) == (alice, None)


def test_who_signs_in_between_reading_and_storing_takes_it_along(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = a_visitor(client)
    asked(client, photo)
    cut_in_child = decoding.detail_of

    def adopted_meanwhile(*args: Any, **kwargs: Any) -> bytes:
        adoption.adopt(uuid.UUID(client.session[SESSION_KEY]), alice)
        return cut_in_child(*args, **kwargs)

    monkeypatch.setattr(decoding, "detail_of", adopted_meanwhile)
    detail = made().detail
    assert detail is not None and (detail.owner, detail.visitor) == (alice, None)


def test_details_and_cuts_go_with_a_visitor_who_stays_away(client: Client) -> None:
    photo = a_visitor(client)
    asked(client, photo)
    made()
    asked(client, photo, left=0)
    Visitor.objects.update(last_seen=visitors.LONG_AGO)
    list(visitors.forget_visitors())
    assert not Photo.objects.exists() and not Cut.objects.exists()


def test_nothing_is_made_for_an_account_that_is_gone(alice_client: Client, alice: User, sheet: Photo) -> None:
    asked(alice_client, sheet)
    cut = Cut.objects.get()
    alice.delete()
    details.make(cut.pk)
    assert not Photo.objects.exists() and not Cut.objects.exists()
