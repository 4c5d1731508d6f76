"""Copies in the public collection: found by the worker, decided on by curators, and never of what is private."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageOps

from accounts.signing_in.roles import make_curator
from curating.duplicates import deciding, finding, working
from curating.importing import Wanted, start_dropping, take_dropped
from curating.models import DuplicatePair, Fingerprint, KnownCopy, not_compared
from gallery.collection.importing import Details, add_public, collect
from gallery.models import Feedback, GalleryImage, IndexedRegion, Search
from selector.models import Photo, Selection
from selector.people import Person
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps
from selector.services.photos import store_photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(few_superpixels: None) -> None:
    """Small pictures."""


def scene(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """A picture of its own: soft patches of colour with fine grain."""
    chance = np.random.default_rng(seed)
    patches = Image.fromarray(chance.integers(0, 255, (6, 8, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = chance.normal(0, 8, (height, width, 3))
    return Image.fromarray((np.asarray(patches) + grain).clip(0, 255).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def mark_indexed(image: GalleryImage) -> None:
    """As if the worker had described it: comparing needs no regions."""
    image.status = image.Status.INDEXED
    image.save()


def add(picture: Image.Image, quality: int = 90, **details: Any) -> GalleryImage:
    image, _ = add_public(jpeg(picture, quality), "a.jpg", Details(**details))
    mark_indexed(image)
    return image


def found() -> dict[tuple[int, int], tuple[str, bool]]:
    assert not working.take_turn(seconds=60)
    return {(pair.first_id, pair.second_id): (pair.kind, pair.is_mirrored) for pair in DuplicatePair.objects.proposed()}


@pytest.fixture
def two() -> tuple[GalleryImage, GalleryImage, DuplicatePair]:
    """A picture with little known of it, a smaller copy of which more is known, and the pair."""
    image = add(scene(1), title="Harbour", tags=("sea",))
    copy = add(scene(1).resize((160, 120)), title="Copy", creator="Ada", tags=("sea", "boats"))
    found()
    return image, copy, DuplicatePair.objects.get()


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


# Finding


def test_copies_are_found_as_what_they_are_and_others_are_not() -> None:
    picture = scene(1)
    original, *_ = (add(scene(seed)) for seed in range(1, 13))
    copies = {
        "again": add(picture, 40),
        "small": add(picture.resize((80, 60))),
        "mirrored": add(ImageOps.mirror(picture)),
        "cropped": add(picture.crop((10, 5, 298, 221))),
        "both": add(ImageOps.mirror(picture.crop((10, 5, 298, 221)))),
    }
    pairs = found()
    mine = {name: pairs.get((original.pk, copy.pk)) for name, copy in copies.items()}
    assert mine == {
        "again": ("picture", False), "small": ("picture", False), "mirrored": ("picture", True),
        "cropped": ("changed", False), "both": ("changed", True),
    }  # fmt: skip
    related = {original.pk, *(copy.pk for copy in copies.values())}
    assert all({first, second} <= related for first, second in pairs)


def test_private_images_are_never_proposed(alice: User) -> None:
    image = add(scene(1))
    mine = store_photo(jpeg(scene(1), 60), "mine.jpg", owner=alice)
    collect([mine])
    GalleryImage.objects.all().update(status="indexed")
    assert found() == {} and list(Fingerprint.objects.values_list("image", flat=True)) == [image.pk]


def test_what_becomes_private_is_forgotten(two: Any, alice: User, curator: Client) -> None:
    image, _, pair = two
    Photo.objects.filter(pk=image.photo_id).update(is_public=False, owner=alice)
    assert "Harbour" not in curator.get("/curating/duplicates/").content.decode()
    assert curator.post(f"/curating/duplicates/{pair.pk}/", {"decision": "different"}).status_code == 404
    assert found() == {} and not Fingerprint.objects.filter(image=image).exists()


def test_the_same_file_twice_is_found_even_if_no_picture_can_be_read(own_media: Any) -> None:
    image, other = add(scene(1)), add(scene(2))
    Photo.objects.filter(pk=other.photo_id).update(original_sha256=image.photo.original_sha256)
    for one in (image, other):
        one.photo.working.delete(save=False)
        Photo.objects.filter(pk=one.photo_id).update(working="photos/none")
    assert found() == {(image.pk, other.pk): ("file", False)}
    assert not not_compared().exists(), "it is tried again after an hour, not at once"


def test_a_picture_that_has_changed_is_compared_anew(two: Any) -> None:
    image, copy, _ = two
    Photo.objects.filter(pk=copy.photo_id).update(
        working=add(scene(3)).photo.working.name, working_sha256="of another picture"
    )
    assert (image.pk, copy.pk) not in found()


def test_comparing_takes_as_many_queries_for_many_images_as_for_few() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            finding.looking_alike(0, planes)
        return len(asked)

    chance = np.random.default_rng(0)
    planes = chance.integers(0, 255, (32, 32, 3), np.uint8)
    found_alone = queries()
    for seed in range(8):
        finding.compare(add(scene(seed, 64, 48)))
    assert queries() <= found_alone + 2


def test_very_many_copies_are_paired_with_some_of_them_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_PAIRS", 2)
    for quality in range(80, 86):
        add(scene(1, 64, 48), quality)
    assert len(found()) <= 6 * 2


def test_images_wait_until_they_are_indexed_and_are_queued_once(django_capture_on_commit_callbacks: Any) -> None:
    from django.core.cache import cache
    from procrastinate.contrib.django.models import ProcrastinateJob

    cache.clear()
    image = add(scene(1))
    image.mark_pending()
    working.look()
    jobs = ProcrastinateJob.objects.filter(task_name=working.COMPARE_IMAGES)
    assert not jobs.exists()
    mark_indexed(image)
    for _ in range(2):
        cache.clear()
        working.look()
    assert jobs.count() == 1


# Deciding


def test_folding_keeps_what_the_copy_knew(two: Any, bob: User) -> None:
    image, copy, pair = two
    deciding.fold(pair, image.pk, bob)
    image.refresh_from_db()
    assert (image.title, image.creator, sorted(image.tags.names())) == ("Harbour", "Ada", ["boats", "sea"])
    assert not GalleryImage.objects.filter(pk=copy.pk).exists() and not DuplicatePair.objects.exists()
    assert not Photo.objects.filter(pk=copy.photo_id).exists()
    said = [entry.get_change_message() for entry in LogEntry.objects.filter(object_id=str(image.pk))]
    assert said == [f"Folded image {copy.pk} into this one, as a copy of it. It took over: creator, tags."]
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {f"Image {image.pk}", f"Image {copy.pk}"}


def test_keeping_one_drops_what_was_known_of_the_other(two: Any, bob: User) -> None:
    _, copy, pair = two
    deciding.keep(pair, copy.pk, bob)
    assert list(GalleryImage.objects.values_list("pk", "title")) == [(copy.pk, "Copy")]


def test_a_folded_file_that_is_imported_again_makes_no_image(two: Any, bob: User) -> None:
    image, _, pair = two
    deciding.fold(pair, image.pk, bob)
    item = take_dropped(start_dropping(bob, 1, Wanted()), "again.jpg", jpeg(scene(1).resize((160, 120))))
    assert (item.state, item.image_id) == ("known", image.pk) and "folded" in item.reason
    assert GalleryImage.objects.count() == 1 and KnownCopy.objects.get().image == image


def test_what_was_said_to_differ_is_never_proposed_again(two: Any, bob: User) -> None:
    image, copy, pair = two
    deciding.set_different(pair, bob)
    Fingerprint.objects.all().delete()
    assert found() == {}
    deciding.set_different(pair, bob, are_different=False)
    assert found() == {(image.pk, copy.pk): ("picture", False)}


def test_merged_tags_are_those_of_both(two: Any, bob: User) -> None:
    image, copy, pair = two
    deciding.merge_tags(pair, bob)
    assert sorted(image.tags.names()) == sorted(copy.tags.names()) == ["boats", "sea"]
    assert DuplicatePair.objects.proposed().exists()


def test_a_chain_of_copies_does_not_break(two: Any, bob: User) -> None:
    image, copy, pair = two
    third = add(scene(5))
    DuplicatePair.objects.create(first=copy, second=third, kind="changed", distance=0.05)
    deciding.fold(pair, image.pk, bob)
    assert list(DuplicatePair.objects.values_list("first", "second")) == [(image.pk, third.pk)]


def test_opinions_go_over_to_the_same_place_of_the_kept_image(two: Any, alice: User, bob: User) -> None:
    image, copy, pair = two
    for one, shift in ((image, 7), (copy, 0)):
        label_map = label_maps.get_or_compute(one.photo)
        for node in range(2):
            mask = np.zeros((64, 64), bool)
            mask[:, 32 * node : 32 * node + 30] = True
            IndexedRegion.objects.create(
                image=one, label_map=label_map, node=node + shift, left=0, top=0, right=1, bottom=1, area=0.5,
                mask=np.packbits(mask).tobytes(), sample_key=node,
            )  # fmt: skip
    own = label_maps.get_or_compute(store_photo(jpeg(scene(9)), "own.jpg", owner=alice))
    state = SuperpixelSelection.empty(own.n_superpixels).pack()
    search = Search.objects.find_or_create(Person(user=alice), own, state)
    search.toggle_feedback(copy, [1], liked=True)
    deciding.fold(pair, image.pk, bob)
    assert list(Feedback.objects.values_list("image", "nodes", "liked")) == [(image.pk, [8], True)]


def test_selections_go_over_where_the_superpixels_are_the_same(two: Any, alice: User, bob: User) -> None:
    image, copy, pair = two
    old = label_maps.get_or_compute(copy.photo)
    state = SuperpixelSelection.empty(old.n_superpixels).pack()
    Selection.objects.create(label_map=old, state=state, owner=alice)
    Search.objects.find_or_create(Person(user=alice), old, state)
    assert deciding.loss_of(image, copy) == deciding.Loss(1, 1)
    same = add(scene(1).resize((160, 120)), 89)
    Photo.objects.filter(pk=same.photo_id).update(working_sha256=copy.photo.working_sha256)
    same.photo.refresh_from_db()
    new = label_maps.store_copy(same.photo, old)
    assert deciding.loss_of(same, copy) == deciding.Loss(0, 0)
    exact = DuplicatePair.objects.create(first=copy, second=same, kind="picture", distance=0)
    deciding.fold(exact, same.pk, bob)
    assert Selection.objects.get().label_map == new == Search.objects.get().label_map
    assert pair.first_id == image.pk


# Pages


def test_the_page_shows_both_and_marks_what_differs(two: Any, curator: Client) -> None:
    page = curator.get("/curating/duplicates/").content.decode()
    assert "320 × 240" in page and "160 × 120" in page and "1 of 1" in page
    assert "more pixels" in page and page.count('class="differs"') >= 5


def test_deleting_asks_first_and_goes_on_without_script(two: Any, curator: Client) -> None:
    image, copy, pair = two
    address, sent = f"/curating/duplicates/{pair.pk}/", {"decision": "fold", "kept": image.pk}
    asked = curator.post(address, sent).content.decode()
    assert "Fold the copy into “Harbour”?" in asked and GalleryImage.objects.count() == 2
    answer = curator.post(address, sent | {"confirmed": "on"}, follow=True)
    assert "folded into “Harbour”" in answer.content.decode()
    assert not GalleryImage.objects.filter(pk=copy.pk).exists()


def test_a_pair_that_was_said_to_differ_can_be_found_and_proposed_again(two: Any, curator: Client) -> None:
    pair = two[2]
    for decision, show, state in (("different", "", "different"), ("propose", "different", "proposed")):
        answer = curator.post(f"/curating/duplicates/{pair.pk}/", {"decision": decision, "show": show})
        assert answer.status_code == 302
        pair.refresh_from_db()
        assert pair.state == state
        other = "different" if state == "different" else ""
        assert "Harbour" in curator.get("/curating/duplicates/", {"show": other}).content.decode()


def test_after_a_decision_the_next_pair_follows(two: Any, curator: Client) -> None:
    third = add(scene(5), title="Third")
    DuplicatePair.objects.create(first=two[1], second=third, kind="changed", distance=0.9)
    answer = curator.post(
        f"/curating/duplicates/{two[2].pk}/", {"decision": "different"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert answer.lstrip().startswith('<div id="duplicates"') and "Third" in answer and "will not be proposed" in answer


@pytest.mark.parametrize("sent", [{}, {"decision": "nonsense"}, {"decision": "fold"}, {"decision": "keep", "kept": 1}])
def test_what_cannot_be_read_changes_nothing(two: Any, curator: Client, sent: dict[str, Any]) -> None:
    curator.post(f"/curating/duplicates/{two[2].pk}/", sent)
    assert GalleryImage.objects.count() == 2 and DuplicatePair.objects.proposed().count() == 1


def test_the_page_asks_the_database_as_often_for_many_pairs_as_for_few(two: Any, curator: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            curator.get("/curating/duplicates/")
        return len(asked)

    queries()
    few = queries()
    others = [add(scene(seed, 64, 48)) for seed in range(20, 26)]
    for other in others:
        DuplicatePair.objects.create(first=two[0], second=other, kind="changed", distance=0.09)
    assert queries() <= few + 1  # the next pair
