"""The same thing, the same kind, the same look: what is meant is kept with a search, and the very thing is checked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery.collection.importing import Details, add_public, collect
from gallery.descriptors.same_thing import COUNTED, VERIFIED
from gallery.index import indexing, keypoints, spaces
from gallery.jobs import keypoints as keypoint_jobs
from gallery.models import GalleryImage, ImageKeypoints, KeptRanking, Search
from gallery.search import ask as asking
from gallery.search import checking
from gallery.search.options import Options
from gallery.search.presets import LOOK, THING
from gallery.search.ranked_images import RankedImages
from gallery.web.forms import OptionsForm
from selector.models import Photo
from selector.people import Person
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps, photos
from tests.gallery.discs import break_file
from tests.pictures import image_file
from tests.textures import set_into, texture

pytestmark = pytest.mark.django_db
PHOTO = texture(1, 200, 150)
SELECTED = (slice(30, 120), slice(50, 160))
AddPicture = Callable[..., GalleryImage]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a busy machine takes says nothing about whether it finds the thing."""
    monkeypatch.setattr(checking, "SECONDS", 600.0)


@pytest.fixture
def add(db: None) -> AddPicture:
    """Adds a picture to the collection, or to somebody's own, and indexes it."""

    def add(title: str, pixels: np.ndarray, owner: Any = None) -> GalleryImage:
        data = image_file(pixels, quality=92)
        if owner is None:
            image = add_public(data, f"{title}.jpg", Details(title=title))[0]
        else:
            photo = photos.store_photo(data, f"{title}.jpg", owner=owner)
            collect([photo])
            image = GalleryImage.objects.get(photo=photo)
            GalleryImage.objects.filter(pk=image.pk).update(title=title)
        indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
        return GalleryImage.objects.get(pk=image.pk)

    return add


@pytest.fixture
def collection(add: AddPicture) -> dict[str, GalleryImage]:
    """Three scenes that look like the thing's photo, and one in which the thing stands, small and mirrored."""
    scenes = {f"scene {seed}": texture(seed, 200, 150) for seed in (5, 6, 7)}
    small = set_into(texture(8, 220, 170)[:, :, ::-1], PHOTO[SELECTED], (90, 60), scale=0.8, mirrored=True, light=0.7)
    return {title: add(title, pixels) for title, pixels in (scenes | {"there": small}).items()}


def search_for(person: Person, **options: Any) -> Search:
    """A search for the thing on the person's own photo."""
    owner = {"owner": person.user} if person.user else {"visitor": person.visitor}
    photo = photos.store_photo(image_file(PHOTO, quality=95), "question.jpg", **owner)
    label_map = label_maps.get_or_compute(photo)
    labels = label_maps.load(label_map).labels
    inside = np.zeros(label_map.n_superpixels, bool)
    inside[np.unique(labels[45:105, 65:145])] = True
    state = SuperpixelSelection(inside, np.zeros_like(inside)).pack()
    return Search.objects.find_or_create(person, label_map, state, Options(**options).to_json())


@pytest.fixture
def search(visitor_client: tuple[Client, Person]) -> Search:
    return search_for(visitor_client[1], preset="thing")


def check(client: Client, search: Search, **query: Any) -> str:
    response = client.get(f"{search.get_absolute_url()}check/", query, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


# What is meant


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"preset": "kind"}, {}),
        ({"preset": "kind", "balance": "30"}, {}),
        ({"preset": "thing", "balance": "30"}, {"preset": "thing"}),
        ({"preset": "look"}, {"preset": "look"}),
        ({"preset": "custom", "balance": "30"}, {"balance": 30}),
        ({"preset": "custom", "balance": "80"}, {}),
        ({"balance": "30"}, {"balance": 30}),
        ({"preset": "kind", "same_thing": "on"}, {"preset": "thing"}),
    ],
)
def test_a_preset_or_the_slider_counts(given: dict[str, str], kept: dict[str, Any]) -> None:
    form = OptionsForm(given)
    assert form.is_valid()
    assert form.options.to_json() == kept
    assert Options.from_json(kept) == form.options


def test_a_preset_says_how_much_looks_count() -> None:
    assert Options(preset="thing").weights == {"appearance": 1 - THING.balance / 100, "meaning": THING.balance / 100}
    assert Options(preset="look").weights == {"appearance": 1, "meaning": LOOK.balance}
    assert Options(preset="gone").weights == Options().weights
    assert Options(preset="thing").is_checked
    assert not Options(preset="thing", apart=True).is_checked and not Options(preset="look").is_checked
    assert Options(preset="thing", tag="x").in_words == "tagged “x”, the same thing"


