"""The gallery's pages: who may see what, what they hold, and how many questions they ask the database."""

from __future__ import annotations

import io
import re
import threading
import time
import uuid
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage, Search, SearchQuerySet
from selector.models import Photo, Selection
from selector.people import Person
from selector.rendering import highlights
from selector.selection.tree import node_members
from selector.services import label_maps
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, Select, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

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
    monkeypatch.setattr("gallery.search.shelf.IMAGES_A_PAGE", 2)
    for seed in range(5):
        add_image(seed=seed, title=f"image {seed}", tags=("a&b",))
    pages = [client.get("/gallery/", {"tag": "a&b", "page": number}) for number in (1, 2, 3)]
    shown = [image.title for page in pages for image in page.context["shelf"].images]
    assert sorted(shown) == [f"image {seed}" for seed in range(5)]
    assert 'href="?tag=a%26b&amp;page=2"' in pages[0].content.decode()


@pytest.mark.parametrize("query", ["page=zero", "page=-1", "page=99999999999", "tag=" + "x" * 500])
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
    # How many, images; what chips count: tags, licences, creators.
    assert queries(client, "/gallery/") == one == 5


def test_the_start_page_asks_two_questions(client: Client, add_indexed: AddImage) -> None:
    for seed in range(4):
        add_indexed(seed=seed)
    # Which samples are there, and what to try instead of them.
    assert queries(client, "/") == 2


def test_htmx_gets_the_grid_alone(client: Client, add_image: AddImage) -> None:
    add_image()
    body = client.get("/gallery/", headers=HTMX).content.decode()
    assert body.strip().startswith('<div id="gallery_grid">')


def test_the_gallery_is_sorted_and_more_of_it_follows(
    client: Client, add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.search.shelf.IMAGES_A_PAGE", 2)
    for seed, title in enumerate(("b", "a", "000000579003")):
        add_image(seed=seed, title=title, tags=("one",) if seed else ())
    page = client.get("/gallery/", {"sort": "title"})
    assert [image.title for image in page.context["shelf"].images] == ["000000579003", "a"]
    body = page.content.decode()
    assert "000000579003" not in body and ">Untitled<" in body, "the number of a file is no title"
    assert "?tag=one&amp;sort=title" in body
    more = client.get("/gallery/", {"sort": "title", "page": "2", "more": "on"}, headers=HTMX).content.decode()
    assert more.count("<li") == 1 and 'data-page="2"' in more


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
    thumbnail = client.get(f"/photos/{photo.pk}/thumbnail/{photo.version}.webp")
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
    sentence = "Select what you are looking for first."
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
    visitor_client: tuple[Client, Person], add_indexed: AddImage, select: Select, settings: Any
) -> None:
    client, visitor = visitor_client
    add_indexed()
    photo = question_of(visitor=visitor.visitor)
    select(photo, visitor)
    settings.MEANING_ENABLED = True
    body = client.post(f"/photos/{photo.pk}/search/", headers=HTMX).content.decode()
    assert "No image is indexed by meaning yet" in body


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
    monkeypatch.setattr("gallery.search.answers.PAGE", 2)
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
    # Session, account, search; then nine of its own, what four kinds of chips count, and earlier searches.
    assert queries(alice_client, address) == one == 17


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
        ("post", "/searches/"),
        ("post", "/searches/choices/"),
        ("get", f"/searches/{uuid.UUID(int=1)}/options/"),
        ("get", f"/searches/{uuid.UUID(int=1)}/feedback/"),
        *(("get", f"/searches/{uuid.UUID(int=1)}/{what}/") for what in ("delete", "bring-back", "name", "pin")),
        ("get", "/gallery/1/search/"),
        ("get", "/gallery/1/select/"),
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


# Refining


@pytest.fixture
def asked(alice: Any, search_of: SearchOf, add_indexed: AddImage) -> Search:
    """A search of alice's, with two images to find."""
    add_indexed(RED, BLUE, title="red", tags=("warm",), creator="Ann", licence="CC0 1.0")
    add_indexed(BLUE, RED, seed=1, title="blue", tags=("cold",))
    return search_of(question_of(owner=alice), Person(user=alice))


