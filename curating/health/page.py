"""All that the page about health shows."""

from __future__ import annotations

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString, mark_safe

from curating.health import charts, figures
from curating.health.charts import Bar
from curating.health.failures import failures
from gallery.index.spaces import answering


def content() -> dict[str, Any]:
    """Figures and plots; always by the same number of queries."""
    whole = figures.whole()
    statuses = figures.statuses()
    n_images = sum(n for _, n in statuses)
    spaces = figures.spaces(whole.described)
    periods = list(figures.by_period(whole.years))
    plots = {
        "statuses": charts.stacked("Images by status", [Bar(name, n) for name, n in statuses], key="statuses"),
        "coverage": charts.bars(
            "Images described in each space", [Bar(one.name, one.n_images, of=n_images) for one in spaces], key="spaces"
        ),
        "storage": charts.bars("Bytes by kind", _bytes(whole.bytes_by_kind), key="storage"),
        "dates": charts.columns("Images by when they were made", [Bar(*period) for period in periods], key="dates"),
        "tags": charts.bars("The most frequent tags", [Bar(*tag) for tag in whole.tags], key="tags"),
    }
    return {
        "plots": {name: _as_markup(plot) for name, plot in plots.items()},
        "whole": whole,
        "n_images": n_images,
        "statuses": statuses,
        "spaces": spaces,
        "missing": [notice.cause for notice in answering()[1] if notice.cause],
        "queues": figures.queues(),
        "workers": figures.workers(),
        "failures": failures(),
        "free": figures.free(),
        "bytes": whole.bytes_by_kind.items(),
        "periods": periods,
    }


def _as_markup(plot: str) -> SafeString:
    return mark_safe(plot)  # nosec B308 B703 # made of figures and of words that were escaped


def _bytes(by_kind: dict[str, int]) -> list[Bar]:
    return [Bar(kind, n, words=filesizeformat(n)) for kind, n in by_kind.items()]
