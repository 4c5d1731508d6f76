"""Figures in Prometheus' form: requests, which the web processes count together, and the gauges of the apps.

Each process counts in files of its own in `METRICS_DIR`; whichever is asked adds up all of them. The files of a process
that has ended stay, since what it has answered is not undone. prometheus-client looks for the folder when it is
imported, so that is done in functions here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error as DatabaseError

from superpixel_site.watching import readiness
from superpixel_site.watching.gauges import Gauge, gauges

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric

PREFIX = "superpixel_site"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# From a click to an upload that waits its turn, in seconds.
BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


def forget_earlier_runs() -> None:
    """Begin to count anew; to be called once when the site starts, before its web processes."""
    shutil.rmtree(settings.METRICS_DIR, ignore_errors=True)


class Requests:
    """Counts the requests of this process."""

    def __init__(self) -> None:
        self.count, self.seconds = _instruments()

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        self.count.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


def text() -> tuple[bytes, str]:
    """All figures at this moment, and the media type of the text."""
    _use_folder()
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Gauges())
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Gauges:
    """What prometheus-client asks at each look: without a database, that it is not there, and nothing else."""

    def collect(self) -> Iterable[Metric]:
        is_up = readiness.database() == readiness.FINE
        up = Gauge("database_up", "Whether the database can be reached.", lambda: float(is_up), "")
        return [_family(gauge) for gauge in (up, *gauges()) if is_up or gauge is up]


def _family(gauge: Gauge) -> Metric:
    """A figure that cannot be had, in a database that is not prepared yet, is left out."""
    from prometheus_client.core import GaugeMetricFamily

    labels = [gauge.label] if gauge.label else []
    family = GaugeMetricFamily(f"{PREFIX}_{gauge.name}", gauge.documentation, labels=labels)
    try:
        measured = gauge.measure()
    except DatabaseError:
        return family
    for label, value in (measured if isinstance(measured, Mapping) else {"": measured}).items():
        family.add_metric([label] if gauge.label else [], value)
    return family


_made: list[tuple[Counter, Histogram]] = []


def _instruments() -> tuple[Counter, Histogram]:
    """The two of this process: prometheus-client lets them be made once."""
    if not _made:
        _use_folder()
        from prometheus_client import Counter, Histogram

        labels = ["method", "route"]
        count = Counter(f"{PREFIX}_requests_total", "Requests that were answered.", [*labels, "status"])
        seconds = Histogram(f"{PREFIX}_request_seconds", "Time until the answer began.", labels, buckets=BUCKETS)
        _made.append((count, seconds))
    return _made[0]


def _use_folder() -> None:
    folder = os.environ.setdefault(FOLDER_VARIABLE, str(settings.METRICS_DIR))
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