def test_a_filter_is_kept_with_the_search_and_answered_in_place(alice_client: Client, asked: Search) -> None:
    address = f"{asked.get_absolute_url()}options/"
    body = alice_client.post(address, {"tag": "cold"}, headers=HTMX).content.decode()
    assert body.strip().startswith('<div id="answer"') and "<aside" not in body
    assert ">blue<" in body and ">red<" not in body
    asked.refresh_from_db()
    assert asked.options == {"tag": "cold"}
    response = alice_client.post(address, {"tag": "warm"}, follow=True)
    assert response.redirect_chain == [(asked.get_absolute_url(), 302)]
    page = response.content.decode()
    assert ">red<" in page and 'value="warm"' in page


def test_filters_that_leave_nothing_can_be_dropped(alice_client: Client, asked: Search) -> None:
    address = f"{asked.get_absolute_url()}options/"
    body = alice_client.post(address, {"tag": "none"}, headers=HTMX).content.decode()
    assert "No image passes the filters: tagged “none”." in body and 'name="drop_filters"' in body
    body = alice_client.post(address, {"tag": "none", "drop_filters": "on"}, headers=HTMX).content.decode()
    assert body.strip().startswith('<aside id="drawer"')  # The controls are empty again.
    assert 'value="none"' not in body and body.count('<article class="hit') == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_options_that_make_no_sense_are_one_sentence(
    alice_client: Client, asked: Search, headers: dict[str, str]
) -> None:
    given = {"first": "2020-01-02", "last": "2020-01-01"}
    response = alice_client.post(f"{asked.get_absolute_url()}options/", given, headers=headers)
    assert response.status_code == 422
    assert "The first day lies after the last: swap them." in response.content.decode()
    asked.refresh_from_db()
    assert asked.options == {}


def test_the_drawers_controls_come_along_with_a_new_search(
    alice: Any, alice_client: Client, asked: Search, select: Select
) -> None:
    photo = asked.label_map.photo
    select(photo, Person(user=alice), (150, 0, 200, 150))
    body = alice_client.post(f"/photos/{photo.pk}/search/", {"tag": "cold"}, headers=HTMX).content.decode()
    assert ">blue<" in body and ">red<" not in body
    assert Search.objects.get(options={"tag": "cold"}) != asked
    bad = alice_client.post(f"/photos/{photo.pk}/search/", {"first": "never"}, headers=HTMX)
    assert bad.status_code == 422 and "That is not a date" in bad.content.decode()


def hit_called(client: Client, asked: Search, title: str) -> Any:
    hits = client.get(asked.get_absolute_url()).context["answer"].hits
    return next(hit for hit in hits if hit.image.title == title)


def test_an_opinion_ranks_anew_at_once_and_is_taken_back_by_the_same_click(alice_client: Client, asked: Search) -> None:
    address = f"{asked.get_absolute_url()}feedback/"
    key = hit_called(alice_client, asked, "blue").key
    body = alice_client.post(address, {"like": key}, headers=HTMX).content.decode()
    assert body.strip().startswith('<div id="answer"') and body.count('aria-pressed="true"') == 1
    assert asked.feedback.get().liked
    body = alice_client.post(address, {"like": key}, headers=HTMX).content.decode()
    assert 'aria-pressed="true"' not in body and not asked.feedback.exists()
    assert alice_client.post(address, {"dislike": key}).status_code == 302
    assert not asked.feedback.get().liked


def test_what_was_said_is_counted_and_can_be_forgotten(alice_client: Client, asked: Search) -> None:
    address = f"{asked.get_absolute_url()}feedback/"
    before = alice_client.get(asked.get_absolute_url()).content.decode()
    assert 'name="forget"' not in before
    for verdict, title in {"like": "blue", "dislike": "red"}.items():
        key = hit_called(alice_client, asked, title).key
        body = alice_client.post(address, {verdict: key}, headers=HTMX).content.decode()
    assert "1 liked, 1 disliked ·" in body and 'name="forget"' in body
    # Also where the hits themselves are filtered out, and so cannot be clicked again.
    body = alice_client.post(f"{asked.get_absolute_url()}options/", {"tag": "none"}, headers=HTMX).content.decode()
    assert "1 liked, 1 disliked ·" in body
    body = alice_client.post(address, {"forget": "on"}, headers=HTMX).content.decode()
    assert 'name="forget"' not in body and not asked.feedback.exists()
    assert alice_client.post(address, {"forget": "on"}).status_code == 302


