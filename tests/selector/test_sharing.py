"""Links to a selection: what they grant, to whom, and until when."""

from __future__ import annotations

import io
import re
import threading
import uuid
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from selector.models import LabelMap, Photo, Selection, SharedSelection
from selector.people import Person
from selector.segmentation import slic
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.sharing import open_copy as open_copy_of
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def click(client: Client, photo: Photo, points: str, **more: Any) -> None:
    data = {"label_map": label_maps.get_or_compute(photo).pk, "points": points, "level": 4, **more}
    assert client.post(f"/photos/{photo.pk}/selection/", data).status_code == 302


def make_link(client: Client, photo: Photo) -> str:
    """The address of a new link, without the host."""
    page = client.post(f"/photos/{photo.pk}/links/").content.decode()
    (path,) = re.findall(r'value="http://testserver(/shared/[\w-]+/)"', page)
    return str(path)


def open_copy(client: Client, link: str) -> Photo:
    return photo_that_opens(client.post(f"{link}open/"))


def photo_that_opens(response: HttpResponseBase) -> Photo:
    """The photo to whose workspace an answer redirects."""
    assert response.status_code == 302
    return Photo.objects.get(pk=response.headers["Location"].split("/")[2])


def included(photo: Photo) -> np.ndarray:
    selection = Selection.objects.get(label_map__photo=photo)
    return selection.superpixels.included[label_maps.load(selection.label_map).labels]


@pytest.fixture
def shared(alice_client: Client, photo: Photo) -> str:
    """A link to the red quarter of alice's photo."""
    click(alice_client, photo, "60,40")
    return make_link(alice_client, photo)


def test_a_link_is_long_random_and_kept_as_a_hash_alone(alice_client: Client, photo: Photo, shared: str) -> None:
    token = shared.split("/")[2]
    assert len(token) >= 32
    assert make_link(alice_client, photo) != shared
    row = SharedSelection.objects.last()
    assert token not in str(vars(row))


def test_the_page_of_a_link_shows_the_photo_and_the_selection(client: Client, shared: str, photo: Photo) -> None:
    page = client.get(shared)
    assert page.status_code == 200
    assert "Open a copy" in page.content.decode() and "25% selected" in page.content.decode()
    jpeg, png = client.get(f"{shared}photo.jpg"), client.get(f"{shared}selection.png")
    assert Image.open(io.BytesIO(jpeg.content)).size == Image.open(io.BytesIO(png.content)).size == (240, 160)


def test_looking_at_a_link_makes_nothing(client: Client, shared: str) -> None:
    """Programs that visit every link they see open no copies."""
    for address in (shared, f"{shared}photo.jpg", f"{shared}selection.png"):
        client.get(address)
    assert Photo.objects.count() == 1
    assert client.get(f"{shared}open/").status_code == 405


@pytest.mark.parametrize("path", ["", "photo.jpg", "selection.png"])
def test_a_link_stays_out_of_search_engines_caches_and_logs(client: Client, shared: str, path: str) -> None:
    for address in (f"{shared}{path}", f"/shared/unknown/{path}"):
        headers = client.get(address).headers
        assert "noindex" in headers["X-Robots-Tag"]
        assert "no-store" in headers["Cache-Control"]
        assert headers["Referrer-Policy"] == "same-origin"


def test_where_a_copy_was_opened_from_is_told_nobody(client: Client, shared: str) -> None:
    """The address of the link must not reach other sites by way of the page that the form leads to."""
    for address in (f"{shared}open/", "/shared/unknown/open/"):
        headers = client.post(address).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]


@pytest.mark.parametrize("who", ["bob", "visitor", "alice"])
def test_whoever_opens_it_gets_a_copy_of_their_own(
    who: str, alice_client: Client, bob_client: Client, client: Client, photo: Photo, shared: str
) -> None:
    person = {"alice": alice_client, "bob": bob_client, "visitor": client}[who]
    copy = open_copy(person, shared)
    assert copy != photo
    assert person.get(copy.get_absolute_url()).status_code == 200
    assert np.array_equal(included(copy), included(photo))
    before = included(photo)
    click(person, copy, "180,40")
    assert included(copy).mean() > 0.45
    assert np.array_equal(included(photo), before)


def test_the_copy_is_of_the_selection_as_it_was_when_shared(
    alice_client: Client, bob_client: Client, photo: Photo, shared: str
) -> None:
    click(alice_client, photo, "180,40")
    assert abs(included(open_copy(bob_client, shared)).mean() - 0.25) < 0.01


def test_what_is_excluded_is_shared_too(alice_client: Client, bob_client: Client, photo: Photo) -> None:
    click(alice_client, photo, "180,40", mode="exclude")
    copy = open_copy(bob_client, make_link(alice_client, photo))
    assert Selection.objects.get(label_map__photo=copy).superpixels.excluded.any()


