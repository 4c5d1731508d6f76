"""The simulated person of `benchmarks.selecting`, on a made picture."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.selecting import best_union, drive, edge_of, gestures_to, summary
from benchmarks.selecting_ways import Way, object_ways, todays_ways
from benchmarks.simulated_person import Subject, box_around, loop_around, middle_of, stroke_along
from selector.segmentation import hierarchy, slic
from selector.selection.geometry import polygon_mask
from selector.selection.objects.look import look_at


@pytest.fixture(scope="module")
def bar() -> Subject:
    """A red bar on green noise."""
    noise = (np.arange(100 * 160).reshape(100, 160) * 7919 % 31).astype(np.uint8)
    mask = np.zeros((100, 160), bool)
    mask[40:60, 30:130] = True
    rgb = np.stack([np.where(mask, 190, 60) + noise, np.where(mask, 40, 120) + noise, 40 + noise], axis=2)
    rgb = rgb.astype(np.uint8)
    labels = slic.segment(rgb, 300)
    return Subject(rgb, labels, hierarchy.build(rgb, labels).parents, look_at(labels, rgb), mask)


def test_first_gestures_come_from_the_mask(bar: Subject) -> None:
    assert box_around(bar.mask) == ((30, 40), (130, 60))
    assert box_around(bar.mask, 0.1) == ((20, 38), (140, 62))
    assert polygon_mask(loop_around(bar.mask), 100, 160)[bar.mask].all()
    stroke = stroke_along(bar.mask)
    assert {round(y) for _, y in stroke} <= {49, 50, 51}
    assert max(x for x, _ in stroke) - min(x for x, _ in stroke) > 60


def test_the_next_click_goes_into_the_middle_of_the_largest_error(bar: Subject) -> None:
    assert middle_of(bar.mask)[1] in (49.5, 50.5)
    nothing, too_much = np.zeros_like(bar.mask), bar.mask.copy()
    too_much[80:95, 0:15] = True
    assert bar.next_click(nothing) == (middle_of(bar.mask), True)
    assert bar.next_click(too_much) == ((7.5, 87.5), False)
    assert bar.next_click(bar.mask) is None


@pytest.mark.parametrize("way", [*object_ways(), *todays_ways()], ids=lambda way: way.name)
def test_every_way_selects_the_bar_in_the_end(bar: Subject, way: Way) -> None:
    overlaps = drive(bar, way)
    assert 1 <= len(overlaps) <= way.cap
    assert max(overlaps) >= 0.8 * bar.overlap(best_union(bar))


def test_the_object_tool_takes_one_drag_for_the_bar(bar: Subject) -> None:
    assert drive(bar, object_ways()[0])[0] > 0.8


def test_figures_count_gestures_and_failures() -> None:
    runs = [[0.5, 0.83, 0.86, 0.91], [0.2] * 20]
    row = summary(Way("made", lambda subject: iter([subject.mask])), runs)
    assert gestures_to(runs[0], 0.85, 20) == 3
    assert row["noc"][0.85] == (3 + 20) / 2
    assert row["fails"][0.85] == 0.5
    assert row["overlap"][10] == pytest.approx((0.91 + 0.2) / 2, abs=1e-3)


def test_an_edge_is_within_the_mask() -> None:
    mask = np.zeros((5, 5), bool)
    mask[1:4, 1:4] = True
    assert edge_of(mask).sum() == 8
    assert not edge_of(mask)[2, 2]
