"""A collection of one's own: what is in it, who finds it, and who may change it."""

from __future__ import annotations

import datetime
import threading
import uuid
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery.collection.importing import collect as put_into_collection
from gallery.index import indexing, spaces
from gallery.models import GalleryImage, IndexedRegion, RegionVector
from gallery.search.ask import ask
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, dated, image_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def disc(seed: int = 0, **owner: Any) -> Photo:
    """A photo of a red disc, outside every collection."""
    return store_photo(image_file(thing_on_ground(RED, GREEN, seed)), f"disc {seed}.jpg", **owner)


def collect(client: Client, *photos: Photo, **headers: Any) -> Any:
    return client.post("/collection/add/", {"photo": [photo.pk for photo in photos]}, **headers)


def take_out(client: Client, *photos: Photo, **headers: Any) -> Any:
    return client.post("/collection/take-out/", {"photo": [photo.pk for photo in photos]}, **headers)


@pytest.fixture
def image(alice: Any, alice_client: Client) -> GalleryImage:
    """An image of alice's own collection, put there by the site and indexed."""
    collect(alice_client, disc(owner=alice))
    image: GalleryImage = GalleryImage.objects.get()
    indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
    image.refresh_from_db()
    return image


# In and out


def test_a_photo_put_into_the_collection_waits_for_the_worker(alice: Any, alice_client: Client) -> None:
    photo = disc(owner=alice)
    response = collect(alice_client, photo)
    assert (response.status_code, response.url) == (302, "/photos/")
    image = GalleryImage.objects.get()
    assert (image.photo, image.title, image.status) == (photo, "Disc 0", "pending")
    assert ProcrastinateJob.objects.get().args["image_id"] == image.pk


def test_several_at_once_and_none_twice(alice: Any, alice_client: Client) -> None:
    photos = [disc(seed, owner=alice) for seed in range(3)]
    collect(alice_client, photos[0])
    collect(alice_client, *photos)
    assert GalleryImage.objects.count() == 3


def test_a_photo_put_into_the_collection_has_the_date_its_camera_wrote(alice: Any, alice_client: Client) -> None:
    collect(alice_client, store_photo(dated("2019:07:14 09:30:00"), "a.jpg", owner=alice))
    image = GalleryImage.objects.get()
    assert image.taken == datetime.date(2019, 7, 14)
    assert "14 July 2019" in alice_client.get(image.get_absolute_url()).content.decode()


def test_a_photo_whose_original_is_missing_can_be_put_in_all_the_same(alice: Any, alice_client: Client) -> None:
    photo = disc(owner=alice)
    photo.original.storage.delete(str(photo.original.name))
    collect(alice_client, photo)
    assert GalleryImage.objects.get().taken is None


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_put_a_photo_in_once(alice: Any) -> None:
    photo = disc(owner=alice)
    n_new: list[int] = []

    def put() -> None:
        n_new.append(put_into_collection([photo]))
        connections.close_all()

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n_new) == [0, 0, 0, 1]
    assert GalleryImage.objects.count() == 1


def test_htmx_gets_the_card_that_says_so(alice: Any, alice_client: Client) -> None:
    photo = disc(owner=alice)
    card = collect(alice_client, photo, headers=HTMX).content.decode()
    assert card.strip().startswith('<li class="card') and "Collected" in card and "Added to your collection" in card
    card = take_out(alice_client, photo, headers=HTMX).content.decode()
    assert "Collected" not in card and "out of your collection, and still here" in card


def test_taken_out_its_index_goes_and_the_photo_stays(image: GalleryImage, alice_client: Client) -> None:
    assert RegionVector.objects.exists()
    assert take_out(alice_client, image.photo).status_code == 302
    assert not any(model.objects.exists() for model in (GalleryImage, IndexedRegion, RegionVector))
    assert alice_client.get(image.photo.working_url).status_code == 200


def test_deleting_the_photo_takes_the_image_along(image: GalleryImage, alice_client: Client) -> None:
    alice_client.post("/photos/delete/", {"photo": image.photo_id, "confirmed": "on"})
    assert not any(model.objects.exists() for model in (Photo, GalleryImage, IndexedRegion, RegionVector))


def test_a_visitor_has_a_collection_too_and_keeps_it_at_sign_in(
    visitor_client: tuple[Client, Person], alice: Any, bob_client: Client
) -> None:
    client, visitor = visitor_client
    collect(client, disc(visitor=visitor.visitor))
    address = GalleryImage.objects.get().get_absolute_url()
    assert client.get(address).status_code == 200
    assert bob_client.get(address).status_code == 404
    client.force_login(alice)
    assert client.get(address).status_code == 200
    assert "Disc 0" in client.get("/gallery/?mine=on").content.decode()


def test_strangers_photos_and_public_ones_are_404(
    alice: Any, bob_client: Client, alice_client: Client, add_image: AddImage
) -> None:
    private, public = disc(owner=alice), add_image().photo
    for client, photo in ((bob_client, private), (Client(), private), (alice_client, public)):
        assert collect(client, photo).status_code == take_out(client, photo).status_code == 404
    assert GalleryImage.objects.count() == 1


def test_choosing_nothing_is_one_sentence(alice_client: Client) -> None:
    for answer in (collect(alice_client, headers=HTMX), take_out(alice_client, headers=HTMX)):
        assert answer.status_code == 400
        assert "Choose a photo first." in answer.content.decode()


# Who sees and finds it


