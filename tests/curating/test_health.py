"""The page about health: sums of all, reasons of what is public, trying again, and always as many queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.signing_in.roles import make_curator
from curating.health import figures
from curating.health.failures import failures
from gallery import jobs
from gallery.index import spaces
from gallery.models import GalleryImage
from selector.models import Photo

pytestmark = pytest.mark.django_db
ADDRESS, RETRY = "/curating/health/", "/curating/health/retry/"
SECRET = "It could not be indexed: ValueError (grandmother.jpg)."


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


def add(n: int, *, owner: User | None = None, error: str = "", **fields: Any) -> list[GalleryImage]:
    """Images in the database alone."""
    photos = Photo.objects.bulk_create(
        Photo(name="a", is_public=not owner, owner=owner, original_bytes=3000, working_bytes=1000, width=8, height=8)
        for _ in range(n)
    )
    status = "failed" if error else "indexed"
    images = (GalleryImage(photo=photo, title="A", status=status, error=error, **fields) for photo in photos)
    return GalleryImage.objects.bulk_create(images)


def text(client: Client) -> str:
    cache.delete("health")
    return " ".join(client.get(ADDRESS).content.decode().split())


def test_the_page_shows_sums_and_each_plot_has_its_numbers_beside_it(curator: Client, alice: User) -> None:
    for image in add(3, taken="1999-05-01"):
        image.tags.add("harbour")
    add(2, owner=alice)
    add(1, error="Its file is missing from the storage.")
    spaces.ensure_spaces()
    page = text(curator)
    numbers = [
        f'<td>{name}</td><td class="number">{n}</td>' for name, n in (("Indexed", 5), ("1999", 3), ("harbour", 3))
    ]
    missing = "Its file is missing from the storage."
    for words in (*numbers, missing, "of 6 photos", "No worker runs", "indexed: 5"):
        assert words in page, words
    assert page.count('<svg class="chart"') == 5 and "style=" not in page
    assert 'hx-trigger="every 5s"' in page


def test_what_searches_go_without_is_told_with_its_cause(
    curator: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEANING_ENABLED = True
    monkeypatch.setattr("gallery.index.model_loading.find_spec", lambda name: None)
    assert "torch and open_clip are not installed" in text(curator)


def test_reasons_that_differ_in_details_are_one_and_those_of_others_are_sums(curator: Client, alice: User) -> None:
    for n in (300, 301):
        add(1, error=f"The file has {n} MB; at most 50.5 MB are allowed.")
    add(1, error="It could not be indexed: OSError (No space left).")
    add(2, owner=alice, error=SECRET)
    found = failures()
    assert found.reasons == [
        ("The file has … MB; at most … MB are allowed.", 2),
        ("It could not be indexed: OSError.", 1),
    ]
    assert (found.n_private, found.n) == (2, 5)
    page = text(curator)
    assert "grandmother" not in page and "ValueError" not in page


def test_what_failed_for_a_reason_is_tried_again_and_nothing_else(curator: Client, alice: User) -> None:
    wanted = [image.pk for n in (1, 2) for image in add(1, error=f"It was put aside after {n} attempts.")]
    add(1, error="Its file is missing from the storage.")
    add(1, owner=alice, error="It was put aside after 3 attempts.")
    assert curator.post(RETRY, {"reason": "It was put aside after … attempts."}).status_code == 302
    assert set(GalleryImage.objects.pending().values_list("pk", flat=True)) == set(wanted)
    queued = ProcrastinateJob.objects.filter(task_name=jobs.INDEX_IMAGE).values_list("args__image_id", flat=True)
    assert set(queued) == set(wanted)
    curator.post(RETRY)
    assert GalleryImage.objects.failed().count() == 1, "people's own were tried again"


def test_the_number_of_queries_is_the_same_for_few_images_and_many(curator: Client, alice: User) -> None:
    def queries() -> int:
        cache.delete("health")
        with CaptureQueriesContext(connection) as captured:
            curator.get(ADDRESS)
        return len(captured)

    spaces.ensure_spaces()
    queries()  # The first visit notes what later ones need not.
    before = queries()
    for n in range(30):
        (image,) = add(1, error=f"Reason {'abcdefghij'[n % 10]}.", taken=f"{1970 + n}-01-01")
        image.tags.add(f"tag {n}")
    add(20, owner=alice)
    jobs.defer_indexing(GalleryImage.objects.values_list("pk", flat=True))
    assert queries() == before


def test_the_worker_counts_again_while_somebody_looks(curator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "AGE", 0)
    cache.clear()
    figures.keep_fresh()
    assert cache.get(figures.KEPT) is None, "nobody looks"
    add(1)
    assert "of 1 photo<" in text(curator)
    add(2)
    assert "of 1 photo<" in " ".join(curator.get(ADDRESS).content.decode().split())
    figures.keep_fresh()
    assert "of 3 photos" in " ".join(curator.get(ADDRESS).content.decode().split())


def test_a_batch_counts_as_its_images_and_the_oldest_job_is_told(curator: Client) -> None:
    keys = [image.pk for image in add(3)]
    jobs.defer_indexing(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET args = %s WHERE args->>'image_id' = %s",
            ['{"image_ids": [1, 2, 3, 4, 5]}', str(keys[0])],
        )
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '3 hours'")
    queue = next(queue for queue in figures.queues() if queue.name.startswith("Images to index"))
    assert (queue.waiting, queue.under_way, queue.things) == (3, 0, 7)
    assert queue.oldest
    assert "<td>for 3 hours</td>" in text(curator)


@pytest.mark.parametrize(
    ("years", "first", "n_columns"),
    [({2001: 1, 2003: 2}, "2001", 3), ({1850: 1, 2020: 1}, "1850-1859", 18), ({}, "", 0)],
)
def test_years_are_grouped_where_they_are_many(years: dict[int, int], first: str, n_columns: int) -> None:
    periods = list(figures.by_period(years))
    assert len(periods) == n_columns and sum(n for _, n in periods) == sum(years.values())
    assert not periods or periods[0][0] == first