def test_two_people_with_one_link_stay_separate(bob_client: Client, client: Client, shared: str) -> None:
    bobs, visitors = open_copy(bob_client, shared), open_copy(client, shared)
    assert bobs != visitors
    assert client.get(bobs.get_absolute_url()).status_code == 404
    assert bob_client.get(visitors.get_absolute_url()).status_code == 404


def test_a_link_does_not_open_the_photo_itself(bob_client: Client, photo: Photo, shared: str) -> None:
    open_copy(bob_client, shared)
    label_map = photo.label_maps.get()
    for address in (
        photo.get_absolute_url(),
        photo.working_url,
        photo.small_url,
        photo.thumbnail_url,
        f"/photos/{photo.pk}/preview.png",
        f"/photos/{photo.pk}/label-maps/{label_map.pk}/labels",
        f"/photos/{photo.pk}/links/",
    ):
        assert bob_client.get(address).status_code == 404
    data = {"label_map": label_map.pk, "points": "60,40"}
    assert bob_client.post(f"/photos/{photo.pk}/selection/", data).status_code == 404


def test_opening_it_twice_opens_the_same_copy(bob_client: Client, shared: str) -> None:
    assert open_copy(bob_client, shared) == open_copy(bob_client, shared)
    assert "Open my copy" in bob_client.get(shared).content.decode()


@pytest.mark.django_db(transaction=True)
def test_pressing_the_button_twice_makes_one_copy(bob: Any, shared: str) -> None:
    link, opened = SharedSelection.objects.get(), []

    def press() -> None:
        opened.append(open_copy_of(link, Person(user=bob)))
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4 and len(set(opened)) == 1
    assert Photo.objects.owned_by(Person(user=bob)).count() == 1


