"""Plots as SVG: bars and columns. Told apart by patterns and words, never by colour alone; colours are the page's.

Shapes have classes and presentation attributes, so that a page needs no inline styles for them: `health.css` colours
them, light and dark. What a plot shows stands as numbers beside it, so its text is short.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 480
# Labels and numbers have room for the larger letters of narrow windows.
LINE, GAP, LABEL, NUMBER, LETTER = 22, 8, 170, 100, 10
COLUMNS_HEIGHT, AXIS = 150, 28
LONGEST_LABEL = 17
PATTERNS = ("solid", "hatched", "dotted", "crossed")


@dataclass(frozen=True)
class Bar:
    """A quantity with its name; `of` is the whole that it is a part of, where there is one."""

    label: str
    n: float
    of: float | None = None
    words: str = ""
    """The number as people read it; by default with separators."""

    @property
    def shown(self) -> str:
        return self.words or f"{self.n:,.0f}"


def bars(name: str, rows: Sequence[Bar], *, key: str) -> str:
    """Horizontal bars, one a row, each with its label before and its number after it.

    Parameters
    ----------
    name : str
        What is shown, for those who cannot see it.
    rows : sequence of Bar
        Bars that are parts of a whole are drawn within its outline.
    key : str
        Tells this plot from the others of a page.

    Returns
    -------
    str
        An SVG element.

    Examples
    --------
    >>> bars("Images", [Bar("indexed", 3, of=4)], key="k").count("<rect")
    2
    """
    room = WIDTH - LABEL - NUMBER
    most = max([row.of or row.n for row in rows], default=0) or 1
    height = len(rows) * (LINE + GAP)
    parts = []
    for place, row in enumerate(rows):
        top = place * (LINE + GAP)
        middle = top + LINE / 2
        parts.append(_text(LABEL - 10, middle, _short(row.label, LONGEST_LABEL), anchor="end"))
        if row.of is not None:
            parts.append(_box(LABEL, top, room * row.of / most, LINE, "whole"))
        parts.append(_box(LABEL, top, room * row.n / most, LINE, "part"))
        parts.append(_text(LABEL + room * (row.of or row.n) / most + 10, middle, row.shown))
    return _svg(name, height, "".join(parts), key)


def stacked(name: str, rows: Sequence[Bar], *, key: str) -> str:
    """One bar made of parts, each with a pattern of its own, and a legend below with names and numbers.

    Parameters and result are those of `bars`.

    Examples
    --------
    >>> "hatched" in stacked("Images", [Bar("indexed", 3), Bar("waiting", 1)], key="k")
    True
    """
    total = sum(row.n for row in rows) or 1
    parts, left = [], 0.0
    for place, row in enumerate(rows):
        pattern = PATTERNS[place % len(PATTERNS)]
        width = WIDTH * row.n / total
        parts.append(_box(left, 0, width, 34, "part", f"url(#{key}-{pattern})"))
        left += width
        top = 46 + place * (LINE + GAP)
        parts.append(_box(1, top, LINE, LINE, "part", f"url(#{key}-{pattern})"))
        parts.append(_text(LINE + 10, top + LINE / 2, f"{row.label}: {row.shown}"))
    return _svg(name, 46 + len(rows) * (LINE + GAP), _patterns(key) + "".join(parts), key)


def columns(name: str, rows: Sequence[Bar], *, key: str) -> str:
    """Upright columns side by side, as of a histogram, with as many labels below as there is room for.

    Parameters and result are those of `bars`.

    Examples
    --------
    >>> columns("Years", [Bar("1999", 2), Bar("2000", 0)], key="k").count("<rect")
    1
    """
    most = max([row.n for row in rows], default=0) or 1
    step = WIDTH / max(len(rows), 1)
    longest = LETTER * max([len(row.label) for row in rows], default=0)
    # The first label is moved to the right, so as not to reach beyond the plot.
    room = longest + LETTER + max((longest - step) / 2, 0)
    every = max(1, math.ceil(room / step))
    parts = [f'<path class="axis" d="M0 {COLUMNS_HEIGHT}.5H{WIDTH}"/>']
    for place, row in enumerate(rows):
        height = COLUMNS_HEIGHT * row.n / most
        if row.n:
            parts.append(_box(place * step + 1, COLUMNS_HEIGHT - height, max(step - 2, 1), height, "part"))
        if place % every == 0:
            half = LETTER * len(row.label) / 2
            middle = min(max((place + 0.5) * step, half), WIDTH - half)
            parts.append(_text(middle, COLUMNS_HEIGHT + AXIS / 2 + 3, row.label, anchor="middle"))
    return _svg(name, COLUMNS_HEIGHT + AXIS, "".join(parts), key)


def _svg(name: str, height: float, content: str, key: str) -> str:
    return (
        f'<svg class="chart" id="chart-{key}" role="img" aria-label="{escape(name)}"'
        f' viewBox="0 0 {WIDTH} {max(height, 1):g}" xmlns="http://www.w3.org/2000/svg">{content}</svg>'
    )


def _box(left: float, top: float, width: float, height: float, kind: str, fill: str = "") -> str:
    filled = f' fill="{fill}"' if fill else ""
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}"{filled}/>'
    )


def _text(left: float, middle: float, text: str, *, anchor: str = "start") -> str:
    return (
        f'<text x="{left:.1f}" y="{middle:.1f}" text-anchor="{anchor}" dominant-baseline="central">'
        f"{escape(text)}</text>"
    )


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _patterns(key: str) -> str:
    shapes = {
        "solid": '<rect class="ink" width="8" height="8"/>',
        "hatched": '<path class="line" d="M-2 2l4-4M0 8l8-8M6 10l4-4"/>',
        "dotted": '<circle class="ink" cx="4" cy="4" r="1.6"/>',
        "crossed": '<path class="line" d="M0 0l8 8M8 0l-8 8"/>',
    }
    made = (
        f'<pattern id="{key}-{name}" width="8" height="8" patternUnits="userSpaceOnUse">{shape}</pattern>'
        for name, shape in shapes.items()
    )
    return f"<defs>{''.join(made)}</defs>"
