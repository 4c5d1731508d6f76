"""Many images that wait: one worker takes a share of them along, and each is to blame for itself only."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery import jobs
from gallery.index import indexing, spaces, storing
from gallery.jobs import images as indexing_jobs
from gallery.models import GalleryImage, IndexedRegion, RegionVector
from tests.gallery.discs import AddImage, break_file
from tests.gallery.test_jobs import fetch, silence
from tests.gallery.test_worker_process import Worker, start  # noqa: F401  a fixture


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing_jobs, "SHARE", 1)


def waiting() -> Counter[str]:
    return Counter(ProcrastinateJob.objects.filter(status="todo").values_list("task_name", flat=True))


def taken_up() -> tuple[Any, int]:
    """The first job, as the worker sees it, and the worker's key."""
    worker = fetch()
    return ProcrastinateJob.objects.get(status="doing").procrastinate_job, worker


def statuses() -> Counter[str]:
    return Counter(GalleryImage.objects.values_list("status", flat=True))


@pytest.mark.django_db
def test_the_regions_of_many_images_are_stored_as_those_of_one_by_one(add_image: AddImage) -> None:
    images = [add_image(seed=seed) for seed in range(3)]
    targets = spaces.ensure_spaces()[0]
    for image in images:
        indexing.bring_up_to_date(image.pk, targets)
    one_by_one = content()
    assert statuses() == {"indexed": 3} and len(one_by_one) > 6
    storing.replace_regions([indexing.describe(image, targets) for image in images])
    assert content() == one_by_one
    assert not RegionVector.objects.filter(region__isnull=True).exists()


def content() -> list[tuple[Any, ...]]:
    regions = IndexedRegion.objects.order_by("image", "node")
    rows = regions.values_list("image", "node", "left", "bottom", "area", "mask", "sample_key", "vectors__vector")
    return [(*row[:5], bytes(row[5]), *row[6:]) for row in rows]


@pytest.mark.django_db
def test_of_few_images_that_wait_none_is_taken_along(add_image: AddImage) -> None:
    for seed in range(4):
        add_image(seed=seed)
    assert indexing_jobs.gather(taken_up()[0], afresh=False) == []
    assert waiting() == {jobs.INDEX_IMAGE: 3}


@pytest.mark.django_db
@pytest.mark.usefixtures("all_at_once")
def test_those_that_wait_become_one_job_but_for_what_is_urgent_dangerous_or_other_work(add_image: AddImage) -> None:
    images = [add_image(seed=seed).pk for seed in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    jobs.defer_indexing(images)
    first, _ = taken_up()
    others = [100, 101, 102]
    jobs.defer_alone(others[:1])
    jobs.defer_indexing(others[1:2], afresh=True)
    jobs.defer_indexing(others[2:], priority=jobs.PRIORITY_LATER)
    assert indexing_jobs.gather(first, afresh=False) == images
    assert waiting() == {jobs.INDEX_IMAGE: 3}
    batch = ProcrastinateJob.objects.get(status="doing")
    assert (batch.task_name, batch.args) == (jobs.INDEX_IMAGES, {"afresh": False, "image_ids": images})
    jobs.defer_forgotten([])
    assert waiting() == {jobs.INDEX_IMAGE: 3}, "an image of a batch has a job"


@pytest.mark.django_db
@pytest.mark.usefixtures("all_at_once")
def test_the_batch_of_a_dead_worker_is_done_by_another(add_image: AddImage, settings: Any) -> None:
    images = [add_image(seed=seed).pk for seed in range(3)]
    first, worker = taken_up()
    indexing_jobs.gather(first, afresh=False)
    silence(worker)
    jobs.sweep()
    assert waiting() == {jobs.INDEX_IMAGES: 1}
    settings.JOB_ATTEMPTS = 1
    for _ in range(jobs.RESCUES - 1):
        silence(fetch())
        jobs.sweep()
    alone = ProcrastinateJob.objects.filter(status="todo").order_by("id").values_list("args", flat=True)
    assert list(alone) == [{"image_id": key, "afresh": False, "alone": True} for key in images]
    assert statuses() == {"pending": 3}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("all_at_once")
def test_the_worker_indexes_a_batch_and_leaves_what_is_wrong_with_one_to_that_one(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [add_image(seed=seed) for seed in range(6)]
    break_file(images[1].photo)
    images[2].photo.working.delete(save=False)
    ran = Counter[str]()
    for name in ("_index_alone", "_index_batch"):
        original = getattr(indexing_jobs, name)
        monkeypatch.setattr(
            indexing_jobs, name, lambda *args, name=name, original=original: (ran.update([name]), original(*args))
        )
    call_command("worker", "--once")
    assert ran == {"_index_batch": 1, "_index_alone": 1}
    assert statuses() == {"indexed": 4, "failed": 1, "pending": 1}
    missing = GalleryImage.objects.get(status="pending")
    assert (missing.pk, missing.failures) == (images[2].pk, 1)
    assert ProcrastinateJob.objects.get().args == {"image_id": images[2].pk, "afresh": False, "alone": True}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("all_at_once")
def test_a_batch_makes_way_for_what_is_more_urgent_and_for_a_pause(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [add_image(seed=seed).pk for seed in range(4)]
    monkeypatch.setattr(jobs, "is_hindered", lambda job: job.priority == 0)
    put_back: list[list[int]] = []
    defer = jobs.defer_indexing

    def defer_later(keys: list[int], **options: Any) -> None:
        keys = list(keys)
        put_back.extend([keys] if keys else [])
        defer(keys, **{**options, "priority": jobs.PRIORITY_LATER})

    monkeypatch.setattr(jobs, "defer_indexing", defer_later)
    processes_of = jobs.processes_of

    class OneAtATime:
        def __init__(self, context: Any) -> None:
            self.run = lambda work, keys, afresh: processes_of(context).run(work, keys[:1], afresh)

    monkeypatch.setattr(jobs, "processes_of", OneAtATime)
    call_command("worker", "--once")
    assert put_back == [images[1:]]
    assert statuses() == {"indexed": 4} and not ProcrastinateJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_image_that_kills_its_process_costs_the_others_of_its_batch_nothing(
    start: Any,  # noqa: F811
    add_image: AddImage,
) -> None:
    images = [add_image(seed=seed, title="killer" if seed == 1 else "thing") for seed in range(18)]
    worker: Worker = start(attempts=1)
    for _ in worker.until():
        if statuses() == {"indexed": 17, "failed": 1} and not waiting():
            break
    worker.stop()
    killer = GalleryImage.objects.get(status="failed")
    assert killer.pk == images[1].pk and killer.error.startswith("It was put aside")
    assert set(GalleryImage.objects.values_list("failures", flat=True)) == {0}
