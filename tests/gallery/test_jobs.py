"""The worker: every image gets a job, dead workers are noticed, and killers are put aside."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery import jobs
from gallery.descriptors import appearance
from gallery.descriptors.open_clip.tower import Tower
from gallery.index import indexing, spaces
from gallery.index.kinds.appearance import AppearanceDescriber
from gallery.index.segmented_photo import SegmentedImage
from gallery.models import Clearing, DescriptorSpace, GalleryImage, IndexedRegion, PhotoFeatures
from gallery.search.ask import ask
from selector.models import LabelMap, Photo
from selector.people import Person
from selector.selection.objects.evidence import Evidence
from selector.services import label_maps, objects
from tests.gallery.discs import AddImage, SearchOf, break_file, thing_on_ground
from tests.models import use


def queued(task: str = jobs.INDEX_IMAGE) -> list[int]:
    """The images that wait to be indexed, or the label maps whose features wait to be computed."""
    key = {jobs.INDEX_IMAGE: "image_id", jobs.PRECOMPUTE_FEATURES: "label_map_id"}[task]
    waiting = ProcrastinateJob.objects.filter(queue_name=jobs.QUEUE, task_name=task, status="todo").order_by("id")
    return [args[key] for args in waiting.values_list("args", flat=True)]


def fetch() -> int:
    """Take a job as a worker does, and return the worker's key."""
    manager = jobs.manager()
    worker = async_to_sync(manager.register_worker)()
    job = async_to_sync(manager.fetch_job)([jobs.QUEUE], worker)
    assert job is not None
    return worker


