"""A collection of one's own: what is in it, who finds it, and who may change it."""

from __future__ import annotations

import datetime
import threading
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery.collection.importing import collect as put_into_collection
from gallery.index import indexing, spaces
from gallery.models import GalleryImage, IndexedRegion, RegionVector, Search
from gallery.search.ask import ask
from library.models import FindingChoice
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from selector.signals import adopted, forgotten
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, dated, image_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
ON = 'aria-checked="true"'


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
    assert card.strip().startswith('<li class="card') and ON in card and "Your searches find it in a moment" in card
    card = take_out(alice_client, photo, headers=HTMX).content.decode()
    assert ON not in card and "Your searches no longer find this photo. It is still here." in card


def test_whether_searches_find_what_one_adds_is_asked_once_and_kept(client: Client, alice: Any) -> None:
    def add(seed: int) -> Photo:
        picture = SimpleUploadedFile("a.jpg", image_file(thing_on_ground(RED, GREEN, seed)))
        assert client.post("/photos/", {"image": picture}).status_code == 302
        return Photo.objects.latest("created")

    def is_asked() -> bool:
        return "Shall your searches find your own photos" in client.get("/photos/").content.decode()

    assert not is_asked(), "there is nothing to find"
    first = add(1)
    assert is_asked() and not GalleryImage.objects.exists()
    assert client.post("/collection/choice/", {"finds_new": "perhaps"}).status_code == 400
    page = client.post("/collection/choice/", {"finds_new": "yes"}, follow=True).content.decode()
    assert "from now on, 1 in a moment" in page and not is_asked()
    second = add(2)
    assert set(GalleryImage.objects.values_list("photo", flat=True)) == {first.pk, second.pk}
    # The account has made no choice of its own: it takes over the visitor's.
    client.force_login(alice)
    assert not is_asked() and FindingChoice.objects.of(Person(user=alice))
    client.post("/collection/choice/", {"finds_new": "no"})
    add(3)
    assert GalleryImage.objects.count() == 2 and not is_asked()


def test_an_account_that_has_chosen_keeps_its_choice_and_a_forgotten_visitor_has_none(alice: Any) -> None:
    visitor, gone = uuid.uuid4(), uuid.uuid4()
    FindingChoice.objects.choose(Person(user=alice), finds_new=False)
    for each in (visitor, gone):
        FindingChoice.objects.choose(Person(visitor=each), finds_new=True)
    adopted.send(Photo, visitor=visitor, user=alice)
    forgotten.send(Photo, visitor=gone)
    assert FindingChoice.objects.of(Person(user=alice)) is False and FindingChoice.objects.count() == 1


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
    assert "Your searches find none of your photos" in Client().get("/gallery/?mine=on").content.decode()


def test_a_public_image_is_nobodys_to_edit(
    alice_client: Client, add_image: AddImage, visitor_client: tuple[Client, Person]
) -> None:
    image = add_image(title="In public")
    for client in (alice_client, visitor_client[0]):
        assert client.post(f"{image.get_absolute_url()}edit/", {"title": "Mine"}).status_code == 404
        assert "My searches shall not find it" not in client.get(image.get_absolute_url()).content.decode()
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
    collect(alice_client, photos[0])
    before = questions()
    collect(alice_client, *photos[1:])
    alice_client.get("/photos/")  # Shows the message that it went well.
    assert alice_client.get("/photos/").content.decode().count(ON) == 4
    assert questions() == before


@pytest.mark.parametrize(
    ("verb", "address"),
    [("get", "/collection/add/"), ("get", "/collection/take-out/"), ("put", "/gallery/1/edit/")],
)
def test_the_other_verb_is_refused(client: Client, verb: str, address: str) -> None:
    assert getattr(client, verb)(address).status_code == 405


# How much can be told about an image


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"tags": "x" * 101}, "is too long: a tag has at most 100 characters."),
        ({"tags": ",".join(f"t{i}" for i in range(51))}, "An image can have 50 tags; these are 51."),
        ({"description": "x" * 10_001}, "That description is too long; 10,000 characters are allowed."),
    ],
)
def test_what_is_told_about_an_image_has_an_end(
    alice_client: Client, image: GalleryImage, told: dict[str, str], sentence: str
) -> None:
    address = f"/gallery/{image.pk}/edit/"
    response = alice_client.post(address, {"title": "Disc", **told})
    assert response.status_code == 422 and sentence in response.content.decode()
    assert not image.tags.exists()
    assert alice_client.post(address, {"title": "Disc", "tags": "x" * 100}).status_code == 302


def test_a_history_of_searches_has_an_end(
    alice: Any, alice_client: Client, image: GalleryImage, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.web.search_views.MOST_SEARCHES", 1)
    search_of(image.photo, Person(user=alice))
    response = alice_client.post(f"/photos/{image.photo_id}/search/", headers=HTMX)
    assert response.status_code == 409 and "Delete some" in response.content.decode()


# Files that the storage has lost


def test_an_image_whose_file_is_lost_says_so(alice: Any, alice_client: Client, search_of: SearchOf) -> None:
    photo = disc(owner=alice)
    collect(alice_client, photo)
    image = GalleryImage.objects.get()
    photo.working.storage.delete(str(photo.working.name))
    popup = alice_client.get(f"/gallery/{image.pk}/", headers=HTMX).content.decode()
    assert "The file of this picture is missing" in popup and photo.working_url not in popup
    assert alice_client.get("/gallery/?mine=on").status_code == 200


def test_a_search_on_a_lost_photo_says_so(
    alice: Any, alice_client: Client, image: GalleryImage, search_of: SearchOf
) -> None:
    photo = disc(seed=1, owner=alice)
    search = search_of(photo, Person(user=alice))
    photo.working.storage.delete(str(photo.working.name))
    for response in (
        alice_client.post(f"/photos/{photo.pk}/search/", headers=HTMX),
        alice_client.get(search.get_absolute_url()),
        alice_client.get(f"{search.get_absolute_url()}selection.png"),
    ):
        assert response.status_code == 410 and "is missing from the site" in response.content.decode()
    assert Search.objects.get() == search
