"""Past searches: named, pinned, deleted and brought back, and what came first in them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.exports.contents import Contents
from gallery.clearing import delete_discarded_searches
from gallery.models import GalleryImage, Search
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.pictures import BLUE, RED, image_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def asked(alice: Any, add_indexed: AddImage, search_of: SearchOf) -> Search:
    """A search of alice's in a collection of two, one of them her own."""
    add_indexed(seed=1, title="red")
    add_indexed(BLUE, seed=2, title="blue", owner=alice)
    photo = store_photo(image_file(thing_on_ground(RED, (120, 120, 120), seed=99)), "car.jpg", owner=alice)
    return search_of(photo, Person(user=alice))


def history(client: Client, query: str = "") -> str:
    return client.get(f"/searches/{query}").content.decode()


def test_a_card_shows_what_came_first_as_far_as_it_may_be_seen_today(alice_client: Client, asked: Search) -> None:
    assert history(alice_client).count("/thumbnail/") == 0
    alice_client.get(asked.get_absolute_url())
    red, blue = (GalleryImage.objects.get(title=title).photo.thumbnail_url for title in ("red", "blue"))
    listed = history(alice_client)
    assert 0 < listed.index(red) < listed.index(blue)
    GalleryImage.objects.filter(title="red").delete()
    listed = history(alice_client)
    assert red not in listed and blue in listed


def test_a_search_has_the_name_that_its_person_gives_it(
    alice_client: Client, bob_client: Client, asked: Search
) -> None:
    assert ">car.jpg</span>" in history(alice_client)
    address = f"{asked.get_absolute_url()}name/"
    assert bob_client.post(address, {"name": "Mine"}).status_code == 404
    card = alice_client.post(address, {"name": " Cars <b> "}, headers=HTMX).content.decode()
    assert ">Cars &lt;b&gt;</span>" in card and card.lstrip().startswith("<li") and "is called" in card
    assert ">Cars &lt;b&gt;</span>" in history(alice_client)
    too_long = alice_client.post(address, {"name": "a" * 121})
    assert too_long.status_code == 422 and "too long" in too_long.content.decode()
    alice_client.post(address, {"name": ""})
    assert ">car.jpg</span>" in history(alice_client)


def test_a_pinned_search_stays_before_later_ones(alice: Any, alice_client: Client, asked: Search) -> None:
    later = Search.objects.find_or_create(Person(user=alice), asked.label_map, bytes(asked.state), {"creator": "Ann"})
    address = f"{asked.get_absolute_url()}pin/"
    assert 'aria-pressed="true"' in alice_client.post(address, {"on": "on"}, headers=HTMX).content.decode()
    assert list(alice_client.get("/searches/").context["page"]) == [asked, later]
    alice_client.post(address)
    assert list(alice_client.get("/searches/").context["page"]) == [later, asked]


def test_a_deleted_search_is_gone_until_it_is_brought_back(
    alice_client: Client, bob_client: Client, client: Client, asked: Search
) -> None:
    address = asked.get_absolute_url()
    alice_client.post(f"{address}name/", {"name": "Cars"})
    asked.toggle_feedback(GalleryImage.objects.get(title="red"), [0], liked=True)
    for stranger in (bob_client, client):
        assert stranger.post(f"{address}delete/").status_code == 404
    response = alice_client.post(f"{address}delete/")
    assert alice_client.get(address).status_code == 404
    assert "Cars" not in history(alice_client)
    assert "“Cars” is deleted." in history(alice_client, response.headers["Location"].partition("/searches/")[2])
    for stranger in (bob_client, client):
        assert "is deleted" not in history(stranger, f"?deleted={asked.pk}")
        assert stranger.post(f"{address}bring-back/").status_code == 404
    card = alice_client.post(f"{address}bring-back/", headers=HTMX).content.decode()
    assert "Cars" in card and "1 judged" in card
    assert alice_client.get(address).status_code == 200


def test_asking_the_same_again_brings_it_back(alice: Any, alice_client: Client, asked: Search) -> None:
    alice_client.post(f"{asked.get_absolute_url()}delete/", headers=HTMX)
    assert Search.objects.find_or_create(Person(user=alice), asked.label_map, bytes(asked.state)) == asked
    assert alice_client.get(asked.get_absolute_url()).status_code == 200


def test_a_deleted_search_is_not_taken_along(alice: Any, alice_client: Client, asked: Search) -> None:
    asked.rename("Cars")

    def names() -> list[str]:
        (entry,) = (entry for entry in Contents(Person(user=alice)).entries() if entry.name == "searches.json")
        return [search["name"] for search in json.loads(b"".join(entry.pieces))]

    assert names() == ["Cars"]
    asked.discard()
    assert names() == []


def test_after_a_day_it_is_gone_for_good(asked: Search) -> None:
    asked.discard()
    list(delete_discarded_searches())
    assert Search.objects.exists()
    Search.objects.update(discarded=timezone.now() - datetime.timedelta(hours=25))
    list(delete_discarded_searches())
    assert not Search.objects.exists()
