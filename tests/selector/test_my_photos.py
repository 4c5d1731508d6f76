"""A person's own photos: the list, renaming, turning and deleting, and what strangers may not."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from gallery.models import GalleryImage
from library import photo_views
from selector.models import LabelMap, Photo, Selection, SharedSelection
from selector.people import Person
from selector.selection.selection import Mode
from selector.services import label_maps
from selector.services.photos import store_photo
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
RED_QUARTER = "60,40"
Add = Callable[..., Photo]


@pytest.fixture
def add(alice: Any, few_superpixels: None) -> Add:
    """Adds a photo of alice's, with something selected on it if asked."""

    def add(name: str = "a.jpg", *, select: bool = False, mode: Mode = "include") -> Photo:
        photo = store_photo(image_file(), name, owner=alice)
        if select:
            label_map = label_maps.get_or_compute(photo)
            state = Selection(label_map=label_map, state=bytes(2 * ((label_map.n_superpixels + 7) // 8))).superpixels
            chosen = np.arange(label_map.n_superpixels) < 5
            Selection.objects.create(label_map=label_map, owner=alice, state=state.plus(chosen, mode).pack())
        return photo

    return add


def body(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def sentence(response: Any) -> str:
    return str(response.content.decode()).partition('role="status"')[2]


# The list


def test_the_list_shows_ones_own_photos_and_nobody_elses(alice_client: Client, bob_client: Client, add: Add) -> None:
    photo = add("harbour.jpg")
    assert "harbour.jpg" in body(alice_client.get("/photos/"))
    assert photo.thumbnail_url in body(alice_client.get("/photos/"))
    for stranger in (bob_client, Client()):
        assert "harbour.jpg" not in body(stranger.get("/photos/"))
        assert "No photos yet" in body(stranger.get("/photos/"))


def test_chips_and_words_narrow_the_list(alice_client: Client, add: Add) -> None:
    for name in ("boat.jpg", "harbour.jpg", "hill.jpg"):
        add(name)
    boat, harbour, _ = Photo.objects.order_by("name")
    for photo, tags in ((boat, ["sea", "wood"]), (harbour, ["sea"])):
        image = GalleryImage.objects.create(photo=photo, title=photo.name, description="Left at low tide.")
        image.tags.add(*tags)

    def listed(**asked: str) -> tuple[list[str], dict[str, int | None]]:
        context = alice_client.get("/photos/", asked).context
        return sorted(card.photo.name for card in context["cards"]), {c.label: c.count for c in context["chips"]}

    names, chips = listed()
    assert len(names) == 3
    assert chips == {"My searches find it": 2, "My searches do not": 1, "sea": 2, "wood": 1}
    assert listed(kind="unfound") == (["hill.jpg"], {"My searches do not": None})
    assert listed(tag="sea") == (["boat.jpg", "harbour.jpg"], {"Tagged “sea”": None})
    # A tag may be begun, and words may be of what is said about a photo.
    assert listed(tag="woo")[0] == ["boat.jpg"]
    assert listed(q="tide")[0] == ["boat.jpg", "harbour.jpg"]
    assert listed(q="hill")[0] == ["hill.jpg"]
    page = body(alice_client.get("/photos/", {"tag": "sea", "q": "hill"}))
    assert "No photo of yours that passes the filters has “hill”" in page
    assert '<input type="hidden" name="tag" value="sea">' in page, "the words that are typed next stay within it"


@pytest.mark.parametrize(("n", "line"), [(1, "1 photo in this browser."), (2, "2 photos in this browser.")])
def test_one_photo_is_spoken_of_as_one(client: Client, few_superpixels: None, n: int, line: str) -> None:
    for _ in range(n):
        client.post("/photos/", {"image": SimpleUploadedFile("a.jpg", image_file())})
    assert f"{line} Sign up to keep {'it' if n == 1 else 'them'}." in text(client.get("/photos/"))
    asked = client.post("/photos/delete/", {"photo": [str(photo.pk) for photo in Photo.objects.all()]})
    assert f"<title>Delete {'photo' if n == 1 else 'photos'}" in body(asked)


def text(response: Any) -> str:
    """What a page says, without its tags."""
    return re.sub(r"<[^>]*>", "", body(response))


def test_public_photos_are_not_among_ones_own(alice: Any, alice_client: Client, few_superpixels: None) -> None:
    photo = store_photo(image_file(), "public.jpg", owner=alice, is_public=True)
    assert "public.jpg" not in body(alice_client.get("/photos/"))
    assert alice_client.get(photo.get_absolute_url()).status_code == 200
    for name, data in (("name", {"name": "mine"}), ("rotate", {})):
        assert alice_client.post(f"/photos/{photo.pk}/{name}/", data).status_code == 404
    assert alice_client.post("/photos/delete/", {"photo": photo.pk, "confirmed": "on"}).status_code == 404


def test_a_card_shows_what_is_selected(alice_client: Client, add: Add) -> None:
    add(select=True)
    selection = Selection.objects.get()
    assert selection.thumbnail_url in body(alice_client.get("/photos/"))
    png = alice_client.get(selection.thumbnail_url)
    alpha = np.asarray(Image.open(io.BytesIO(png.content)).convert("RGBA"))[..., 3]
    labels = label_maps.load(selection.label_map).labels
    inside = selection.superpixels.included[labels]
    assert alpha.shape == inside.shape == (160, 240)
    assert np.array_equal(alpha == 150, ~inside), "a veil outside and nowhere else"
    assert png.headers["Cache-Control"] == "private, no-cache"


def test_its_address_names_its_content(alice_client: Client, add: Add) -> None:
    photo = add(select=True)
    old = Selection.objects.get().thumbnail_url
    data = {"label_map": Selection.objects.get().label_map_id, "tool": "invert"}
    alice_client.post(f"/photos/{photo.pk}/selection/", data)
    new = Selection.objects.get().thumbnail_url
    assert new != old and new in body(alice_client.get("/photos/"))
    assert alice_client.get(old).status_code == 404


def test_a_strangers_selection_is_404(bob_client: Client, add: Add) -> None:
    add(select=True)
    address = Selection.objects.get().thumbnail_url
    assert bob_client.get(address).status_code == Client().get(address).status_code == 404


def test_nothing_lies_over_a_photo_on_which_nothing_is_included(alice_client: Client, add: Add) -> None:
    add()
    add(select=True, mode="exclude")
    assert "highlight" not in body(alice_client.get("/photos/"))


def test_the_list_comes_in_pages(alice_client: Client, add: Add, monkeypatch: Any) -> None:
    monkeypatch.setattr(photo_views, "PHOTOS_A_PAGE", 2)
    for name in "abc":
        add(f"{name}.jpg")
    first, second = (body(alice_client.get(f"/photos/?page={page}")) for page in (1, 2))
    assert "c.jpg" in first and "b.jpg" in first and "a.jpg" not in first and 'href="?page=2"' in first
    assert "a.jpg" in second and "3 photos" in second
    assert "c.jpg" in body(alice_client.get("/photos/?page=nonsense"))


def test_many_photos_ask_as_many_questions_as_one(alice_client: Client, add: Add) -> None:
    def questions() -> int:
        alice_client.get("/photos/")
        with CaptureQueriesContext(connection) as captured:
            alice_client.get("/photos/")
        return len(captured)

    add(select=True)
    one = questions()
    for _ in range(4):
        add(select=True)
    # Session, account, count, chips, choice; photos, namesakes, selections, collection, offers; bytes of both.
    assert questions() == one == 12


def test_htmx_gets_the_list_alone(alice_client: Client, add: Add) -> None:
    add()
    response = alice_client.get("/photos/", headers=HTMX)
    assert body(response).strip().startswith('<div id="photo_grid">')
    assert "HX-Request" in response.headers["Vary"]


# Renaming and turning


def test_a_photo_is_renamed_in_place(alice_client: Client, add: Add) -> None:
    photo = add("IMG_0001.jpg")
    card = body(alice_client.post(f"/photos/{photo.pk}/name/", {"name": "  Red   boat "}, headers=HTMX))
    photo.refresh_from_db()
    assert photo.name == "Red boat"
    assert card.strip().startswith('<li class="card') and "Red boat" in card
    assert "The photo is called “Red boat” now." in card


def test_without_htmx_the_list_comes_back(alice_client: Client, add: Add) -> None:
    photo = add()
    response = alice_client.post(f"/photos/{photo.pk}/name/", {"name": "Boat"}, follow=True)
    assert response.redirect_chain == [("/photos/", 302)]
    assert "The photo is called “Boat” now." in body(response)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_that_is_none_is_one_sentence(alice_client: Client, add: Add, name: str) -> None:
    photo = add()
    response = alice_client.post(f"/photos/{photo.pk}/name/", {"name": name}, headers=HTMX)
    assert response.status_code == 422 and "name" in sentence(response)
    photo.refresh_from_db()
    assert photo.name == "a.jpg"


def test_a_photo_is_turned_in_the_list(alice_client: Client, add: Add) -> None:
    photo = add()
    card = body(alice_client.post(f"/photos/{photo.pk}/rotate/", {"stay": "on"}, headers=HTMX))
    before = photo.thumbnail_url
    photo.refresh_from_db()
    assert (photo.width, photo.height) == (160, 240)
    assert photo.thumbnail_url in card and before not in card


def test_a_selection_is_turned_with_the_photo(alice_client: Client, add: Add) -> None:
    photo = add(select=True)
    selection = Selection.objects.get()
    before = selection.superpixels.included[label_maps.load(selection.label_map).labels]
    old = selection.thumbnail_url
    card = body(alice_client.post(f"/photos/{photo.pk}/rotate/", {"stay": "on"}, headers=HTMX))
    selection = Selection.objects.get()
    after = selection.superpixels.included[label_maps.load(selection.label_map).labels]
    assert np.array_equal(after, np.rot90(before, -1))
    # Its picture is kept by browsers for ever: another picture has another address.
    assert selection.thumbnail_url != old and selection.thumbnail_url in card


def test_a_link_is_turned_with_the_photo(alice: Any, alice_client: Client, add: Add) -> None:
    photo = add(select=True)
    SharedSelection.objects.share(Selection.objects.get(), Person(user=alice))
    assert alice_client.post(f"/photos/{photo.pk}/rotate/").status_code == 302
    photo.refresh_from_db()
    assert (
        SharedSelection.objects.get().label_map == label_maps.get_or_compute(photo) == Selection.objects.get().label_map
    )


# Deleting


def test_deleting_asks_first_and_says_what_goes(alice_client: Client, add: Add) -> None:
    photos = [add("one.jpg"), add("two.jpg")]
    keys = [photo.pk for photo in photos]
    page = body(alice_client.post("/photos/delete/", {"photo": keys}))
    assert "Delete 2 photos?" in page and "<html" in page
    for what in ("original files", "selected on them", "searches", "your searches find them", "links"):
        assert what in page
    assert Photo.objects.count() == 2
    question = body(alice_client.post("/photos/delete/", {"photo": keys[0]}, headers=HTMX))
    assert "<html" not in question and "Delete “one.jpg”?" in question and "data-close" in question


def test_several_photos_are_deleted_with_everything_made_from_them(
    alice: Any, alice_client: Client, add: Add, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    before = {path for path in media.rglob("*") if path.is_file()}
    photos = [add(select=True), add(select=True)]
    kept = add("kept.jpg")
    SharedSelection.objects.share(Selection.objects.get(label_map__photo=photos[0]), Person(user=alice))
    with django_capture_on_commit_callbacks(execute=True):
        data = {"photo": [photo.pk for photo in photos], "confirmed": "on"}
        response = alice_client.post("/photos/delete/", data, follow=True)
    assert "2 photos are deleted." in body(response)
    assert Photo.objects.get() == kept
    assert not any(model.objects.exists() for model in (LabelMap, Selection, SharedSelection))
    left = {path for path in media.rglob("*") if path.is_file()} - before
    assert {path.name for path in left} == {str(kept.pk), f"{kept.version}.jpg"}


def test_one_strange_photo_among_the_chosen_stops_it_all(alice_client: Client, add: Add, bob: Any) -> None:
    mine = add()
    bobs = store_photo(image_file(eighths()), "bobs.jpg", owner=bob)
    data = {"photo": [mine.pk, bobs.pk], "confirmed": "on"}
    assert alice_client.post("/photos/delete/", data).status_code == 404
    assert Photo.objects.count() == 2


@pytest.mark.parametrize("chosen", [[], ["nonsense"]])
def test_choosing_nothing_is_one_sentence(alice_client: Client, chosen: list[str]) -> None:
    response = alice_client.post("/photos/delete/", {"photo": chosen, "confirmed": "on"}, headers=HTMX)
    assert response.status_code == 400
    assert "photo" in sentence(response)


def test_strangers_change_nothing(bob_client: Client, add: Add) -> None:
    photo = add()
    for stranger in (bob_client, Client()):
        assert stranger.post(f"/photos/{photo.pk}/name/", {"name": "mine"}).status_code == 404
        assert stranger.post(f"/photos/{photo.pk}/rotate/").status_code == 404
        assert stranger.post("/photos/delete/", {"photo": photo.pk}).status_code == 404
    photo.refresh_from_db()
    assert (photo.name, photo.quarter_turns) == ("a.jpg", 0)


@pytest.mark.parametrize(
    ("verb", "address"),
    [
        ("put", "/photos/"),
        ("get", "/photos/delete/"),
        ("get", f"/photos/{uuid.UUID(int=1)}/name/"),
        ("get", f"/photos/{uuid.UUID(int=1)}/rotate/"),
        ("post", "/selections/1/abc.png"),
    ],
)
def test_the_other_verb_is_refused(client: Client, verb: str, address: str) -> None:
    assert getattr(client, verb)(address).status_code == 405


# Several files in one form, as a browser without JavaScript sends them


def files(**contents: bytes) -> dict[str, list[SimpleUploadedFile]]:
    return {"image": [SimpleUploadedFile(f"{name}.jpg", data) for name, data in contents.items()]}


def test_several_files_are_all_stored(client: Client, few_superpixels: None) -> None:
    response = client.post("/photos/", files(one=image_file(), two=image_file(eighths())), follow=True)
    assert response.redirect_chain == [("/photos/", 302)]
    assert "2 photos are added." in body(response)
    assert set(Photo.objects.values_list("name", flat=True)) == {"one.jpg", "two.jpg"}
    assert {str(photo.visitor) for photo in Photo.objects.all()} == {client.session["visitor"]}


def test_a_broken_file_stops_none_of_the_others(client: Client, few_superpixels: None) -> None:
    response = client.post("/photos/", files(one=image_file(), letter=b"Dear Sir or Madam", empty=b""), follow=True)
    page = body(response)
    assert "1 photo is added." in page
    assert "letter.jpg: This is a text file" in page and "empty.jpg: That file is empty." in page
    assert Photo.objects.get().name == "one.jpg"


def test_nothing_but_broken_files_is_a_refusal(client: Client, few_superpixels: None) -> None:
    response = client.post("/photos/", files(letter=b"Dear Sir", empty=b""))
    assert response.status_code == 422
    assert "letter.jpg: This is a text file" in sentence(response) and "empty.jpg" in sentence(response)


def test_one_of_several_sent_by_script_is_answered_in_its_row(client: Client, few_superpixels: None) -> None:
    response = client.post("/photos/", files(one=image_file()) | {"stay": ["on"]}, headers=HTMX)
    assert "HX-Redirect" not in response.headers
    assert Photo.objects.get().get_absolute_url() in body(response) and "<img" in body(response)
