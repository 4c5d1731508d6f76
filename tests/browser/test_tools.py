"""Every tool, by mouse and by key: the pixels shown are those that selector.selection.gestures computes."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from selector.models import HISTORY_LENGTH, Selection
from selector.selection import gestures, tools
from selector.selection.selection import SuperpixelSelection
from tests.browser import workspace as ws
from tests.toy_tool import DISC, disc

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]

# The eighths of the picture, 60 x 80 each: red, green, blue, yellow; white, black, purple, turquoise.
RED, GREEN, BLUE, YELLOW = (30, 40), (90, 40), (150, 40), (210, 40)
WHITE, BLACK, PURPLE, TURQUOISE = (30, 120), (90, 120), (150, 120), (210, 120)


def near(point: tuple[float, float], other: tuple[float, float]) -> bool:
    return max(abs(point[0] - other[0]), abs(point[1] - other[1])) < 0.6


def test_every_tool_selects_what_it_says(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())

    ws.click(page, *RED)
    sent = work.check("toggle", mode="include", level="20", remove="")
    assert near(ws.points_of(sent)[0], RED)

    page.keyboard.press("b")
    work.drag(GREEN, BLACK, YELLOW)
    sent = work.check("paint", remove="")
    assert near(ws.points_of(sent)[0], GREEN) and near(ws.points_of(sent)[-1], YELLOW)
    page.keyboard.down("Alt")
    work.drag(BLACK, PURPLE)
    page.keyboard.up("Alt")
    before = work.expected
    work.check("paint", remove="true")
    assert work.expected.included.sum() < before.included.sum()

    page.keyboard.press("l")
    work.drag((5, 85), (55, 82), (58, 155), (3, 150))
    sent = work.check("cover", remove="")
    assert len(ws.points_of(sent)) > 10
    page.keyboard.down("Alt")
    work.drag((70, 10), (110, 10), (110, 70), (70, 70))
    page.keyboard.up("Alt")
    work.check("cover", remove="true")

    page.keyboard.press("r")
    work.drag((125, 85), (239.9, 159.9))
    sent = work.check("cover", remove="")
    assert [near(a, b) for a, b in zip(ws.points_of(sent), [(125, 85), (239.9, 85), (239.9, 159.9)], strict=False)]
    page.keyboard.down("Alt")
    work.drag((230, 150), (190, 90))
    page.keyboard.up("Alt")
    work.check("cover", remove="true")

    page.get_by_role("button", name="Clear").click()
    work.check("clear")
    page.keyboard.press("g")
    sizes = []
    for _ in range(3):
        ws.click(page, *BLUE)
        work.check("grow")
        sizes.append(work.expected.included.sum())
    assert sizes[0] < sizes[1] < sizes[2]
    page.keyboard.down("Shift")
    ws.click(page, *BLUE)
    page.keyboard.up("Shift")
    work.check("shrink")
    assert work.expected.included.sum() < sizes[2]

    page.keyboard.press("s")
    ws.click(page, *WHITE)
    work.check("similar", everywhere="")
    page.keyboard.down("Shift")
    ws.click(page, *BLACK)
    page.keyboard.up("Shift")
    work.check("similar", everywhere="on")


def test_a_new_tool_of_the_list_needs_no_script(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TOOLS", (*tools.TOOLS, DISC))
    work = ws.Workspace(page, ws.public_photo())
    page.keyboard.press("d")
    ws.click(page, *PURPLE)
    (sent,) = work.settle(1)
    assert sent["tool"] == "disc"
    work.shows(disc(work.expected, work.labels, ws.points_of(sent)[0], "include"))


def test_excluding_inverting_and_clearing(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    ws.click(page, *RED)
    page.keyboard.press("x")
    expect(page.locator("input[name=mode][value=exclude]")).to_be_checked()
    ws.click(page, *GREEN)
    work.check("toggle", "toggle", mode="exclude")
    page.get_by_title("Brush: paint").click()
    work.drag(RED, WHITE)
    work.check("paint", mode="exclude")
    assert work.expected.excluded.sum() > 1
    page.keyboard.down("Alt")
    work.drag(WHITE, (31, 120))
    page.keyboard.up("Alt")
    work.check("paint", mode="exclude", remove="true")
    page.keyboard.press("i")
    work.check("invert")
    page.get_by_role("button", name="Invert").click()
    work.check("invert")
    page.get_by_text("Include", exact=True).click()
    ws.click(page, *BLUE)
    work.check("paint", mode="include")
    page.get_by_role("button", name="Clear").click()
    work.check("clear")
    assert work.expected.is_empty


def test_a_partly_selected_region_becomes_whole_and_levels_change_nothing(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=None)
    page.keyboard.press("c")  # two quick clicks of the object tool would be a double click
    work.set_level(60)
    ws.click(page, *RED)
    work.check("toggle")
    part = work.expected.included.copy()
    work.set_level(8)
    ws.click(page, *RED)
    work.check("toggle", level="8")
    cut = work.tree.cut(8)
    whole = cut == cut[part.argmax()]
    assert part.sum() < whole.sum() and np.array_equal(work.expected.included, whole)

    # From the coarsest level to the superpixels and back: the same selection, and nothing asked of the server.
    tint = page.locator("#tint").get_attribute("src")
    levels = [work.level]
    for key in ["]"] * 30 + ["["] * 3:
        page.keyboard.press(key)
        levels.append(work.level)
    assert levels[0] == 8 and max(levels) == work.label_map.n_superpixels
    assert sorted(set(levels)) == sorted(set(levels[:31])) and levels[-1] < levels[-4]
    assert page.locator("#tint").get_attribute("src") == tint
    assert work.settle() == []
    work.shows(work.expected)
    page.get_by_label("Detail", exact=True).press("Home")
    assert work.level == 8
    page.get_by_label("Detail", exact=True).press("ArrowRight")
    assert work.level > 8
    expect(page.get_by_label("Detail", exact=True)).to_have_attribute("aria-valuetext", f"{work.level} pieces")


def undo(work: ws.Workspace, steps: int) -> None:
    for _ in range(steps):
        work.page.keyboard.press("Control+z")
    work.settle(steps)


def test_two_hundred_steps_back_and_forth_and_after_a_reload(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=60)
    ws.click(page, *RED)
    work.check("toggle")
    states = [SuperpixelSelection.empty(work.label_map.n_superpixels), work.expected]
    selection = Selection.objects.get()
    for i in range(204):
        points = [work.middle(i % 40)]
        selection.apply(
            partial(gestures.toggle, labels=work.labels, cut=work.tree.cut(60), points=points, mode="include")
        )
        states.append(selection.superpixels)
    selection.save()
    page.reload()
    ws.ready(page)
    work.shows(states[-1])
    undo(work, 25)
    work.shows(states[180])
    # The others between as another tab would, without a browser: what is kept of them is the same.
    selection.refresh_from_db()
    for _ in range(165):
        assert selection.undo()
    selection.save()
    page.reload()
    ws.ready(page)
    work.shows(states[15])
    undo(work, 10)
    work.shows(states[5])
    page.reload()
    ws.ready(page)
    work.shows(states[5])
    page.get_by_role("button", name="Undo").click()
    work.settle(1)
    work.shows(states[4])
    page.get_by_role("button", name="Redo").click()
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+y")
    work.settle(3)
    work.shows(states[7])
    assert HISTORY_LENGTH >= 200

    # A new gesture forgets what was undone, and the buttons say what is possible.
    expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-disabled", "false")
    ws.click(page, *GREEN)
    work.settle(1)
    expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Redo").click(force=True)
    assert work.settle() == []


def test_an_unfinished_gesture_is_given_up_with_escape(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    page.keyboard.press("l")
    page.mouse.move(*ws.at(page, 20, 20))
    page.mouse.down()
    page.mouse.move(*ws.at(page, 120, 120), steps=4)
    assert page.locator("#draft").get_attribute("points")
    page.keyboard.press("Escape")
    assert not page.locator("#draft").get_attribute("points")
    page.mouse.up()
    assert work.settle() == []


def gestures_of_every_kind(work: ws.Workspace) -> list[dict[str, Any]]:
    """In an order drawn by lot, as the page hands them to its queue."""
    rng = random.Random(5)
    found: list[dict[str, Any]] = []
    tools = ["toggle"] * 3 + ["paint", "cover", "grow", "grow", "grow", "shrink", "invert", "clear"]
    for _ in range(300):
        points = [[round(rng.uniform(0, 239.9), 2), round(rng.uniform(0, 159.9), 2)] for _ in range(rng.randint(1, 7))]
        tool = rng.choice(tools)
        many = tool in ("paint", "cover")
        gesture = {"tool": tool, "mode": rng.choice(["include", "include", "exclude"]), "level": rng.randint(1, 70)}
        gesture |= {"points": points if many else points[:1], "remove": many and rng.random() < 0.3}
        if tool in ("toggle", "grow", "shrink") and rng.random() < 0.3:
            gesture["node"] = rng.choice(work.nodes_over(*points[0]))
        found.append(gesture)
    return [*found, {"tool": "clear", "mode": "include", "level": 20, "points": []}]


def test_what_the_browser_anticipates_is_what_the_server_computes(page: Page) -> None:
    """For 300 gestures of every kind, one on top of the other, superpixel by superpixel."""
    work = ws.Workspace(page, ws.public_photo())
    found = gestures_of_every_kind(work)
    states = page.evaluate(
        """async (gestures) => {
            const lib = (name) => import(`/static/js/lib/${name}.js`);
            const module = {...await lib("segmentation"), ...await lib("selection")};
            const form = document.getElementById("workspace");
            const words = async (url) => new Uint16Array(await (await fetch(url)).arrayBuffer());
            const segmentation = new module.Segmentation(
                await words(form.dataset.labelsUrl), await words(form.dataset.treeUrl), 240, 160);
            segmentation.colours = new Int16Array((await words(form.dataset.coloursUrl)).buffer);
            const state = new Uint8Array(segmentation.count);
            return gestures.map((gesture) => {
                module.anticipate(state, segmentation, gesture);
                return Array.from(state);
            });
        }""",
        found,
    )
    expected = work.expected
    for gesture, state in zip(found, states, strict=True):
        sent = {**gesture, "points": " ".join(f"{x},{y}" for x, y in gesture["points"])}
        expected = ws.outcome(expected, sent, work.label_map)
        assert state == (expected.included + 2 * expected.excluded).tolist(), gesture
    assert {gesture["tool"] for gesture in found} == {"toggle", "paint", "cover", "grow", "shrink", "invert", "clear"}