def silence(worker: int) -> None:
    """Let a worker have died a minute ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '60 s' WHERE id = %s",
            [worker],
        )


@pytest.mark.django_db
def test_an_image_added_in_any_way_gets_a_job(add_image: AddImage) -> None:
    image = add_image()
    assert queued() == [image.pk]


@pytest.mark.django_db
def test_editing_an_image_gives_it_no_second_job(add_image: AddImage) -> None:
    image = add_image()
    image.title = "Another title"
    image.save()
    assert queued() == [image.pk]


@pytest.mark.django_db
def test_an_image_and_its_job_are_kept_together_or_not_at_all(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    defer = jobs.defer_indexing

    def defer_and_fail(images: list[int]) -> None:
        defer(images)
        assert len(queued()) == GalleryImage.objects.count() == 1
        raise ZeroDivisionError

    monkeypatch.setattr(jobs, "defer_indexing", defer_and_fail)
    with pytest.raises(ZeroDivisionError):
        add_image()
    assert queued() == [] and not GalleryImage.objects.exists()


@pytest.mark.django_db
def test_an_image_waits_in_the_queue_once(add_image: AddImage) -> None:
    first, second = add_image(seed=1), add_image(seed=2)
    jobs.defer_indexing([second.pk, first.pk, second.pk])
    assert sorted(queued()) == [first.pk, second.pk]


@pytest.mark.django_db
def test_images_without_a_job_are_found(add_image: AddImage) -> None:
    images = [add_image(seed=seed) for seed in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE args->>'image_id' <> %s", [str(images[1].pk)])
    jobs.defer_forgotten([])
    assert sorted(queued()) == [image.pk for image in images]


@pytest.mark.django_db
def test_images_that_lack_a_new_space_come_last(
    add_indexed: AddImage, add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = add_indexed()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    monkeypatch.setattr(appearance, "VERSION", "next")
    jobs.defer_forgotten(spaces.ensure_spaces()[0])
    new = add_image(seed=1)
    assert queued() == [old.pk, new.pk]
    fetch()
    assert queued() == [old.pk]


@pytest.mark.django_db
def test_the_job_of_a_dead_worker_is_tried_again(add_image: AddImage) -> None:
    image = add_image()
    worker = fetch()
    jobs.sweep()
    assert queued() == []  # The worker may be busy.
    silence(worker)
    jobs.sweep()
    assert queued() == [image.pk]


@pytest.mark.django_db
def test_the_job_of_a_worker_that_has_been_forgotten_is_tried_again(add_image: AddImage) -> None:
    image = add_image()
    worker = fetch()
    async_to_sync(jobs.manager().unregister_worker)(worker)
    jobs.sweep()
    assert queued() == [image.pk]


@pytest.mark.django_db
def test_an_image_that_keeps_killing_its_whole_worker_is_put_aside_in_the_end(
    add_image: AddImage, settings: Any
) -> None:
    settings.JOB_ATTEMPTS = 1
    killer, innocent = add_image(seed=1), add_image(seed=2)
    for attempt in range(jobs.RESCUES):
        killer.refresh_from_db()
        assert killer.status == "pending", attempt
        silence(fetch())
        jobs.sweep()
    killer.refresh_from_db()
    assert (killer.status, killer.error) == (
        "failed", "It was put aside: the worker died 10 times while indexing it."
    )  # fmt: skip
    assert queued() == [innocent.pk]
    jobs.defer_forgotten([])
    assert queued() == [innocent.pk]


@pytest.mark.django_db
def test_sweeping_a_job_whose_image_is_queued_again_keeps_one(add_image: AddImage) -> None:
    image = add_image()
    silence(fetch())
    jobs.defer_indexing([image.pk])
    jobs.sweep()
    assert queued() == [image.pk]
    assert not ProcrastinateJob.objects.filter(status="doing").exists()


@pytest.mark.django_db
def test_an_image_deleted_meanwhile_is_no_error(add_image: AddImage) -> None:
    indexing.bring_up_to_date(add_image().pk + 1, spaces.ensure_spaces()[0])


def run_worker() -> None:
    call_command("worker", "--once")


@pytest.mark.django_db(transaction=True)
def test_the_worker_indexes_what_comes_in(add_image: AddImage) -> None:
    images = [add_image(seed=seed) for seed in range(2)]
    run_worker()
    assert set(GalleryImage.objects.values_list("status", flat=True)) == {"indexed"}
    assert IndexedRegion.objects.values("image").distinct().count() == len(images)
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_worker_gives_a_broken_image_up_at_once(add_image: AddImage) -> None:
    image = add_image()
    break_file(image.photo)
    run_worker()
    image.refresh_from_db()
    assert image.status == "failed"
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["failed"]


@pytest.mark.django_db(transaction=True)
def test_the_worker_tries_again_later_when_the_trouble_may_pass(add_image: AddImage) -> None:
    image = add_image()
    storage, name = image.photo.working.storage, str(image.photo.working.name)
    with storage.open(name) as file:
        data = file.read()
    storage.delete(name)
    run_worker()
    image.refresh_from_db()
    job = ProcrastinateJob.objects.get()
    assert (image.status, job.status, job.attempts) == ("pending", "todo", 1)
    assert job.scheduled_at > datetime.datetime.now(datetime.UTC)

    from django.core.files.base import ContentFile

    storage.save(name, ContentFile(data))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    run_worker()
    image.refresh_from_db()
    assert image.status == "indexed"


@pytest.mark.django_db(transaction=True)
def test_the_worker_adds_the_space_of_a_new_model(
    add_indexed: AddImage, settings: Any, tiny_models: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    image = add_indexed()
    run_worker()
    assert "Search by meaning is switched off" in capsys.readouterr().err
    regions = set(image.regions.values_list("pk", flat=True))

    use(settings, tiny_models[0])
    run_worker()
    space = DescriptorSpace.objects.get(kind="meaning")
    assert space.is_ready
    assert set(space.vectors.values_list("region", flat=True)) == regions


@pytest.mark.django_db(transaction=True)
def test_a_model_fetched_by_hand_is_taken_up_by_the_running_worker(
    add_indexed: AddImage, settings: Any, tiny_models: Any
) -> None:
    from gallery.management.commands.worker import Housekeeper

    image = add_indexed()
    run_worker()
    housekeeper = Housekeeper()
    housekeeper.go_round()
    assert queued() == []
    use(settings, tiny_models[0])
    housekeeper.go_round()
    assert queued() == [image.pk]
    run_worker()
    assert DescriptorSpace.objects.get(kind="meaning").is_ready
    housekeeper.go_round()
    assert queued() == []


@pytest.mark.django_db(transaction=True)
def test_reindexing_replaces_the_regions(add_indexed: AddImage) -> None:
    image = add_indexed()
    run_worker()
    before = set(image.regions.values_list("pk", flat=True))
    jobs.defer_indexing([image.pk], afresh=True)
    run_worker()
    after = set(image.regions.values_list("pk", flat=True))
    assert len(after) == len(before)
    assert not after & before


# Photos that are open


@pytest.fixture
def opened(add_indexed: AddImage, photo: Photo, alice_client: Client) -> LabelMap:
    """Alice's photo, open in the workspace; there is an image to search for in it."""
    add_indexed()
    assert alice_client.get(photo.get_absolute_url()).status_code == 200
    return label_maps.get_or_compute(photo)


@pytest.mark.django_db
def test_a_photo_that_is_opened_gets_one_job_before_all_others(
    opened: LabelMap, photo: Photo, alice_client: Client, add_image: AddImage
) -> None:
    waiting = add_image(seed=1)
    alice_client.get(photo.get_absolute_url())
    assert queued(jobs.PRECOMPUTE_FEATURES) == [opened.pk]
    fetch()
    assert queued(jobs.PRECOMPUTE_FEATURES) == []
    assert waiting.pk in queued()


