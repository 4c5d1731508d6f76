"""The figures of the page about health: each by one query, and those of the whole collection once in a while only."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

from gallery import jobs
from gallery.index import hnsw_states
from gallery.models import DescriptorSpace, GalleryImage
from selector.models import LabelMap, Photo
from superpixel_site.watching.readiness import free_bytes

# What needs a look at all images or vectors is as old, in seconds, while somebody looks at the page: the worker counts
# it again. Where none does, or nobody has looked for long, it may be so old at most.
AGE, OLDEST = 20, 300
KEPT, LOOKED_AT = "health", "health-looked-at"
MOST_TAGS = 12
MOST_COLUMNS = 20

# Through the index of (image, space) alone, in its order.
DESCRIBED = """
SELECT space_id, count(*), sum(n) FROM (
    SELECT image_id, space_id, count(*) AS n FROM gallery_regionvector GROUP BY image_id, space_id
) AS described GROUP BY space_id
"""
# A job of a batch stands for all its images.
QUEUES = """
SELECT queue_name, count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),
    sum(CASE WHEN args ? 'image_ids' THEN jsonb_array_length(args->'image_ids') ELSE 1 END),
    (SELECT min(at) FROM procrastinate_events WHERE job_id = min(job.id) FILTER (WHERE status = 'todo'))
FROM procrastinate_jobs AS job WHERE status IN ('todo', 'doing') GROUP BY queue_name
"""
# Those of people's own images are few: they are left out, rather than the others looked up.
TAGS = """
WITH hidden AS MATERIALIZED (
    SELECT image.id FROM gallery_galleryimage AS image
    JOIN selector_photo AS photo ON photo.id = image.photo_id WHERE NOT photo.is_public
), counted AS (
    SELECT tag_id, count(*) AS n FROM taggit_taggeditem
    WHERE object_id NOT IN (SELECT id FROM hidden) AND content_type_id = (
        SELECT id FROM django_content_type WHERE app_label = 'gallery' AND model = 'galleryimage'
    ) GROUP BY tag_id
)
SELECT tag.name, n FROM counted JOIN taggit_tag AS tag ON tag.id = tag_id ORDER BY n DESC, tag.name LIMIT %s
"""
NAMES_OF_QUEUES = {
    jobs.QUEUE: "Images to index, and photos that are open",
    jobs.PAUSED_QUEUE: "Images that wait while indexing is paused",
    jobs.LONG_QUEUE: "Imports, exports and other tasks",
    jobs.UPKEEP_QUEUE: "Indexes of vectors to build",
}


@dataclass(frozen=True)
class Queue:
    """What waits in a queue: jobs, how many images or other things those are, and since when the oldest waits."""

    name: str
    waiting: int
    under_way: int
    things: int
    oldest: datetime.datetime | None


@dataclass(frozen=True)
class Space:
    """How far a space is, and its index."""

    name: str
    is_ready: bool
    n_images: int
    n_vectors: int
    index: hnsw_states.IndexState

    @property
    def bloat(self) -> float | None:
        return self.index.bloat(self.n_vectors)

    @property
    def has_bloated(self) -> bool:
        return self.index.has_bloated(self.n_vectors)


@dataclass(frozen=True)
class Whole:
    """What needs a look at everything."""

    described: dict[int, tuple[int, int]]
    """By the key of a space: images that are described in it, and their vectors."""
    n_photos: int
    n_label_maps: int
    bytes_by_kind: dict[str, int]
    years: dict[int, int]
    n_without_date: int
    tags: list[tuple[str, int]]
    at: datetime.datetime = field(default_factory=timezone.now)


def whole() -> Whole:
    """These figures, as they were a moment ago."""
    cache.set(LOOKED_AT, True, OLDEST)
    return _kept() or _counted_anew()


def keep_fresh() -> None:
    """Count them again while somebody looks at the page: a step of the worker's rounds."""
    if cache.get(LOOKED_AT):
        known = _kept()
        if known is None or timezone.now() - known.at > datetime.timedelta(seconds=AGE):
            _counted_anew()