def test_a_copy_has_the_pixels_but_neither_metadata_nor_full_resolution(
    alice: Any, alice_client: Client, bob_client: Client, few_superpixels: None
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera with a serial number"
    data = image_file(np.repeat(np.repeat(eighths(), 5, 0), 5, 1), exif=exif)
    photo = store_photo(data, "large.jpg", owner=alice)
    click(alice_client, photo, "60,40")
    copy = open_copy(bob_client, make_link(alice_client, photo))
    original = copy.original.read()
    assert b"serial" in data and b"serial" not in original
    assert Image.open(io.BytesIO(original)).size == (1024, 683) == (copy.width, copy.height)
    assert copy.working_sha256 == photo.working_sha256


def test_superpixels_are_copied_not_computed_again(
    bob_client: Client, photo: Photo, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slic, "segment", lambda *_args, **_kwargs: pytest.fail("was computed"))
    copy = open_copy(bob_client, shared)
    assert bob_client.get(copy.get_absolute_url()).status_code == 200
    one, other = (label_maps.load(label_map).labels for label_map in LabelMap.objects.all())
    assert np.array_equal(one, other)


def test_a_copy_can_be_turned_and_deleted_like_any_photo(bob_client: Client, photo: Photo, shared: str) -> None:
    copy = open_copy(bob_client, shared)
    assert bob_client.post(f"/photos/{copy.pk}/rotate/").status_code == 302
    assert bob_client.post("/photos/delete/", {"photo": copy.pk, "confirmed": "on"}).status_code == 302
    assert Photo.objects.get() == photo
    assert open_copy(bob_client, shared) != copy


# Its end


def test_a_revoked_link_opens_nothing_but_copies_stay(
    alice_client: Client, bob_client: Client, client: Client, shared: str
) -> None:
    copy = open_copy(bob_client, shared)
    link = SharedSelection.objects.get()
    assert alice_client.post(f"/links/{link.pk}/revoke/").status_code == 302
    for path in ("", "photo.jpg", "selection.png"):
        assert client.get(f"{shared}{path}").status_code == 404
    response = client.post(f"{shared}open/")
    assert response.status_code == 404
    assert "It was revoked" in response.content.decode()
    assert bob_client.get(copy.get_absolute_url()).status_code == 200


def test_an_unknown_link_is_the_same_page(client: Client) -> None:
    response = client.get(f"/shared/{uuid.uuid4()}/")
    assert response.status_code == 404
    assert response.content.decode().count('role="status"') == 1
    assert "It was revoked" in response.content.decode()


def test_deleting_the_photo_ends_its_links(alice_client: Client, bob_client: Client, photo: Photo, shared: str) -> None:
    copy = open_copy(bob_client, shared)
    alice_client.post("/photos/delete/", {"photo": photo.pk, "confirmed": "on"})
    assert bob_client.get(shared).status_code == 404
    assert bob_client.get(copy.working_url).status_code == 200


def test_a_link_ends_when_its_maker_may_not_see_the_photo_any_more(bob_client: Client, photo: Photo) -> None:
    Photo.objects.update(is_public=True)
    click(bob_client, photo, "60,40")
    link = make_link(bob_client, photo)
    assert Client().get(link).status_code == 200
    Photo.objects.update(is_public=False)
    assert Client().get(link).status_code == 404


# Whose links


def test_the_list_has_ones_own_links_with_their_copies(
    alice_client: Client, bob_client: Client, photo: Photo, shared: str
) -> None:
    Photo.objects.update(is_public=True)
    open_copy(bob_client, shared)
    assert "1 copy opened" in alice_client.get(f"/photos/{photo.pk}/links/").content.decode()
    assert "Links you have made" not in bob_client.get(f"/photos/{photo.pk}/links/").content.decode()


def test_strangers_neither_see_nor_make_nor_revoke_links(bob_client: Client, photo: Photo, shared: str) -> None:
    link = SharedSelection.objects.get()
    for stranger in (bob_client, Client()):
        assert stranger.get(f"/photos/{photo.pk}/links/").status_code == 404
        assert stranger.post(f"/photos/{photo.pk}/links/").status_code == 404
        assert stranger.post(f"/links/{link.pk}/revoke/").status_code == 404
    assert SharedSelection.objects.get() == link


def test_sharing_nothing_is_one_sentence(alice_client: Client, photo: Photo) -> None:
    response = alice_client.post(f"/photos/{photo.pk}/links/", headers=HTMX)
    assert response.status_code == 422
    assert "Select something first, then share it." in response.content.decode()
    assert not SharedSelection.objects.exists()


def test_htmx_gets_the_content_of_the_dialog(alice_client: Client, photo: Photo, shared: str) -> None:
    for response in (
        alice_client.get(f"/photos/{photo.pk}/links/", headers=HTMX),
        alice_client.post(f"/photos/{photo.pk}/links/", headers=HTMX),
        alice_client.post(f"/links/{SharedSelection.objects.earliest('created').pk}/revoke/", headers=HTMX),
    ):
        text = response.content.decode()
        assert text.strip().startswith('<div id="links"') and "data-close" in text
        assert "no-store" in response.headers["Cache-Control"]


def test_a_visitors_links_and_copies_move_to_the_account(alice: Any, bob: Any, few_superpixels: None) -> None:
    visitor, other = Client(), Client()
    photo = photo_that_opens(visitor.post("/photos/", {"image": io.BytesIO(image_file())}))
    click(visitor, photo, "60,40")
    link = make_link(visitor, photo)
    copy = open_copy(other, link)
    visitor.force_login(alice)
    other.force_login(bob)
    assert Client().get(link).status_code == 200
    assert SharedSelection.objects.get().owner == alice
    copy.refresh_from_db()
    assert copy.owner == bob
    assert open_copy(other, link) == copy


def test_the_pages_ask_few_questions(alice_client: Client, bob_client: Client, photo: Photo, shared: str) -> None:
    def questions(client: Client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    # Session and account; the link with its photo, the copy.
    assert questions(bob_client, shared) == 4
    one = questions(alice_client, f"/photos/{photo.pk}/links/")
    for _ in range(3):
        make_link(alice_client, photo)
    assert questions(alice_client, f"/photos/{photo.pk}/links/") == one == 6


@pytest.mark.parametrize(
    ("verb", "address"),
    [
        ("put", f"/photos/{uuid.UUID(int=1)}/links/"),
        ("get", "/links/1/revoke/"),
        ("post", "/shared/abc/"),
        ("post", "/shared/abc/photo.jpg"),
        ("post", "/shared/abc/selection.png"),
        ("get", "/shared/abc/open/"),
    ],
)
def test_the_other_verb_is_refused(client: Client, verb: str, address: str) -> None:
    assert getattr(client, verb)(address).status_code == 405


def test_the_admin_lists_links_without_opening_them(
    admin_client: Client, alice_client: Client, photo: Photo, shared: str
) -> None:
    page = admin_client.get("/admin/selector/sharedselection/")
    assert page.status_code == 200 and str(photo) in page.content.decode()
    link = SharedSelection.objects.get()
    assert admin_client.get(f"/admin/selector/sharedselection/{link.pk}/change/").status_code == 200
    assert admin_client.get("/admin/selector/sharedselection/add/").status_code == 403


def test_links_to_a_photo_have_an_end(
    alice_client: Client, photo: Photo, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selector.web.sharing_views.MOST_LINKS", 1)
    response = alice_client.post(f"/photos/{photo.pk}/links/", headers=HTMX)
    assert response.status_code == 409 and "Revoke one first." in response.content.decode()
    assert SharedSelection.objects.count() == 1


def test_a_link_to_a_lost_photo_says_so(client: Client, photo: Photo, shared: str) -> None:
    photo.working.storage.delete(str(photo.working.name))
    for response in (client.get(shared), client.post(f"{shared}open/"), client.get(f"{shared}photo.jpg")):
        assert response.status_code == 410
    assert not client.session.keys()
