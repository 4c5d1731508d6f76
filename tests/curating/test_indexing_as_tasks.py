"""Indexing and new spaces as tasks: rows that follow what is left to do, and a pause that all workers honour."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from curating import control, observing
from curating.models import BulkTask
from gallery import jobs
from gallery.index import spaces
from gallery.models import DescriptorSpace, GalleryImage
from selector.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECONDS_BETWEEN_LOOKS", "SECONDS_BETWEEN_LOOKS_AT_SPACES"):
        monkeypatch.setattr(observing, name, 0.0)


def images(n: int, status: str = "pending") -> list[int]:
    """Images in the database alone."""
    photos = Photo.objects.bulk_create(
        Photo(name="a", is_public=True, original_bytes=1, working_bytes=1, width=8, height=8) for _ in range(n)
    )
    made = GalleryImage.objects.bulk_create(GalleryImage(photo=photo, title="A", status=status) for photo in photos)
    return [image.pk for image in made]


def task() -> BulkTask:
    return BulkTask.objects.get(kind="indexing")


def test_few_images_are_no_task() -> None:
    images(5)
    observing.observe()
    assert not BulkTask.objects.exists()


def test_the_row_follows_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = images(30)
    observing.observe()
    GalleryImage.objects.filter(pk__in=keys[:10]).update(status="indexed")
    GalleryImage.objects.filter(pk__in=keys[10:12]).update(status="failed")
    images(4)
    observing.observe()
    assert (task().done, task().failed, task().total, task().state) == (10, 2, 34, "working")
    assert task().rate
    GalleryImage.objects.filter(status="pending").update(status="indexed")
    observing.observe()
    assert (task().done, task().total, task().state) == (32, 34, "done")
    observing.observe()
    assert BulkTask.objects.count() == 1


def queues() -> Counter[tuple[str, str]]:
    return Counter(ProcrastinateJob.objects.values_list("queue_name", "task_name"))


def test_a_pause_holds_images_and_nothing_else() -> None:
    jobs.defer_indexing(images(25))
    jobs._defer_all([jobs._job(jobs.PRECOMPUTE_FEATURES, "7", 1, label_map_id=7)])
    observing.observe()
    assert control.pause(task())
    assert task().state == "paused"
    jobs.defer_indexing(images(2))
    look, image = ("index", jobs.PRECOMPUTE_FEATURES), jobs.INDEX_IMAGE
    assert queues() == {("paused", image): 27, look: 1}
    jobs.sweep()
    assert queues() == {("paused", image): 27, look: 1}
    assert control.resume(task())
    assert queues() == {("index", image): 27, look: 1} and task().state == "working"


def test_what_was_queued_at_the_moment_of_a_pause_follows_at_the_next_round() -> None:
    jobs.pause_indexing()
    jobs._defer_all([jobs._job(jobs.INDEX_IMAGE, "1:False", 0, image_id=1, afresh=False)])
    jobs.sweep()
    assert queues() == {("paused", jobs.INDEX_IMAGE): 1}


def test_images_that_wait_are_not_queued_twice() -> None:
    jobs.defer_indexing(images(3))
    jobs.pause_indexing()
    jobs.defer_forgotten([])
    assert queues() == {("paused", jobs.INDEX_IMAGE): 3}


def test_a_new_space_is_a_task_until_all_images_are_described_in_it() -> None:
    images(25, "indexed")
    space = spaces.ensure_spaces()[0][0]
    DescriptorSpace.objects.update(is_ready=False)
    observing.observe()
    row = BulkTask.objects.get(kind="space")
    assert (row.title, row.done, row.total) == (str(space), 0, 25)
    assert not control.cancel(row), "what is to be described is decided by the spaces there are"
    GalleryImage.objects.all().delete()
    observing.observe()
    row.refresh_from_db()
    assert row.state == "done" and row.finished and row.finished <= timezone.now()