def _kept() -> Whole | None:
    found = cache.get(KEPT)
    return found if isinstance(found, Whole) else None


def _counted_anew() -> Whole:
    counted = _count_whole()
    cache.set(KEPT, counted, OLDEST)
    return counted


def _count_whole() -> Whole:
    photos = Photo.objects.aggregate(n=Count("pk"), original=Sum("original_bytes"), working=Sum("working_bytes"))
    maps = LabelMap.objects.aggregate(n=Count("pk"), labels=Sum("labels_bytes"))
    years = dict(GalleryImage.objects.public().order_by().values_list("taken__year").annotate(Count("pk")))
    kinds = {
        "Originals": photos["original"],
        "Working copies": photos["working"],
        "Label maps": maps["labels"],
        "Database": _rows("SELECT pg_database_size(current_database())")[0][0],
    }
    return Whole(
        described={space: (images, int(vectors)) for space, images, vectors in _rows(DESCRIBED)},
        n_photos=photos["n"],
        n_label_maps=maps["n"],
        bytes_by_kind={name: n or 0 for name, n in kinds.items()},
        years={year: n for year, n in sorted(years.items(), key=lambda item: item[0] or 0) if year is not None},
        n_without_date=years.get(None, 0),
        tags=_rows(TAGS, [MOST_TAGS]),
    )


def statuses() -> list[tuple[str, int]]:
    """How many images have each status, in words."""
    counts = GalleryImage.objects.counts_by_status()
    order = (GalleryImage.Status.INDEXED, GalleryImage.Status.PENDING, GalleryImage.Status.FAILED)
    return [(str(status.label), counts[status]) for status in order]


def queues() -> list[Queue]:
    """All queues that workers take jobs from, and others in which something waits."""
    found = {row[0]: row[1:] for row in _rows(QUEUES)}
    names = dict.fromkeys([jobs.QUEUE, jobs.LONG_QUEUE, jobs.UPKEEP_QUEUE, *found])
    return [Queue(NAMES_OF_QUEUES.get(name, name), *found.get(name, (0, 0, 0, None))) for name in names]


def workers() -> list[dict[str, Any]]:
    """The workers that have not been stopped in good order: when they were heard of, and whether that is long ago."""
    dead = timezone.now() - jobs.DEAD_AFTER
    found = ProcrastinateWorker.objects.order_by("pk").values_list("pk", "last_heartbeat")
    return [{"number": key, "heard": heard, "is_silent": heard < dead} for key, heard in found]


def spaces(described: dict[int, tuple[int, int]]) -> list[Space]:
    """All spaces."""
    states = hnsw_states.states()
    return [
        Space(str(space), space.is_ready, *described.get(space.pk, (0, 0)), states[space.pk])
        for space in DescriptorSpace.objects.order_by("pk")
        if space.pk in states
    ]


def free() -> int | None:
    """Room for files; None where they are in a bucket."""
    return free_bytes()


def by_period(years: dict[int, int]) -> Iterable[tuple[str, int]]:
    """How many images are from each year; where those are many, from each so many years.

    Examples
    --------
    >>> list(by_period({1999: 2, 2001: 1}))
    [('1999', 2), ('2000', 0), ('2001', 1)]
    """
    if not years:
        return
    first, last = min(years), max(years)
    length = next(n for n in (1, 2, 5, 10, 20, 50, 100, 500, 2500, 10_000) if (last - first) // n < MOST_COLUMNS)
    for start in range(first - first % length, last + 1, length):
        n = sum(years.get(year, 0) for year in range(start, start + length))
        yield (str(start) if length == 1 else f"{start}-{start + length - 1}"), n


def _rows(statement: str, parameters: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Any] = cursor.fetchall()
    return rows
