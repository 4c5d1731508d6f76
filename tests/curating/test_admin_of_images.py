"""The list of images in the admin: found, edited, changed many at once; what is withdrawn nobody else sees."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.signing_in.roles import make_curator
from curating.admin import GalleryImageAdmin
from curating.changes import CHANGES, start_change
from curating.jobs import take_turn
from curating.models import BulkTask, ImageBatch
from gallery.collection.importing import Details, add_public, collect
from gallery.index import indexing, spaces
from gallery.models import DescriptorSpace, GalleryImage, Search
from selector.models import Photo
from selector.services.photos import store_photo
from superpixel_site.long_lists import LongListPaginator
from tests.curating.collections import bare_image, describe
from tests.gallery.discs import thing_on_ground
from tests.pictures import GREEN, RED, image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
IMAGES = "/admin/gallery/galleryimage/"


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


def listed(client: Client, query: str = "") -> list[str]:
    page = client.get(IMAGES + query)
    assert page.status_code == 200
    return [image.title for image in page.context["cl"].result_list]


def act(client: Client, action: str, images: list[GalleryImage], value: str = "", **more: str) -> str:
    chosen = {"action": action, "_selected_action": [image.pk for image in images], "value": value}
    return client.post(IMAGES, chosen | more, follow=True).content.decode()


def indexed_image(seed: int = 0) -> GalleryImage:
    image, _ = add_public(image_file(thing_on_ground(RED, GREEN, seed)), "disc.jpg", Details(title=f"Disc {seed}"))
    indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
    image.refresh_from_db()
    return image


# The list


@pytest.mark.parametrize("per_page", [8, 100])
def test_long_lists_take_as_many_queries_as_short_ones(
    curator: Client, per_page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GalleryImageAdmin, "list_per_page", per_page)
    space = DescriptorSpace.objects.create(kind="appearance", model="m", dimensions=2, is_ready=True)

    def add(numbers: range) -> None:
        for number in numbers:
            taken = datetime.date(1999, 1, 1)
            describe(bare_image(number, tags=("red", f"of {number % 7}"), licence="CC0", taken=taken), space)

    def n_queries(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(listed(curator, query)) >= 8
        return len(queries)

    lists = ("", "?q=picture", "?tag=red", "?licence=CC0", "?made=1999", "?where=public", "?o=2")
    add(range(10))
    n_queries("")
    few = [n_queries(query) for query in lists]
    add(range(10, 60))
    assert [n_queries(query) for query in lists] == few


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=harb", ["Harbour"]),
        ("?q=blue+harb", []),
        ("?q=stars+night", ["Night"]),
        ("?q=o%27brien", ["Night"]),
        ("?q=%27%29+%7C+!%26", ["Night", "Harbour"]),
        ("?tag=BOATS", ["Harbour"]),
        ("?licence=CC+BY", ["Harbour"]),
        ("?creator=brien", ["Night"]),
        ("?made=1889", ["Night"]),
        ("?made=1889-05", []),
        ("?made=soon", []),
        ("?creator=brien&licence=CC+BY", []),
        ("?o=2", ["Harbour", "Night"]),
    ],
)
def test_images_are_found_by_words_and_filters(curator: Client, query: str, found: list[str]) -> None:
    bare_image(1, title="Harbour", tags=("boats",), licence="CC BY 4.0")
    bare_image(2, title="Night", description="Many stars", creator="Ann O'Brien", taken=datetime.date(1889, 6, 1))
    assert listed(curator, query) == found


def test_the_list_says_which_spaces_describe_an_image(curator: Client) -> None:
    space = DescriptorSpace.objects.create(kind="appearance", model="m", dimensions=2, is_ready=True)
    describe(bare_image(1), space)
    bare_image(2)
    images = curator.get(IMAGES).context["cl"].result_list
    assert [image.coverage for image in images] == [[("appearance", False)], [("appearance", True)]]


def test_pages_from_the_end_are_those_from_the_beginning(db: None) -> None:
    for number in range(11):
        bare_image(number)
    images = GalleryImage.objects.order_by("title", "-pk")
    pages = LongListPaginator(images, 3)
    found = [[image.pk for image in pages.page(number).object_list] for number in pages.page_range]
    assert [key for page in found for key in page] == list(images.values_list("pk", flat=True)) and len(found) == 4


def test_a_list_is_counted_up_to_a_bound(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LongListPaginator, "MOST", 5)
    for number in range(7):
        bare_image(number)
    pages = LongListPaginator(GalleryImage.objects.order_by("pk"), 3)
    assert (pages.count, [image.title for image in pages.page(2).object_list]) == (5, ["Picture 3", "Picture 4"])


def test_titles_and_tags_are_edited_in_the_list_and_what_others_have_changed_stays(curator: Client) -> None:
    first, second = bare_image(1, tags=("red",)), bare_image(2, tags=("blue",))
    form = curator.get(IMAGES).context["cl"].formset
    sent: dict[str, Any] = {
        "_save": "Save",
        **{f"form-{key}": value for key, value in form.management_form.initial.items()},
    }
    for number, row in enumerate(form.forms):
        shown = {"title": row.initial["title"], "tag_list": row.initial["tag_list"]}
        sent[f"form-{number}-id"] = row.instance.pk
        for name, value in shown.items():
            sent[f"form-{number}-{name}"] = sent[f"initial-form-{number}-{name}"] = value
        if row.instance == first:
            sent[f"form-{number}-tag_list"] = "red, round"
    GalleryImage.objects.filter(pk=second.pk).update(title="Meanwhile")
    GalleryImage.objects.filter(pk=first.pk).update(title="Meanwhile too", status="failed")
    assert "1 gallery image was changed" in curator.post(IMAGES, sent, follow=True).content.decode()
    for image, title, tags in ((first, "Meanwhile too", ["red", "round"]), (second, "Meanwhile", ["blue"])):
        image.refresh_from_db()
        assert (image.title, sorted(image.tags.names())) == (title, tags)
    assert (first.status, LogEntry.objects.get().get_change_message()) == ("failed", "Changed Tags.")


# Changes of many


@pytest.mark.parametrize(
    ("action", "value", "changed", "note"),
    [
        ("tag", "red, round", 1, "Tagged “red, round”."),
        ("untag", "RED", 1, "Tags taken away: “RED”."),
        ("licence", "CC0", 1, "Licence set to “CC0”."),
        ("retry", "", 1, "To be tried again."),
    ],
)
def test_an_action_changes_what_is_another_then_and_the_history_says_so(
    curator: Client, action: str, value: str, changed: int, note: str
) -> None:
    images = [
        bare_image(1, tags=("red",), licence="CC BY", status="failed", failures=3),
        bare_image(2, licence="CC0", tags=("red", "round") if action == "tag" else ()),
    ]
    said = act(curator, action, images, value)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.get_change_message()) == (str(images[0].pk), note)
    assert f"{changed} gallery image" in said
    assert note in curator.get(f"{IMAGES}{images[0].pk}/change/").content.decode().replace("&quot;", '"')
    after = GalleryImage.objects.get(pk=images[0].pk)
    assert {
        "tag": sorted(after.tags.names()) == ["red", "round"],
        "untag": not after.tags.exists(),
        "licence": after.licence == "CC0",
        "retry": (after.status, after.failures) == ("pending", 0),
    }[action]


def test_an_action_that_needs_a_word_asks_for_it(curator: Client) -> None:
    image = bare_image(1)
    assert "Type the tags beside the action first." in act(curator, "tag", [image])
    assert "Those are no tags" in act(curator, "tag", [image], ",")
    assert not LogEntry.objects.exists()


def test_all_images_across_the_pages_are_changed_by_a_task_which_goes_on_where_it_was_stopped(
    curator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curating.models.image_batches.IMAGES_A_BATCH", 4)
    monkeypatch.setattr("curating.admin.actions.IMAGES_A_BATCH", 4)
    images = [bare_image(number) for number in range(10)]
    said = act(curator, "tag", images[:1], "red", select_across="1")
    task = BulkTask.objects.get()
    assert task.get_absolute_url() in said and "10 images" in said
    assert ProcrastinateJob.objects.filter(args__task_id=str(task.pk)).exists()
    monkeypatch.setattr("curating.jobs.SECONDS_OF_A_TURN", -1.0)
    assert take_turn(task.pk)
    assert GalleryImage.objects.tagged("red").count() == 4 and ImageBatch.objects.count() == 2
    monkeypatch.undo()
    assert not take_turn(task.pk)
    task.refresh_from_db()
    assert (task.state, task.done, task.total) == ("done", 10, 10)
    assert GalleryImage.objects.tagged("red").count() == LogEntry.objects.count() == 10
    assert not ImageBatch.objects.exists()


def test_a_batch_that_fails_is_left_as_it_was(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    image = bare_image(1)
    task = start_change("tag", [image.pk], "red", bob)
    monkeypatch.setattr("curating.changes.log", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_turn(task.pk)
    assert ImageBatch.objects.count() == 1 and not image.tags.exists()


def test_deleting_all_asks_with_a_number_and_not_with_all_rows(
    curator: Client, django_capture_on_commit_callbacks: Any
) -> None:
    images = [indexed_image(seed) for seed in range(2)]
    GalleryImage.objects.filter(pk=images[0].pk).withdraw()
    files = [(image.photo.working.storage, str(image.photo.working.name)) for image in images]
    page = act(curator, "delete_selected", images[:1], select_across="1")
    assert "Delete 2 images with their files?" in page and f'value="{images[0].pk}"' not in page
    with django_capture_on_commit_callbacks(execute=True):
        act(curator, "delete_selected", images[:1], select_across="1", post="yes")
    assert not GalleryImage.objects.exists() and not Photo.objects.exists()
    assert not any(storage.exists(name) for storage, name in files)


@pytest.mark.parametrize("action", sorted(set(CHANGES) - {"reindex", "retry", "delete_selected"}))
def test_nothing_that_is_done_to_all_images_is_done_to_peoples_own(
    admin_client: Client, alice: User, action: str
) -> None:
    own = bare_image(1, owner=alice, tags=("red",))
    act(admin_client, action, [own], "red")
    own.refresh_from_db()
    assert (own.licence, list(own.tags.names()), own.photo.is_public, own.withdrawn) == ("", ["red"], False, None)
    assert own.photo.owner == alice and not LogEntry.objects.exists()


def test_who_may_not_delete_is_not_offered_it(alice: User) -> None:
    make_curator(alice)
    alice.groups.get().permissions.filter(codename="delete_galleryimage").delete()
    client, image = Client(), bare_image(1)
    client.force_login(alice)
    assert "delete_selected" not in client.get(IMAGES).content.decode()
    act(client, "delete_selected", [image], post="yes")
    assert GalleryImage.objects.exists()


# Withdrawn


def test_what_is_withdrawn_only_curators_see_until_it_is_published_again(curator: Client, alice_client: Client) -> None:
    shown, hidden = indexed_image(0), indexed_image(1)
    alice_client.post(f"/gallery/{shown.pk}/search/")
    alice_client.post(f"/gallery/{hidden.pk}/search/")
    search, old = Search.objects.order_by("last_asked")
    pages = ["/gallery/", search.get_absolute_url()]
    gone = [hidden.photo.thumbnail_url, hidden.photo.working_url, hidden.photo.get_absolute_url()]
    gone += [f"/gallery/{hidden.pk}/", old.get_absolute_url()]

    def seen() -> tuple[list[bool], list[int]]:
        texts = [alice_client.get(page).content.decode() for page in pages]
        return ["Disc 1" in text for text in texts], [alice_client.get(address).status_code for address in gone]

    assert seen() == ([True, True], [200] * 5)
    act(curator, "withdraw", [hidden])
    assert seen() == ([False, False], [404] * 5)
    assert alice_client.post(f"/gallery/{hidden.pk}/search/").status_code == 404
    assert listed(curator, "?where=withdrawn") == ["Disc 1"]
    thumbnail = f"/curating/images/{hidden.pk}/thumbnail/"
    assert thumbnail in curator.get(IMAGES).content.decode()
    assert (curator.get(thumbnail).status_code, alice_client.get(thumbnail).status_code) == (200, 404)
    act(curator, "publish", [hidden, shown])
    assert seen() == ([True, True], [200] * 5)
    notes = {entry.get_change_message() for entry in LogEntry.objects.filter(object_id=str(hidden.pk))}
    assert notes == {"Withdrawn.", "Published again."}


def test_a_withdrawn_image_that_is_imported_again_stays_withdrawn(db: None) -> None:
    data = image_file(thing_on_ground(RED, GREEN))
    image, _ = add_public(data, "a.jpg", Details())
    GalleryImage.objects.withdraw()
    again, is_new = add_public(data, "a.jpg", Details())
    assert (again, is_new, Photo.objects.get().is_public) == (image, False, False)


def test_people_keep_what_is_theirs_when_all_is_published(alice: User) -> None:
    own = bare_image(1, owner=alice)
    assert GalleryImage.objects.withdraw() == GalleryImage.objects.publish() == 0
    own.photo.refresh_from_db()
    assert not own.photo.is_public and own.photo.owner == alice


# From a search


def test_what_a_search_has_found_is_handed_over_and_nothing_private(curator: Client, bob: User) -> None:
    images = [indexed_image(seed) for seed in range(3)]
    bare_image(9)
    own = store_photo(image_file(thing_on_ground(RED, GREEN, 7)), "mine.jpg", owner=bob)
    collect([own])
    indexing.bring_up_to_date(own.gallery_image.pk, spaces.ensure_spaces()[0])
    started = curator.post(f"/gallery/{images[0].pk}/search/", follow=True)
    page = started.content.decode()
    search = Search.objects.get()
    address = f"/curating/search/{search.pk}/"
    assert address in page and "Mine" in page
    answer = curator.post(address, follow=True)
    assert answer.redirect_chain == [(f"{IMAGES}?search={search.pk}", 302)]
    assert sorted(image.title for image in answer.context["cl"].result_list) == ["Disc 1", "Disc 2"]
    assert listed(curator, "?search=nonsense") == []


def test_only_curators_are_offered_that(alice: User, alice_client: Client) -> None:
    image = indexed_image()
    indexed_image(1)
    page = alice_client.post(f"/gallery/{image.pk}/search/", follow=True).content.decode()
    assert "Disc 1" in page and "/curating/" not in page
    assert alice_client.post(f"/curating/search/{Search.objects.get().pk}/").status_code == 404
