"""People offer photos of their own to the collection; curators decide; nobody learns more than was offered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import leaving
from accounts.exports.contents import Contents
from accounts.signing_in.roles import make_curator
from curating import offering
from curating.models import Offer
from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from selector.services.turning import turn
from superpixel_site.stored_files import read
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
SAID = {"title": "The harbour", "creator": "Alice A.", "licence": "CC BY 4.0", "tags": "red, sea", "consent": "on"}
DECIDE = "/curating/offers/decide/"


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def offered(alice_client: Client, photo: Photo) -> Offer:
    assert alice_client.post(address(photo), SAID).status_code == 302
    return Offer.objects.get()


def address(photo: Photo, what: str = "") -> str:
    return f"/photos/{photo.pk}/offer/{what}"


def text(client: Client, where: str, **headers: str) -> str:
    return client.get(where, headers=headers).content.decode()


def another_photo(user: User, quality: int) -> Photo:
    return store_photo(image_file(quality=quality), f"private name {quality}.jpg", owner=user)


def test_an_approved_photo_is_copied_into_the_collection_and_stays_its_owners(
    offered: Offer, photo: Photo, alice: User, alice_client: Client, curator: Client
) -> None:
    page = text(curator, "/curating/offers/")
    assert "The harbour" in page and "By Alice A., CC BY 4.0" in page and "Offered by alice" in page
    assert photo.name not in page and str(photo.pk) not in page, "how she called it is her own affair"
    picture = curator.get(f"/curating/offers/{offered.pk}/picture/")
    assert picture.content == read(photo.working) and "no-store" in picture["Cache-Control"]
    assert curator.get(photo.thumbnail_url).status_code == 404
    assert curator.post(DECIDE, {"offer": offered.pk, "decision": "approve"}).status_code == 302
    image = GalleryImage.objects.public().get()
    assert (image.title, image.creator, image.licence) == ("The harbour", "Alice A.", "CC BY 4.0")
    assert set(image.tags.names()) == {"red", "sea"}
    assert image.photo_id != photo.pk and image.photo.owner is None and image.photo.name == "The harbour"
    photo.refresh_from_db()
    assert not photo.is_public and photo.is_owned_by(Person(user=alice))
    assert image.get_absolute_url() in text(alice_client, "/photos/")
    assert curator.get(f"/curating/offers/{offered.pk}/picture/").status_code == 404, "decided"


def test_a_reason_is_asked_for_and_shown_to_the_owner(
    offered: Offer, photo: Photo, alice_client: Client, curator: Client
) -> None:
    assert curator.post(DECIDE, {"offer": offered.pk, "decision": "reject"}).status_code == 400
    reason = "It is <blurred>."
    curator.post(DECIDE, {"offer": offered.pk, "decision": "reject", "reason": reason})
    for where in ("/photos/", address(photo)):
        assert "It is &lt;blurred&gt;." in text(alice_client, where)
    assert not GalleryImage.objects.exists()
    assert "Nothing waits" in text(curator, "/curating/offers/")
    answer = alice_client.post(address(photo), SAID)
    assert answer.status_code == 409 and "as it is" in answer.content.decode()
    assert alice_client.post(address(photo), SAID | {"title": "The old harbour"}).status_code == 302
    assert Offer.objects.waiting().get().title == "The old harbour"


def test_an_offer_needs_the_consent_and_what_is_shown_beside_the_image(alice_client: Client, photo: Photo) -> None:
    for missing in ("consent", "licence", "creator", "title"):
        answer = alice_client.post(address(photo), {name: said for name, said in SAID.items() if name != missing})
        assert answer.status_code == 422 and 'class="errorlist"' in answer.content.decode()
    assert not Offer.objects.exists()


def test_a_waiting_offer_is_withdrawn(offered: Offer, photo: Photo, alice_client: Client, curator: Client) -> None:
    assert "Offered" in text(alice_client, "/photos/") and "Take the offer back" in text(alice_client, address(photo))
    assert alice_client.post(address(photo, "withdraw/")).status_code == 302
    assert alice_client.post(address(photo, "withdraw/")).status_code == 409
    assert curator.post(DECIDE, {"offer": offered.pk, "decision": "approve"}).status_code == 302
    assert not GalleryImage.objects.exists() and not Offer.objects.exists()


def test_who_decides_second_changes_nothing(offered: Offer, bob: User) -> None:
    stale = Offer.objects.get()
    assert offered.reject("No.", bob)
    with pytest.raises(offering.NotWaiting):
        offering.approve(stale, bob)
    assert not GalleryImage.objects.exists() and Photo.objects.filter(is_public=True).count() == 0


def test_what_is_in_the_collection_already_is_told(offered: Offer, photo: Photo, alice: User, curator: Client) -> None:
    image, _ = add_public(read(photo.original), "known.jpg", Details(title="Known"))
    assert "has the same file already" in text(curator, "/curating/offers/")
    curator.post(DECIDE, {"offer": offered.pk, "decision": "approve"})
    offered.refresh_from_db()
    assert offered.state == "approved" and offered.image == image
    assert GalleryImage.objects.get().title == "Known"
    with pytest.raises(offering.CannotOffer, match="in the public collection already"):
        offering.offer(alice, photo, Details("Other", "", "Alice", "CC0"))


def test_a_turned_photo_comes_as_its_owner_sees_it(photo: Photo, alice: User, bob: User) -> None:
    turn(photo)
    photo.refresh_from_db()
    offer = offering.offer(alice, photo, Details("Turned", "", "Alice", "CC0"))
    image, _ = offering.approve(offer, bob)
    copy = Photo.objects.get(pk=image.photo_id)
    assert copy.working_sha256 == photo.working_sha256 and copy.quarter_turns == 1


def test_several_are_approved_at_once_and_one_that_is_lost_stops_no_other(
    offered: Offer, photo: Photo, alice: User, curator: Client
) -> None:
    other = offering.offer(alice, another_photo(alice, 60), Details("Second", "", "Alice", "CC0"))
    photo.original.storage.delete(str(photo.original.name))
    sent = {"offer": [offered.pk, other.pk], "decision": "approve"}
    answer = curator.post(DECIDE, sent, headers={"HX-Request": "true"}).content.decode()
    assert "In the collection now: 1." in answer and "its file is missing" in answer
    assert answer.lstrip().startswith('<div id="offers"')
    assert GalleryImage.objects.get().title == "Second"
    assert Offer.objects.waiting().get() == offered


def test_a_person_has_few_offers_waiting(photo: Photo, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "MOST_WAITING", 1)
    offering.offer(alice, photo, Details("One", "", "Alice", "CC0"))
    with pytest.raises(offering.CannotOffer, match="1 photos of yours wait already"):
        offering.offer(alice, another_photo(alice, 60), Details("Two", "", "Alice", "CC0"))
    with pytest.raises(offering.CannotOffer, match="offered already"):
        offering.offer(alice, photo, Details("One", "", "Alice", "CC0"))


def test_offers_go_with_the_photo_but_who_agreed_to_what_was_taken_is_kept(
    offered: Offer, photo: Photo, alice: User, bob: User
) -> None:
    offering.approve(offered, bob)
    waits = offering.offer(alice, second := another_photo(alice, 60), Details("Second", "", "Alice", "CC0"))
    Photo.objects.filter(pk__in=[photo.pk, second.pk]).delete()
    left = Offer.objects.get()
    assert left == offered != waits and left.photo is None and left.owner == alice
    assert GalleryImage.objects.count() == 1


def test_with_the_account_all_offers_go_and_what_was_taken_stays(
    offered: Offer, alice: User, bob: User, own_media: Any
) -> None:
    image, _ = add_public(image_file(quality=50), "taken.jpg", Details(creator="Alice A."))
    offered.approve(image, bob)
    offering.offer(alice, another_photo(alice, 60), Details("Second", "", "Alice", "CC0"))
    leaving.leave(alice)
    assert not Offer.objects.exists()
    assert GalleryImage.objects.get().creator == "Alice A."


def test_offers_of_a_closed_account_are_seen_by_nobody(offered: Offer, alice: User, curator: Client) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "Nothing waits" in text(curator, "/curating/offers/")
    assert curator.get(f"/curating/offers/{offered.pk}/picture/").status_code == 404


def test_only_owners_with_an_account_offer_and_only_curators_decide(
    offered: Offer, photo: Photo, client: Client, bob_client: Client, alice_client: Client
) -> None:
    assert client.get(address(photo))["Location"].startswith("/accounts/login/")
    assert bob_client.post(address(photo), SAID).status_code == 404
    assert alice_client.get("/curating/offers/").status_code == 404
    assert alice_client.post(DECIDE, {"offer": offered.pk, "decision": "approve"}).status_code == 404
    assert offered in Offer.objects.waiting()


def test_a_copy_that_somebody_shared_cannot_be_offered(photo: Photo, alice: User) -> None:
    photo.opened_from_id = 7
    with pytest.raises(offering.CannotOffer, match="only they can offer it"):
        offering.offer(alice, photo, Details("One", "", "Alice", "CC0"))


def test_the_export_has_them(offered: Offer, alice: User, bob: User) -> None:
    offered.reject("Blurred.", bob)
    (file,) = [entry for entry in Contents(Person(user=alice)).entries() if entry.name == "offers.json"]
    (row,) = json.loads(b"".join(file.pieces))
    assert (row["title"], row["reason"], row["state"]) == ("The harbour", "Blurred.", "not taken")
    assert row["photo"].startswith("photos/") and "bob" not in str(row)


def test_both_lists_ask_as_often_for_many(alice: User, alice_client: Client, curator: Client) -> None:
    pages = ((alice_client, "/photos/"), (curator, "/curating/offers/"))
    for client, where in pages:
        client.get(where)  # The first request of a day renews the session.
    counts = []
    for qualities in ((50, 51), (60, 61, 62, 63)):
        for quality in qualities:
            offering.offer(alice, another_photo(alice, quality), Details(f"{quality}", "", "Alice", "CC0"))
        for client, where in pages:
            with CaptureQueriesContext(connection) as asked:
                client.get(where)
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