def test_what_nobody_can_mean_is_refused_in_a_sentence(visitor_client: tuple[Client, Person], search: Search) -> None:
    client, _ = visitor_client
    refused = client.post(f"{search.get_absolute_url()}options/", {"preset": "colour"})
    assert refused.status_code == 422
    assert "Say what you mean: the same thing, the same kind, or the same look." in refused.content.decode()


def test_what_is_meant_is_kept_at_the_address(visitor_client: tuple[Client, Person], collection: Any) -> None:
    client, person = visitor_client
    asked = search_for(person)
    assert client.post(f"{asked.get_absolute_url()}options/", {"preset": "look"}).status_code == 302
    assert Search.objects.get(pk=asked.pk).options == {"preset": "look"}
    client.post(f"{asked.get_absolute_url()}options/", {"same_thing": "on"})
    page = client.get(asked.get_absolute_url()).content.decode()
    assert 'name="preset" value="thing" checked' in page


# Checking


def test_the_first_answer_waits_for_no_check(search: Search, collection: Any, visitor_client: Any) -> None:
    answer = asking.ask(search, visitor_client[1])
    assert answer.checking is not None and not answer.checking.is_complete
    assert not ImageKeypoints.objects.exists()
    page = visitor_client[0].get(search.get_absolute_url()).content.decode()
    assert f'hx-get="/searches/{search.pk}/check/?kept=' in page
    # Without JavaScript there is a link.
    assert f'href="{search.get_absolute_url()}?checked=on"' in page


def test_the_thing_comes_first_and_is_marked(
    search: Search, collection: dict[str, GalleryImage], visitor_client: tuple[Client, Person]
) -> None:
    client, person = visitor_client
    kept = asking.ask(search, person).kept
    html = check(client, search, kept=kept)
    assert html.index("there</span>") < html.index("scene 5</span>")
    assert html.count("Same thing:") == 1 and "1 shows the same thing" in html
    first, *others = asking.ask(search, person, check=True).hits
    assert first.image == collection["there"] and first.points >= VERIFIED
    assert not any(hit.is_same for hit in others)
    assert not first.is_weak
    assert set(ImageKeypoints.objects.values_list("image", flat=True)) == {one.pk for one in collection.values()}


def test_without_javascript_the_address_itself_is_checked(
    search: Search, collection: Any, visitor_client: tuple[Client, Person]
) -> None:
    page = visitor_client[0].get(search.get_absolute_url(), {"checked": "on"}).content.decode()
    assert "1 shows the same thing, point by point." in page
    sent = visitor_client[0].get(f"{search.get_absolute_url()}check/")
    assert sent.status_code == 302 and sent["Location"] == f"{search.get_absolute_url()}?checked=on"


