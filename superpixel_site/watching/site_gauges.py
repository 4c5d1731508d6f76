"""The figures that belong to no app: the queue, the worker and the storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Count
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from superpixel_site.watching.gauges import add_gauge
from superpixel_site.watching.readiness import free_bytes, worker_silence

Figure = TypeVar("Figure", int, float)
WATCHED = (Status.TODO, Status.DOING, Status.FAILED)


def jobs_by_status() -> dict[str, int]:
    """How many jobs wait, are being done, and have failed for good."""
    watched = ProcrastinateJob.objects.filter(status__in=[status.value for status in WATCHED])
    found = dict(watched.values_list("status").annotate(Count("pk")))
    return {status.value: found.get(status.value, 0) for status in WATCHED}


def known(look: Callable[[], Figure | None]) -> Callable[[], float]:
    """A figure that may not be known, which Prometheus calls not a number."""

    def measure() -> float:
        found = look()
        return float("nan") if found is None else found

    return measure


add_gauge("jobs", "Jobs of the queue.", jobs_by_status, label="status")
add_gauge("worker_heartbeat_age_seconds", "Since any worker was last heard of.", known(worker_silence))
add_gauge("storage_free_bytes", "Room for photos.", known(free_bytes))
