"""The gallery's pages: who may see what, what they hold, and how many questions they ask the database."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from discs import AddImage, SearchOf, Select, thing_on_ground
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pictures import BLUE, RED, image_file
from PIL import Image

from gallery import search as search_module
from gallery.models import GalleryImage, Search
from selector.models import Photo
from selector.people import Person
from selector.photos import store_photo

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def question_of(**owner: Any) -> Photo:
    """A photo with the same red disc as the gallery's images."""
    return store_photo(image_file(thing_on_ground(RED, (120, 120, 120), seed=99)), "q.jpg", **owner)


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# The start page


def test_the_start_page_offers_indexed_public_images(
    client: Client, add_indexed: AddImage, add_image: AddImage, alice: Any
) -> None:
    for seed in range(14):
        add_indexed(seed=seed, title=f"public {seed}") if seed < 2 else add_image(seed=seed)
    add_indexed(owner=alice)
    page = client.get("/")
    assert {image.title for image in page.context["images"]} == {"public 0", "public 1"}
    assert [image.pk for image in client.get("/").context["images"]] == [image.pk for image in page.context["images"]]


# The gallery


def test_the_gallery_shows_the_public_collection(client: Client, add_image: AddImage) -> None:
    add_image(title="A red disc")
    page = client.get("/gallery/")
    assert "A red disc" in page.content.decode()
    assert "HX-Request" in page.headers["Vary"]


def test_an_empty_gallery_says_so(client: Client) -> None:
    assert "The gallery is empty" in client.get("/gallery/").content.decode()


def test_private_images_are_shown_to_their_owner_alone(
    add_image: AddImage, alice: Any, alice_client: Client, bob_client: Client, client: Client
) -> None:
    image = add_image(title="Of alice", owner=alice)
    assert "Of alice" in alice_client.get("/gallery/").content.decode()
    assert alice_client.get(image.get_absolute_url()).status_code == 200
    for stranger in (bob_client, client):
        assert "Of alice" not in stranger.get("/gallery/").content.decode()
        assert stranger.get(image.get_absolute_url()).status_code == 404


def test_a_tag_leads_to_the_images_that_have_it(client: Client, add_image: AddImage) -> None:
    add_image(title="Tagged", tags=("red thing",))
    add_image(title="Other", seed=1, tags=("blue",))
    body = client.get("/gallery/", {"tag": "Red Thing"}).content.decode()
    assert "Tagged" in body and "Other" not in body
    assert "No image has this tag" in client.get("/gallery/", {"tag": "no such"}).content.decode()