def test_what_takes_longer_says_how_far_it_is(
    search: Search, collection: Any, visitor_client: tuple[Client, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request looks for keypoints for a moment; the rest is queued, and asked for again."""
    client, person = visitor_client
    monkeypatch.setattr(checking, "SECONDS", 0.0)
    kept = asking.ask(search, person).kept
    begun = check(client, search, kept=kept)
    assert "1 of 4" in begun and "begun=on" in begun and 'id="hits"' not in begun
    jobs = ProcrastinateJob.objects.filter(task_name=keypoint_jobs.FIND_KEYPOINTS)
    assert jobs.count() == 1
    queued = {int(key) for key in jobs.get().args["images"].split()}
    assert queued == {image.pk for image in GalleryImage.objects.all()}
    for _ in range(3):
        done = check(client, search, kept=kept, begun="on")
    assert "Same thing:" in done and jobs.count() == 1


def test_an_answer_that_is_no_longer_kept_is_found_and_checked_again(
    search: Search, collection: Any, visitor_client: tuple[Client, Person]
) -> None:
    KeptRanking.objects.all().delete()
    assert "Same thing:" in check(visitor_client[0], search, kept=1)


def test_copies_stay_together_and_the_points_of_one_count() -> None:
    ids, scores = np.array([1, 2, 3, 4]), np.array([9, 8, 7, 6], np.float32)
    ranking = RankedImages(ids, ids[:, None], scores, scores[:, None], np.array([0, 1, 1, 2]), {}, points={})
    moved = checking.by_points(ranking, {3: COUNTED, 4: COUNTED - 1})
    assert moved.image_ids.tolist() == [2, 3, 1, 4] and moved.groups.tolist() == [0, 0, 1, 2]
    assert (np.diff(moved.scores[[0, 2, 3]]) < 0).all()
    # Once more, when more of them have keypoints, changes nothing.
    assert np.allclose(checking.by_points(moved, moved.points).scores, moved.scores)
    assert RankedImages.unpack(moved.pack()).points == {3: COUNTED, 4: COUNTED - 1}
    assert checking.by_points(RankedImages.nothing(), {}).total == 0


# Who sees what


def test_private_images_are_checked_for_their_owner_alone(
    add: AddPicture, search: Search, collection: Any, visitor_client: tuple[Client, Person], alice: Any, client: Client
) -> None:
    hidden = add("secret garden", set_into(texture(9, 200, 150), PHOTO[SELECTED], (5, 5)), owner=alice)
    visitor, person = visitor_client
    assert "secret garden" not in check(visitor, search, kept=asking.ask(search, person).kept)
    address = f"/gallery/{hidden.pk}/?search={search.pk}"
    assert visitor.get(address).status_code == 404
    alices = search_for(Person(user=alice), preset="thing")
    assert hidden in [hit.image for hit in asking.ask(alices, Person(user=alice), check=True).hits if hit.is_same]


def test_a_search_of_somebody_else_is_checked_for_nobody(search: Search, collection: Any) -> None:
    stranger = Client()
    assert stranger.get(f"{search.get_absolute_url()}check/").status_code == 404
    page = stranger.get(f"/gallery/{collection['there'].pk}/?search={search.pk}")
    assert page.status_code == 200 and 'id="points"' not in page.content.decode()


def test_the_points_are_shown_on_both_pictures(
    search: Search, collection: dict[str, GalleryImage], visitor_client: tuple[Client, Person]
) -> None:
    client, person = visitor_client
    asking.ask(search, person, check=True)
    page = client.get(f"/gallery/{collection['there'].pk}/?search={search.pk}").content.decode()
    assert 'id="points"' in page and "mirrored" in page
    assert page.count("<image href=") == 2 and page.count('class="under"') >= VERIFIED
    for image, asked in ((collection["scene 5"], search.pk), (collection["there"], uuid.uuid4())):
        assert 'id="points"' not in client.get(f"/gallery/{image.pk}/?search={asked}").content.decode()


# Keypoints as they are stored


def test_keypoints_go_with_their_image_and_not_with_its_index(collection: dict[str, GalleryImage]) -> None:
    keypoints.add_keypoints(image.pk for image in collection.values())
    assert not keypoints.without_keypoints()
    indexing.bring_up_to_date(collection["there"].pk, spaces.ensure_spaces()[0], afresh=True)
    assert ImageKeypoints.objects.count() == 4
    collection["there"].delete()
    assert ImageKeypoints.objects.count() == 3


def test_a_picture_that_was_turned_has_other_keypoints(collection: dict[str, GalleryImage]) -> None:
    image = collection["there"]
    keypoints.add_keypoints([image.pk])
    Photo.objects.filter(pk=image.photo_id).update(working_sha256="0" * 64)
    assert keypoints.stored_keypoints([image.pk]) == {}
    keypoints.add_keypoints([image.pk])
    assert set(keypoints.stored_keypoints([image.pk])) == {image.pk}


def test_a_picture_that_cannot_be_read_is_not_tried_again(collection: dict[str, GalleryImage]) -> None:
    image = collection["there"]
    break_file(image.photo)
    keypoints.add_keypoints([image.pk, 10**9])
    assert len(keypoints.stored_keypoints([image.pk])[image.pk]) == 0
    assert keypoints.without_keypoints([image.pk]) == []


def test_the_worker_finds_all_keypoints_ahead_of_time_where_it_shall(collection: Any, settings: Any) -> None:
    keypoint_jobs.look_ahead()
    queued = ProcrastinateJob.objects.filter(task_name=keypoint_jobs.FIND_KEYPOINTS)
    assert not queued.exists()
    settings.KEYPOINTS_AHEAD = True
    keypoint_jobs.look_ahead()
    keypoint_jobs.look_ahead()
    assert queued.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_worker_finds_those_that_are_asked_for(add: AddPicture) -> None:
    image = add("one", texture(5, 200, 150))
    keypoint_jobs.defer_keypoints([image.pk])
    call_command("worker", "--once")
    assert len(keypoints.stored_keypoints([image.pk])[image.pk])