def test_an_opinion_is_answered_with_as_many_hits_as_were_shown(
    alice_client: Client, asked: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.search.answers.PAGE", 1)
    address = f"{asked.get_absolute_url()}feedback/"
    first = alice_client.get(asked.get_absolute_url(), headers=HTMX)
    key, more = first.context["answer"].hits[0].key, '<a class="button more"'
    assert more in first.content.decode()
    # The form has the number of every page that was fetched; the last one counts.
    both = alice_client.post(address, {"like": key, "shown": ["1", "2"]}, headers=HTMX).content.decode()
    assert both.count("<article") == 2 and more not in both
    assert both.count('name="shown"') == 1 and 'name="shown" value="2"' in both
    one = alice_client.post(address, {"like": key}, headers=HTMX).content.decode()
    assert one.count("<article") == 1 and more in one


def test_a_later_page_of_its_own_says_what_was_said_and_can_forget_it(
    alice_client: Client, asked: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.search.answers.PAGE", 1)
    address = asked.get_absolute_url()
    (hit,) = alice_client.get(address).context["answer"].hits
    alice_client.post(f"{address}feedback/", {"like": hit.key})
    kept = alice_client.get(address).context["answer"].kept
    page = alice_client.get(f"{address}?page=2&kept={kept}").content.decode()
    assert page.count("<article") == 1 and "1 liked ·" in page and 'name="forget"' in page
    assert "1 liked" not in alice_client.get(f"{address}?page=2&kept={kept}", headers=HTMX).content.decode()


def test_a_line_tells_weaker_matches_from_the_others(
    alice_client: Client, asked: Search, add_indexed: AddImage
) -> None:
    GalleryImage.objects.get(title="blue").delete()
    for seed, colours in enumerate([(GREEN, YELLOW), (BLUE, GREEN), (YELLOW, BLUE)], 2):
        add_indexed(*colours, seed=seed, title="another")
    page = alice_client.get(asked.get_absolute_url()).content.decode()
    assert page.count("Show all ") == 1, "what is only loosely alike is closed"
    assert page.index(">red<") < page.index("Show all ") < page.index(">another<")
    assert ">loosely</summary>" in page.partition("Show all ")[2]


def test_chips_narrow_an_answer_and_a_tag_may_be_begun(alice_client: Client, asked: Search) -> None:
    body = alice_client.get(asked.get_absolute_url()).content.decode()
    assert 'name="chip" value="tag=warm"' in body
    refine = f"{asked.get_absolute_url()}options/"
    narrowed = alice_client.post(refine, {"chip": "tag=warm"}, headers=HTMX).content.decode()
    assert 'id="drawer"' in narrowed and 'name="chip" value="tag="' in narrowed and narrowed.count("<article") == 1
    assert "<article" in alice_client.post(refine, {"tag": "wa"}, headers=HTMX).content.decode()
    alice_client.post(refine, {"tag": "warm", "chip": "tag="})
    asked.refresh_from_db()
    assert asked.options == {}


def test_the_way_back_leads_to_earlier_questions_and_to_the_same_hits(
    alice: Any, alice_client: Client, asked: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = bytes(asked.state)
    other = Search.objects.find_or_create(Person(user=alice), asked.label_map, state, {"tag": "warm"})
    body = alice_client.get(asked.get_absolute_url(), headers=HTMX).content.decode()
    assert f'href="{other.get_absolute_url()}" hx-get=' in body
    hit = hit_called(alice_client, asked, "red")
    monkeypatch.setattr("gallery.search.answers.PAGE", 1)
    both = alice_client.get(asked.get_absolute_url(), {"shown": "2", "drawer": "on"}, headers=HTMX).content.decode()
    assert both.count("<article") == 2
    selected = alice_client.post(
        f"/gallery/{hit.image.pk}/select/", {"region": hit.key, "search": str(asked.pk)}, headers=HTMX
    )
    assert selected.headers["HX-Redirect"] == f"{hit.image.photo.get_absolute_url()}?search={asked.pk}"


def test_the_pop_up_compares_judges_and_gives_the_credit(alice_client: Client, client: Client, asked: Search) -> None:
    hit = hit_called(alice_client, asked, "red")
    address = f"{hit.address}&search={asked.pk}"
    body = alice_client.get(address, headers=HTMX).content.decode()
    part = f"/regions/{hit.region_id}/part.png"
    assert f"/searches/{asked.pk}/selection.png" in body and part in body
    assert "“red” by Ann, CC0 1.0" in body
    picture = Image.open(io.BytesIO(alice_client.get(part).content))
    assert picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (0, 255)
    judged = alice_client.post(
        f"{asked.get_absolute_url()}feedback/", {"dislike": hit.key, "popup": "on"}, headers=HTMX
    ).content.decode()
    assert re.search(r'id="judge-dislike"[^>]*aria-pressed="true"', judged) and 'hx-swap-oob="true"' in judged
    assert 'id="judge"' not in client.get(address, headers=HTMX).content.decode(), "of somebody else's search"
    whole = hit.image.regions.get(area=1).pk
    same = alice_client.get(f"{hit.image.get_absolute_url()}?region={whole}").content.decode()
    assert "More like this region" not in same and "More like the whole image" in same


def test_who_has_photos_that_no_search_finds_is_told(alice: Any, alice_client: Client, search_of: SearchOf) -> None:
    search = search_of(question_of(owner=alice), Person(user=alice))
    store_photo(image_file(thing_on_ground(GREEN, BLUE, seed=98)), "other.jpg", owner=alice)
    body = alice_client.get(search.get_absolute_url()).content.decode()
    assert "You have 1 photo more, and your searches find none of them: add them." in body
    assert 'action="/collection/choice/"' in body


def test_an_opinion_must_name_one_hit_that_is_there(
    alice_client: Client, asked: Search, bob: Any, add_indexed: AddImage
) -> None:
    address = f"{asked.get_absolute_url()}feedback/"
    for given in ({}, {"like": "1", "dislike": "1"}, {"like": "one"}):
        response = alice_client.post(address, given, headers=HTMX)
        assert response.status_code == 422 and 'role="status"' in response.content.decode()
    keys = [hit_called(alice_client, asked, title).key for title in ("red", "blue")]
    private = add_indexed(owner=bob, seed=7).regions.get(area=1).pk
    for missing in ("999999", "-".join(keys), str(private)):
        assert alice_client.post(address, {"like": missing}).status_code == 404
    assert not asked.feedback.exists()


def test_the_choices_are_what_the_person_may_see(
    alice_client: Client, client: Client, asked: Search, alice: Any, add_image: AddImage
) -> None:
    add_image(seed=5, owner=alice, creator="Secret", licence="Mine", tags=("hidden",))
    body = alice_client.get("/searches/choices/").content.decode()
    for choice in ("warm", "cold", "Ann", "CC0 1.0", "Secret", "Mine", "hidden"):
        assert f'value="{choice}"' in body
    stranger = client.get("/searches/choices/").content.decode()
    assert 'value="warm"' in stranger
    assert not any(choice in stranger for choice in ("Secret", "Mine", "hidden"))


# The history


def test_the_history_has_what_was_asked_the_latest_first(
    alice: Any, alice_client: Client, asked: Search, bob_client: Client, client: Client
) -> None:
    asked.refine({"tag": "warm"})
    later = Search.objects.find_or_create(Person(user=alice), asked.label_map, bytes(asked.state), {"creator": "Ann"})
    page = alice_client.get("/searches/")
    assert list(page.context["page"]) == [later, asked]
    body = page.content.decode()
    assert "tagged “warm”" in body and "by Ann" in body
    assert f"{asked.get_absolute_url()}selection.png" in body
    for stranger in (bob_client, client):
        assert "No searches yet" in stranger.get("/searches/").content.decode()


def test_a_search_that_is_asked_again_comes_first(alice: Any, alice_client: Client, asked: Search) -> None:
    person = Person(user=alice)
    later = Search.objects.find_or_create(person, asked.label_map, bytes(asked.state), {"creator": "Ann"})
    assert Search.objects.find_or_create(person, asked.label_map, bytes(asked.state)) == asked
    assert list(alice_client.get("/searches/").context["page"]) == [asked, later]


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_search(alice: Any, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch) -> None:
    example = search_of(question_of(owner=alice), Person(user=alice))
    label_map, state = example.label_map, bytes(example.state)
    example.delete()
    create = SearchQuerySet.create

    def create_slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.1)
        return create(*args, **kwargs)

    def search() -> None:
        Search.objects.find_or_create(Person(user=alice), label_map, state)
        connections.close_all()

    monkeypatch.setattr(SearchQuerySet, "create", create_slowly)
    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Search.objects.count() == 1


def test_a_search_survives_the_turning_of_its_photo(alice_client: Client, asked: Search) -> None:
    """With what was selected, and what was thought of its hits."""
    photo, labels = asked.label_map.photo, label_maps.load(asked.label_map).labels
    image = GalleryImage.objects.get(title="red")
    asked.toggle_feedback(image, [0], liked=True)
    old_picture = f"{asked.get_absolute_url()}selection.png?v={asked.label_map_id}"
    assert old_picture in alice_client.get("/searches/").content.decode()
    assert alice_client.post(f"/photos/{photo.pk}/rotate/").status_code == 302
    page = alice_client.get(asked.get_absolute_url())
    assert page.status_code == 200
    assert {hit.image.title: hit.feedback for hit in page.context["answer"].hits} == {"red": "like", "blue": ""}
    later = Search.objects.get()
    assert later.feedback.get().image == image
    assert np.array_equal(
        later.superpixels.included[label_maps.load(later.label_map).labels],
        np.rot90(asked.superpixels.included[labels], -1),
    )
    # Browsers keep the picture for ever: the turned one has another address.
    listed = alice_client.get("/searches/").content.decode()
    assert old_picture not in listed and f"?v={later.label_map_id}" in listed


def test_the_history_comes_in_pages_and_asks_as_many_questions_for_many_as_for_one(
    alice: Any, alice_client: Client, asked: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = queries(alice_client, "/searches/")
    for number in range(5):
        Search.objects.find_or_create(Person(user=alice), asked.label_map, bytes(asked.state), {"tag": str(number)})
    # Session, account, how many, which.
    assert queries(alice_client, "/searches/") == one == 4
    monkeypatch.setattr("gallery.web.history_views.SEARCHES_A_PAGE", 4)
    shown = [search for number in (1, 2) for search in alice_client.get(f"/searches/?page={number}").context["page"]]
    assert len(shown) == len(set(shown)) == 6


def test_a_search_of_a_photo_that_is_hidden_by_now_is_hidden_too(
    alice: Any, alice_client: Client, bob: Any, bob_client: Client, add_indexed: AddImage, search_of: SearchOf
) -> None:
    image = add_indexed()
    asked = search_of(image.photo, Person(user=bob))
    assert bob_client.get(asked.get_absolute_url()).status_code == 200
    Photo.objects.filter(pk=image.photo_id).update(is_public=False, owner=alice)
    assert bob_client.get(asked.get_absolute_url()).status_code == 404
    assert bob_client.get(f"{asked.get_absolute_url()}selection.png").status_code == 404
    assert list(bob_client.get("/searches/").context["page"]) == []


def test_strangers_neither_refine_nor_judge(asked: Search, bob_client: Client, client: Client) -> None:
    for stranger in (bob_client, client):
        for action in ("options", "feedback"):
            assert stranger.post(f"{asked.get_absolute_url()}{action}/", {"like": "1"}).status_code == 404


# From a hit onward


def test_more_like_a_region_or_the_whole_image(visitor_client: tuple[Client, Person], add_indexed: AddImage) -> None:
    client, visitor = visitor_client
    image = add_indexed(RED, BLUE)
    add_indexed(RED, BLUE, seed=5, title="another red")
    region = image.regions.exclude(area=1).order_by("-area").first()
    assert region is not None
    for given, share in (({"region": region.pk}, region.area), ({}, 1.0)):
        response = client.post(f"/gallery/{image.pk}/search/", given)
        asked = Search.objects.owned_by(visitor).first()
        assert asked is not None
        assert response.headers["Location"] == asked.get_absolute_url()
        labels = label_maps.load(asked.label_map).labels
        assert asked.superpixels.included[labels].mean() == pytest.approx(share)
        body = client.post(f"/gallery/{image.pk}/search/", given, headers=HTMX).content.decode()
        assert body.strip().startswith('<aside id="drawer"') and "another red" in body
    assert Search.objects.count() == 2


def test_a_region_is_selected_and_what_was_selected_can_be_brought_back(
    alice: Any, alice_client: Client, add_indexed: AddImage, select: Select
) -> None:
    image = add_indexed(RED, BLUE)
    region = image.regions.exclude(area=1).first()
    assert region is not None
    alice_client.post(f"/gallery/{image.pk}/select/", {"region": region.pk})
    selection = Selection.objects.get()
    assert selection.superpixels.included[label_maps.load(selection.label_map).labels].mean() == pytest.approx(
        region.area
    )
    assert selection.can_undo

    select(image.photo, Person(user=alice), (150, 0, 200, 150))
    mine = Selection.objects.get().superpixels
    response = alice_client.post(f"/gallery/{image.pk}/select/", {"region": region.pk}, follow=True)
    assert response.redirect_chain[0][0] == image.photo.get_absolute_url()
    assert "Undo brings back what you had selected here." in response.content.decode()
    selection = Selection.objects.get()
    assert selection.undo()
    assert selection.superpixels == mine


def test_htmx_is_sent_to_the_selector(alice_client: Client, add_indexed: AddImage) -> None:
    image = add_indexed()
    given = {"region": image.regions.get(area=1).pk}
    response = alice_client.post(f"/gallery/{image.pk}/select/", given, headers=HTMX)
    assert response.headers["HX-Redirect"] == image.photo.get_absolute_url()


@pytest.mark.parametrize("action", ["search", "select"])
def test_regions_of_other_images_and_images_of_others_lead_nowhere(
    action: str, alice: Any, bob_client: Client, client: Client, add_indexed: AddImage
) -> None:
    image, other = add_indexed(), add_indexed(BLUE, seed=1)
    private = add_indexed(owner=alice, seed=2)
    foreign = other.regions.get(area=1).pk
    for given in ({"region": foreign}, {"region": "nonsense"}, {"region": "99999999"}):
        assert bob_client.post(f"/gallery/{image.pk}/{action}/", given).status_code == 404
    for stranger in (bob_client, client):
        assert stranger.post(f"/gallery/{private.pk}/{action}/").status_code == 404
    assert not Search.objects.exists() and not Selection.objects.exists()


def test_a_region_of_an_older_label_map_is_selected_on_todays(
    alice_client: Client, add_indexed: AddImage, settings: Any
) -> None:
    image = add_indexed(RED, BLUE)
    region = image.regions.exclude(area=1).order_by("-area").first()
    assert region is not None
    settings.N_SUPERPIXELS = 90
    alice_client.post(f"/gallery/{image.pk}/select/", {"region": region.pk})
    selection = Selection.objects.get()
    assert selection.label_map_id != region.label_map_id
    selected = selection.superpixels.included[label_maps.load(selection.label_map).labels].mean()
    assert selected == pytest.approx(region.area, abs=0.05)


def test_one_picture_shows_all_regions_that_matched(client: Client, add_indexed: AddImage) -> None:
    image, other = add_indexed(RED, BLUE), add_indexed(BLUE, seed=1)
    one, two = image.regions.exclude(area=1)[:2]

    def clear(address: str) -> Any:
        picture = Image.open(io.BytesIO(client.get(address).content)).convert("RGBA")
        return np.asarray(picture)[..., 3] != highlights.VEIL_ALPHA

    both = clear(f"/regions/{one.pk}/highlight.png?also={two.pk}")
    alone = [clear(f"/regions/{region.pk}/highlight.png") for region in (one, two)]
    assert (both == (alone[0] | alone[1])).mean() > 0.98
    foreign = clear(f"/regions/{one.pk}/highlight.png?also={other.regions.get(area=1).pk}")
    assert (foreign == alone[0]).all()
    exact = clear(f"/regions/{one.pk}/highlight.png?also={two.pk}&full=on")
    label_map = label_maps.load(one.label_map)
    parents = label_map.hierarchy.parents
    members = node_members(parents, one.node) | node_members(parents, two.node)
    assert (exact == members[label_map.labels]).all()


@pytest.mark.django_db
def test_a_row_on_a_phone_may_ask_for_smaller_thumbnails(client: Client) -> None:
    photo = add_public(image_file(np.zeros((300, 600, 3), np.uint8)), "wide.jpg", Details())[0].photo
    address = f"/photos/{photo.pk}/thumbnail/{photo.version}.webp"
    sizes = "(max-width: 820px) calc(20 * 12.5px), 360px"
    assert (
        f'srcset="{address}?smaller 240w, {address} 360w" sizes="{sizes}"' in client.get("/gallery/").content.decode()
    )
    answers = [client.get(address), client.get(f"{address}?smaller")]
    assert [answer["Content-Type"] for answer in answers] == ["image/webp"] * 2
    assert [Image.open(io.BytesIO(answer.content)).size for answer in answers] == [(360, 180), (240, 120)]
