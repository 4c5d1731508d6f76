"""Figures that are read when somebody asks: how many photos there are, how many jobs wait. Every app adds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple


class Gauge(NamedTuple):
    """A figure, or one for each value of a label."""

    name: str
    documentation: str
    measure: Callable[[], float | Mapping[str, float]]
    label: str


_gauges: dict[str, Gauge] = {}


def add_gauge(
    name: str, documentation: str, measure: Callable[[], float | Mapping[str, float]], label: str = ""
) -> None:
    """Show a figure among the site's, as ``superpixel_site_NAME``.

    Parameters
    ----------
    name
        In small letters, with its unit at the end: ``storage_free_bytes``.
    measure
        Called at each look; gives the figure, or with a label the figure for each of the label's values.
    """
    _gauges[name] = Gauge(name, documentation, measure, label)


def gauges() -> Iterator[Gauge]:
    """All, in the order of their names."""
    yield from (_gauges[name] for name in sorted(_gauges))