@pytest.mark.django_db
def test_where_nothing_can_be_searched_an_opened_photo_gets_no_job(photo: Photo, alice_client: Client) -> None:
    alice_client.get(photo.get_absolute_url())
    assert queued(jobs.PRECOMPUTE_FEATURES) == []


@pytest.mark.django_db(transaction=True)
def test_the_first_search_of_a_photo_with_stored_features_needs_no_model(
    opened: LabelMap,
    photo: Photo,
    alice_client: Client,
    search_of: SearchOf,
    alice: Any,
    settings: Any,
    tiny_models: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(settings, tiny_models[0])
    run_worker()
    assert DescriptorSpace.objects.filter(kind="meaning", is_ready=True).exists()
    assert objects.seen(opened).features is None
    # The model came after the photo had been opened: opened again, it gets features in the new space, too.
    alice_client.get(photo.get_absolute_url())
    run_worker()
    kinds = PhotoFeatures.objects.filter(label_map=opened).values_list("space__kind", flat=True)
    assert sorted(kinds) == ["appearance", "meaning"]
    assert not ProcrastinateJob.objects.exists()
    alice_client.get(photo.get_absolute_url())
    assert queued(jobs.PRECOMPUTE_FEATURES) == []

    def forward(*_: Any) -> None:
        raise AssertionError("a forward pass")

    monkeypatch.setattr(Tower, "_run", forward)
    seen = objects.seen(opened)
    assert seen.features is not None
    assert seen.features.shape[0] == opened.n_superpixels
    assert seen.cut(Evidence("box", ((2.0, 2.0), (20.0, 20.0)))).any()
    (hit,) = ask(search_of(photo, Person(user=alice)), Person(user=alice)).hits
    assert set(hit.scores_by_space) == {"appearance", "meaning"}


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_is_gone_or_that_no_space_can_describe_is_no_error(
    opened: LabelMap, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appearance, "VERSION", "next")
    run_worker()
    assert not ProcrastinateJob.objects.exists() and not PhotoFeatures.objects.exists()
    jobs.defer_features(opened)
    photo.delete()
    run_worker()
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_features_from_long_ago_are_cleared_away(opened: LabelMap, alice_client: Client) -> None:
    from gallery.management.commands.worker import Housekeeper

    run_worker()
    Housekeeper().go_round()
    assert PhotoFeatures.objects.filter(label_map=opened).exists()
    long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    PhotoFeatures.objects.update(created=long_ago)
    Clearing.objects.update(due=long_ago)
    Housekeeper().go_round()
    assert not PhotoFeatures.objects.exists()
    # Opened again it gets features again, also by the worker that extracted them before.
    alice_client.get(opened.photo.get_absolute_url())
    run_worker()
    assert PhotoFeatures.objects.filter(label_map=opened).exists()


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_is_deleted_while_its_features_are_extracted_is_no_error(
    opened: LabelMap, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = AppearanceDescriber.extract_features

    def delete_meanwhile(self: AppearanceDescriber, image: SegmentedImage) -> Any:
        features = extract(self, image)
        Photo.objects.get(pk=photo.pk).delete()
        return features

    monkeypatch.setattr(AppearanceDescriber, "extract_features", delete_meanwhile)
    run_worker()
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_cannot_be_read_is_tried_once(opened: LabelMap, photo: Photo, alice_client: Client) -> None:
    break_file(photo)
    for _ in range(2):
        assert alice_client.get(photo.get_absolute_url()).status_code == 200
        run_worker()
    assert [job.status for job in ProcrastinateJob.objects.filter(task_name=jobs.PRECOMPUTE_FEATURES)] == ["failed"]


@pytest.mark.django_db
def test_a_photo_that_keeps_killing_its_worker_is_left_alone(
    opened: LabelMap, settings: Any, alice_client: Client
) -> None:
    settings.JOB_ATTEMPTS = 1
    for expected in (*([[opened.pk]] * (jobs.RESCUES - 1)), []):
        silence(fetch())
        jobs.sweep()
        assert queued(jobs.PRECOMPUTE_FEATURES) == expected
    alice_client.get(opened.photo.get_absolute_url())
    assert queued(jobs.PRECOMPUTE_FEATURES) == []
    assert not GalleryImage.objects.filter(status="failed").exists()


def test_pictures_of_two_seeds_differ() -> None:
    assert (thing_on_ground((1, 2, 3), (4, 5, 6), 0) != thing_on_ground((1, 2, 3), (4, 5, 6), 1)).any()