def test_only_its_owner_sees_it(image: GalleryImage, alice_client: Client, bob_client: Client) -> None:
    region = image.regions.get(area=1)
    for address in (
        image.get_absolute_url(),
        f"{image.get_absolute_url()}edit/",
        f"/regions/{region.pk}/highlight.png",
        image.photo.thumbnail_url,
        image.photo.working_url,
    ):
        assert alice_client.get(address).status_code == 200
        assert bob_client.get(address).status_code == Client().get(address).status_code == 404
    for page in ("/gallery/", "/gallery/?mine=on"):
        assert image.title in alice_client.get(page).content.decode()
        for stranger in (bob_client, Client()):
            assert image.title not in stranger.get(page).content.decode()


def test_only_its_owners_searches_find_it(image: GalleryImage, alice: Any, bob: Any, search_of: SearchOf) -> None:
    found = {}
    for person in (Person(user=alice), Person(user=bob), Person(visitor=uuid.uuid4())):
        search = search_of(disc(99, **person.as_fields()), person)
        found[person.user] = [hit.image for hit in ask(search, person).hits]
    assert found == {alice: [image], bob: [], None: []}


def test_ones_own_collection_can_be_shown_alone(image: GalleryImage, alice_client: Client, add_image: AddImage) -> None:
    public = add_image(BLUE, title="In public")
    everything, mine = (alice_client.get(f"/gallery/{query}").content.decode() for query in ("", "?mine=on"))
    assert image.title in everything and public.title in everything
    assert everything.count("only yours") == 1
    assert image.title in mine and public.title not in mine
    assert "Your collection is empty" in Client().get("/gallery/?mine=on").content.decode()


def test_a_public_image_is_nobodys_to_edit(
    alice_client: Client, add_image: AddImage, visitor_client: tuple[Client, Person]
) -> None:
    image = add_image(title="In public")
    for client in (alice_client, visitor_client[0]):
        assert client.post(f"{image.get_absolute_url()}edit/", {"title": "Mine"}).status_code == 404
        assert "Take out of my collection" not in client.get(image.get_absolute_url()).content.decode()
    image.refresh_from_db()
    assert image.title == "In public"


# What is known about it

KNOWN = {
    "title": "A buoy", "description": "Off the coast.", "creator": "Alice", "licence": "CC0 1.0",
    "source_url": "https://example.com/buoy", "taken": "2026-05-01", "tags": "sea, red buoy",
}  # fmt: skip


def test_its_owner_tells_what_is_known(image: GalleryImage, alice_client: Client) -> None:
    address = f"{image.get_absolute_url()}edit/"
    assert 'value="Disc 0"' in alice_client.get(address).content.decode()
    page = alice_client.post(address, KNOWN, follow=True)
    assert page.redirect_chain == [(image.get_absolute_url(), 302)]
    text = page.content.decode()
    for known in ("A buoy", "Off the coast.", "CC0 1.0", "https://example.com/buoy", "1 May 2026", "red buoy"):
        assert known in text
    assert "“A buoy” is saved." in text
    assert 'value="2026-05-01"' in alice_client.get(address).content.decode()


def test_saving_does_not_undo_what_the_worker_does_meanwhile(image: GalleryImage) -> None:
    from gallery.web.forms import MetadataForm

    form = MetadataForm(KNOWN, instance=GalleryImage.objects.get())
    assert form.is_valid()
    image.mark_failed("It was broken.")
    form.save()
    image.refresh_from_db()
    assert (image.title, image.status) == ("A buoy", "failed")


@pytest.mark.parametrize("wrong", [{"title": ""}, {"source_url": "javascript:alert(1)"}, {"taken": "some day"}])
def test_what_cannot_be_is_said_beside_its_field(
    image: GalleryImage, alice_client: Client, wrong: dict[str, str]
) -> None:
    response = alice_client.post(f"{image.get_absolute_url()}edit/", KNOWN | wrong)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode() and "Off the coast." in response.content.decode()
    image.refresh_from_db()
    assert image.title == "Disc 0"


def test_strangers_edit_nothing(image: GalleryImage, bob_client: Client) -> None:
    for stranger in (bob_client, Client()):
        assert stranger.post(f"{image.get_absolute_url()}edit/", KNOWN).status_code == 404
    image.refresh_from_db()
    assert image.title == "Disc 0"


def test_my_photos_ask_no_more_when_all_are_collected(alice: Any, alice_client: Client) -> None:
    def questions() -> int:
        alice_client.get("/photos/")
        with CaptureQueriesContext(connection) as captured:
            alice_client.get("/photos/")
        return len(captured)

    photos = [disc(seed, owner=alice) for seed in range(4)]
    before = questions()
    collect(alice_client, *photos)
    alice_client.get("/photos/")  # Shows the message that it went well.
    assert alice_client.get("/photos/").content.decode().count(">Collected<") == 4
    assert questions() == before


@pytest.mark.parametrize(
    ("verb", "address"),
    [("get", "/collection/add/"), ("get", "/collection/take-out/"), ("put", "/gallery/1/edit/")],
)
def test_the_other_verb_is_refused(client: Client, verb: str, address: str) -> None:
    assert getattr(client, verb)(address).status_code == 405


@pytest.mark.django_db
def test_a_tag_that_is_too_long_is_refused_in_a_sentence(alice_client: Client, add_image: AddImage, alice: Any) -> None:
    image = add_image(owner=alice, tags=("red",))
    fields = {"title": "A thing", "tags": f"green, {'x' * 101}"}
    answer = alice_client.post(f"/gallery/{image.pk}/edit/", fields)
    assert answer.status_code == 422
    assert "a tag has at most 100 characters" in answer.content.decode()
    assert list(image.tags.names()) == ["red"]