def test_the_gallery_comes_in_pages_and_keeps_the_tag(
    client: Client, add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.views.IMAGES_A_PAGE", 2)
    for seed in range(5):
        add_image(seed=seed, title=f"image {seed}", tags=("a&b",))
    pages = [client.get("/gallery/", {"tag": "a&b", "page": number}) for number in (1, 2, 3)]
    shown = [image.title for page in pages for image in page.context["page"]]
    assert sorted(shown) == [f"image {seed}" for seed in range(5)]
    assert 'href="?tag=a%26b&amp;page=2"' in pages[0].content.decode()


@pytest.mark.parametrize("query", ["page=zero", "page=-1", "page=99999999999", "tag=%00", "tag=" + "x" * 500])
def test_a_strange_query_shows_the_first_page(client: Client, add_image: AddImage, query: str) -> None:
    add_image(title="A red disc")
    page = client.get(f"/gallery/?{query}")
    assert page.status_code == 200
    assert "A red disc" in page.content.decode()


def test_the_gallery_asks_as_many_questions_for_many_images_as_for_one(client: Client, add_image: AddImage) -> None:
    add_image()
    one = queries(client, "/gallery/")
    for seed in range(1, 6):
        add_image(seed=seed, tags=("tag",))
    assert queries(client, "/gallery/") == one == 2


def test_the_start_page_asks_one_question(client: Client, add_indexed: AddImage) -> None:
    for seed in range(4):
        add_indexed(seed=seed)
    assert queries(client, "/") == 1


def test_htmx_gets_the_grid_alone(client: Client, add_image: AddImage) -> None:
    add_image()
    body = client.get("/gallery/", headers=HTMX).content.decode()
    assert body.strip().startswith('<div id="gallery_grid">')


# Details


def test_the_details_hold_all_that_is_known(client: Client, add_image: AddImage) -> None:
    image = add_image(
        title="A disc", description="It is red.", creator="Somebody", licence="CC0 1.0",
        source_url="https://example.com/disc", tags=("disc", "red"),
    )  # fmt: skip
    body = client.get(image.get_absolute_url()).content.decode()
    for known in ("A disc", "It is red.", "Somebody", "CC0 1.0", "https://example.com/disc", "?tag=disc"):
        assert known in body
    assert "200 × 150 pixels" in body
    assert f'href="{image.photo.get_absolute_url()}"' in body
    assert "Select in this image" in body


def test_htmx_gets_the_content_of_the_dialog(client: Client, add_image: AddImage) -> None:
    image = add_image(title="A disc")
    response = client.get(image.get_absolute_url(), headers=HTMX)
    body = response.content.decode()
    assert "<html" not in body and "data-close" in body and "<h2>A disc</h2>" in body
    assert "HX-Request" in response.headers["Vary"]
    page = client.get(image.get_absolute_url()).content.decode()
    assert "<html" in page and "<h1>A disc</h1>" in page


def test_htmx_gets_a_whole_page_when_it_restores_its_history(client: Client, add_image: AddImage) -> None:
    address = add_image().get_absolute_url()
    response = client.get(address, headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in response.content.decode()


def test_metadata_is_text_not_markup(client: Client, add_image: AddImage) -> None:
    image = add_image(title="<script>alert(1)</script>", tags=("<b>",))
    for headers in ({}, HTMX):
        body = client.get(image.get_absolute_url(), headers=headers).content.decode()
        assert "<script>alert" not in body and "<b>" not in body


def test_the_region_that_matched_is_shown_on_its_own_image_only(client: Client, add_indexed: AddImage) -> None:
    image, other = add_indexed(), add_indexed(BLUE, seed=1)
    region = image.regions.get(area=1)
    address = f"/regions/{region.pk}/highlight.png"
    assert address in client.get(image.get_absolute_url(), {"region": region.pk}).content.decode()
    assert address not in client.get(other.get_absolute_url(), {"region": region.pk}).content.decode()
    assert client.get(image.get_absolute_url(), {"region": "nonsense"}).status_code == 200


def test_a_highlight_fits_its_thumbnail_and_may_be_kept(client: Client, add_indexed: AddImage) -> None:
    image = add_indexed()
    photo = image.photo
    response = client.get(f"/regions/{image.regions.get(area=1).pk}/highlight.png")
    assert "immutable" in response.headers["Cache-Control"]
    thumbnail = client.get(f"/photos/{photo.pk}/thumbnail/{photo.version}.jpg")
    sizes = [Image.open(io.BytesIO(answer.content)).size for answer in (response, thumbnail)]
    assert sizes[0] == sizes[1]


def test_a_highlight_of_a_private_image_is_for_its_owner(
    add_indexed: AddImage, alice: Any, alice_client: Client, bob_client: Client, client: Client
) -> None:
    address = f"/regions/{add_indexed(owner=alice).regions.get(area=1).pk}/highlight.png"
    assert alice_client.get(address).status_code == 200
    assert bob_client.get(address).status_code == client.get(address).status_code == 404


# Searching


def test_a_search_opens_the_drawer_with_the_hits(
    visitor_client: tuple[Client, Person], add_indexed: AddImage, select: Select
) -> None:
    client, visitor = visitor_client
    image = add_indexed(title="A red disc")
    photo = question_of(visitor=visitor.visitor)
    select(photo, visitor)
    response = client.post(f"/photos/{photo.pk}/search/", headers=HTMX)
    body = response.content.decode()
    assert response.status_code == 200
    assert body.strip().startswith('<aside id="drawer"')
    assert body.count('<article class="hit') == 1
    assert "A red disc" in body
    assert f"/photos/{image.photo.pk}/thumbnail/" in body and "/highlight.png" in body
    assert '<div id="status" role="status" hx-swap-oob' in body
    assert response.context["answer"].sentence in body
    assert "HX-Request" in response.headers["Vary"]


def test_without_htmx_a_search_leads_to_its_own_page(
    visitor_client: tuple[Client, Person], add_indexed: AddImage, select: Select
) -> None:
    client, visitor = visitor_client
    add_indexed(title="A red disc")
    photo = question_of(visitor=visitor.visitor)
    select(photo, visitor)
    response = client.post(f"/photos/{photo.pk}/search/", follow=True)
    search = Search.objects.get()
    assert response.redirect_chain == [(search.get_absolute_url(), 302)]
    body = response.content.decode()
    assert "<html" in body and '<aside id="drawer"' in body and "A red disc" in body


def test_an_empty_selection_is_one_sentence_and_no_search(
    visitor_client: tuple[Client, Person], add_indexed: AddImage, select: Select
) -> None:
    client, visitor = visitor_client
    photo = question_of(visitor=visitor.visitor)
    sentence = "Select what you are looking for first, then search."
    for headers in ({}, HTMX):
        response = client.post(f"/photos/{photo.pk}/search/", headers=headers)
        assert response.status_code == 422
        assert sentence in response.content.decode()
        assert 'role="status"' in response.content.decode()
    select(photo, visitor, mode="exclude")
    assert client.post(f"/photos/{photo.pk}/search/", headers=HTMX).status_code == 422
    assert not Search.objects.exists()


def test_a_search_in_an_empty_gallery_says_so(visitor_client: tuple[Client, Person], select: Select) -> None:
    client, visitor = visitor_client
    photo = question_of(visitor=visitor.visitor)
    select(photo, visitor)
    response = client.post(f"/photos/{photo.pk}/search/", headers=HTMX)
    assert response.status_code == 200
    assert "The gallery is empty: there is nothing to search in yet." in response.content.decode()


def test_a_missing_space_is_said_in_the_drawer(
    visitor_client: tuple[Client, Person], add_indexed: AddImage, select: Select
) -> None:
    client, visitor = visitor_client
    add_indexed()
    photo = question_of(visitor=visitor.visitor)
    select(photo, visitor)
    body = client.post(f"/photos/{photo.pk}/search/", headers=HTMX).content.decode()
    assert "Search by meaning is switched off" in body


def test_nobody_searches_in_a_strangers_photo(alice: Any, bob_client: Client, client: Client, select: Select) -> None:
    photo = question_of(owner=alice)
    select(photo, Person(user=alice))
    for stranger in (bob_client, client):
        assert stranger.post(f"/photos/{photo.pk}/search/").status_code == 404


def test_a_search_can_be_seen_by_whoever_made_it_alone(
    alice: Any, alice_client: Client, bob_client: Client, client: Client, search_of: SearchOf
) -> None:
    search = search_of(question_of(owner=alice), Person(user=alice))
    for address in (search.get_absolute_url(), f"{search.get_absolute_url()}selection.png"):
        assert alice_client.get(address).status_code == 200
        assert bob_client.get(address).status_code == client.get(address).status_code == 404
    assert alice_client.get(f"/searches/{uuid.uuid4()}/").status_code == 404


def test_a_search_of_a_gallery_image_is_private_too(
    add_indexed: AddImage, alice: Any, alice_client: Client, bob_client: Client, search_of: SearchOf
) -> None:
    search = search_of(add_indexed().photo, Person(user=alice))
    assert alice_client.get(search.get_absolute_url()).status_code == 200
    assert bob_client.get(search.get_absolute_url()).status_code == 404


def test_a_search_keeps_the_selection_as_it_was(
    alice: Any, alice_client: Client, add_indexed: AddImage, search_of: SearchOf, select: Select
) -> None:
    add_indexed()
    photo = question_of(owner=alice)
    search = search_of(photo, Person(user=alice))
    before = alice_client.get(f"{search.get_absolute_url()}selection.png").content
    select(photo, Person(user=alice), (150, 0, 200, 150))
    assert alice_client.get(f"{search.get_absolute_url()}selection.png").content == before
    width, height = Image.open(io.BytesIO(before)).size
    assert width < 130 and height < 130


def test_searching_again_for_the_same_is_the_same_search(
    visitor_client: tuple[Client, Person], add_indexed: AddImage, select: Select
) -> None:
    client, visitor = visitor_client
    photo = question_of(visitor=visitor.visitor)
    select(photo, visitor)
    addresses = {client.post(f"/photos/{photo.pk}/search/").headers["Location"] for _ in range(2)}
    assert len(addresses) == 1


def test_more_hits_follow_the_ones_that_are_there(
    alice: Any, alice_client: Client, add_indexed: AddImage, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "PAGE", 2)
    for seed in range(3):
        add_indexed(seed=seed, title=f"disc {seed}")
    address = search_of(question_of(owner=alice), Person(user=alice)).get_absolute_url()
    first = alice_client.get(address, headers=HTMX).content.decode()
    more = alice_client.get(f"{address}?page=2", headers=HTMX).content.decode()
    assert f'hx-get="{address}?page=2&amp;kept=' in first
    assert (first.count("<article"), more.count("<article")) == (2, 1)
    assert "<aside" not in more and 'hx-get="/searches' not in more


def test_a_search_asks_as_many_questions_for_many_images_as_for_one(
    alice: Any, alice_client: Client, add_indexed: AddImage, search_of: SearchOf
) -> None:
    add_indexed()
    address = search_of(question_of(owner=alice), Person(user=alice)).get_absolute_url()
    one = queries(alice_client, address)
    for seed in range(1, 5):
        add_indexed(seed=seed)
    # Session, account, search; then seven of its own.
    assert queries(alice_client, address) == one == 10


def test_a_visitors_searches_move_to_the_account_at_sign_in(
    visitor_client: tuple[Client, Person], alice: Any, search_of: SearchOf
) -> None:
    client, visitor = visitor_client
    search = search_of(question_of(visitor=visitor.visitor), visitor)
    client.force_login(alice)
    assert client.get(search.get_absolute_url()).status_code == 200
    search.refresh_from_db()
    assert (search.owner, search.visitor) == (alice, None)


def test_addresses_that_lead_nowhere_are_404(client: Client) -> None:
    for address in ("/gallery/999/", "/regions/999/highlight.png", f"/searches/{uuid.uuid4()}/"):
        assert client.get(address).status_code == 404
    assert client.get(f"/gallery/{2**70}/").status_code == 404
    assert client.post(f"/photos/{uuid.uuid4()}/search/").status_code == 404


@pytest.mark.parametrize(
    ("verb", "address"),
    [
        ("post", "/"),
        ("post", "/gallery/"),
        ("post", "/gallery/1/"),
        ("get", f"/photos/{uuid.UUID(int=1)}/search/"),
        ("post", f"/searches/{uuid.UUID(int=1)}/"),
        ("post", f"/searches/{uuid.UUID(int=1)}/selection.png"),
        ("post", "/regions/1/highlight.png"),
    ],
)
def test_the_other_verb_is_refused(client: Client, verb: str, address: str) -> None:
    assert getattr(client, verb)(address).status_code == 405


def test_an_unsearchable_image_says_so(client: Client, add_image: AddImage) -> None:
    image: GalleryImage = add_image()
    assert "cannot be found yet" in client.get(image.get_absolute_url()).content.decode()
    image.mark_failed("It was broken.")
    body = client.get(image.get_absolute_url()).content.decode()
    assert "could not be indexed" in body and "It was broken." not in body
