"""What was in the way of a person who selects: loops, steps that are not seen before, other alphabets, the level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from selector.selection.tree import node_members
from tests.browser import workspace as ws

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels", "compiled")]

RED, GREEN, BLUE = (30, 40), (90, 40), (150, 40)

# The wheel as it turns under a pointer, with what is held.
WHEEL = """([deltaY, x, y, held]) => document.getElementById("stage").dispatchEvent(
    new WheelEvent("wheel", { deltaY, clientX: x, clientY: y, cancelable: true, bubbles: true, ...held }))"""


def turn(page: Page, delta: float, point: tuple[float, float], **held: bool) -> None:
    page.evaluate(WHEEL, [delta, *ws.at(page, *point), held])


def lit(page: Page) -> Any:
    return ws.layer(page, "#hover")[..., 3] > 0


def said(page: Page) -> str:
    return page.locator("[role=status]").inner_text().strip()


def test_a_loop_that_ends_where_it_began_is_a_loop(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    page.keyboard.press("l")
    home, *corners = [ws.at(page, *point) for point in [(4, 4), (58, 4), (58, 78), (4, 78)]]
    page.mouse.move(*home)
    page.mouse.down()
    for corner in corners[:2]:
        page.mouse.move(*corner, steps=5)
    # While it is drawn a line shows where it will close.
    ends = page.locator("#closing").get_attribute("points") or ""
    x0, y0, x1, y1 = (float(number) for number in ends.replace(",", " ").split())
    assert np.abs(np.subtract((x0, y0, x1, y1), (58, 78, 4, 4))).max() < 1
    for corner in (corners[2], home):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    work.check("cover")
    assert work.expected.included[work.labels[40, 30]]
    expect(page.locator("#closing")).to_have_attribute("points", "")

    # A rectangle dragged back to where it began, and a click dragged out and back, say what became of them.
    page.keyboard.press("r")
    work.drag((100, 20), (140, 60), (100, 20))
    work.check("cover")
    ws.eventually(page, lambda: said(page).startswith("Nothing changed"))
    page.keyboard.press("c")
    work.drag((100, 20), (140, 60), (100, 20))
    assert work.settle() == []
    expect(page.get_by_role("status")).to_have_text(
        "Nothing changed: this tool takes clicks; a drag means nothing to it."
    )
    page.keyboard.press("l")
    ws.click(page, *GREEN)
    assert work.settle() == []
    expect(page.get_by_role("status")).to_contain_text("draws around")


def test_the_next_step_of_grow_is_shown_before_it_is_taken(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=30)
    page.keyboard.press("g")
    page.mouse.move(*ws.at(page, *BLUE))
    # Where it grows is known when the colours have come.
    ws.eventually(page, lambda: lit(page).any())
    for _ in range(3):
        lit_before, told = lit(page), page.locator("#part-size").inner_text()
        before = work.expected.included.copy()
        page.mouse.click(*ws.at(page, *BLUE))
        work.check("grow")
        added = work.expected.included & ~before
        assert np.array_equal(lit_before, added[work.labels])
        share = 100 * work.expected.included[work.labels].mean()
        assert abs(float(told.split()[1].rstrip("%")) - share) <= 0.5
        assert told.startswith("Next: ")
        # The pointer rests, and the step after this one is there already.
        page.wait_for_timeout(50)

    # With Shift it is the way back.
    before = work.expected.included.copy()
    page.keyboard.down("Shift")
    shown = lit(page)
    page.mouse.click(*ws.at(page, *BLUE))
    page.keyboard.up("Shift")
    work.check("shrink")
    assert np.array_equal(shown, (before & ~work.expected.included)[work.labels])
    page.keyboard.press("c")
    page.mouse.move(*ws.at(page, *RED))
    expect(page.locator("#part-size")).to_be_hidden()


CYRILLIC = {"z": "я", "y": "н", "l": "д", "x": "ч", "[": "х", "]": "ъ"}
CODES = {"[": "BracketLeft", "]": "BracketRight"}
PRESS = """([key, code, held]) => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...held }))"""


def press_cyrillic(page: Page, sign: str, **held: bool) -> None:
    key = CYRILLIC[sign].upper() if held.get("shiftKey") else CYRILLIC[sign]
    page.evaluate(PRESS, [key, CODES.get(sign, f"Key{sign.upper()}"), held])


def test_shortcuts_work_where_the_keyboard_types_another_script(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    ws.click(page, *RED)
    work.check("toggle")
    before = work.expected
    press_cyrillic(page, "z", ctrlKey=True)
    assert [gesture["tool"] for gesture in work.settle(1)] == ["undo"]
    press_cyrillic(page, "z", ctrlKey=True, shiftKey=True)
    press_cyrillic(page, "z", ctrlKey=True)
    press_cyrillic(page, "y", ctrlKey=True)
    assert [gesture["tool"] for gesture in work.settle(3)] == ["redo", "undo", "redo"]
    work.shows(before)
    press_cyrillic(page, "l")
    expect(page.locator("input[name=pointer][value=lasso]")).to_be_checked()
    press_cyrillic(page, "x")
    expect(page.locator("input[name=mode][value=exclude]")).to_be_checked()
    level = work.level
    press_cyrillic(page, "]")
    assert work.level > level
    finer = work.level
    press_cyrillic(page, "[")
    assert work.level < finer


def test_a_latin_layout_is_taken_at_its_word(page: Page) -> None:
    ws.Workspace(page, ws.public_photo())
    meant = page.evaluate(
        """async (events) => {
            const { meant } = await import("/static/js/lib/keys.js");
            return events.map(([key, code]) => meant({ key, code }));
        }""",
        [
            ["z", "KeyY"],  # German
            ["ü", "BracketLeft"],
            ["à", "Digit0"],  # French
            [";", "KeyZ"],  # Dvorak
            [".", "KeyE"],
            ["ζ", "KeyZ"],  # Greek
            ["ץ", "Period"],  # Hebrew
            ["٠", "Digit0"],  # Arabic
            ["B", "KeyB"],
            ["ArrowUp", "ArrowUp"],
            ["Enter", ""],
        ],
    )
    assert meant == ["z", "ü", "à", ";", ".", "z", ".", "0", "b", "ArrowUp", "Enter"]


def test_alt_and_the_wheel_step_through_the_tree_under_the_pointer(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=20)
    page.keyboard.press("c")  # two quick clicks of the object tool would be a double click
    page.mouse.move(*ws.at(page, *RED))
    cut = work.tree.cut(20)
    region = (cut == cut[work.labels[40, 30]])[work.labels]
    ws.covers(page, "#hover", region)
    expect(page.locator("#part-size")).to_be_hidden()

    # Upwards the parts grow, each a node of the tree, and their size stands beside the pointer.
    nodes = [node_members(work.tree.parents, node)[work.labels] for node in work.nodes_over(*RED)]
    shares = [region.mean()]
    for _ in range(2):
        turn(page, -100, RED, altKey=True)
        shown = lit(page)
        assert any(np.array_equal(shown, node) for node in nodes)
        shares.append(shown.mean())
        text = page.locator("#part-size").inner_text()
        assert text.endswith("% of the photo")
        assert abs(float(text.split("%")[0]) - 100 * shown.mean()) <= 0.5
    assert shares[0] < shares[1] < shares[2]
    expect(page.locator("#zoom")).to_have_text("100%")

    # A click means that part, and another one takes it back.
    chosen = lit(page)
    page.mouse.click(*ws.at(page, *RED))
    sent = work.check("toggle", level="20")
    assert sent["node"]
    assert np.array_equal(work.expected.included[work.labels], chosen)
    page.mouse.click(*ws.at(page, *RED))
    work.check("toggle")
    assert work.expected.is_empty

    # Small turns of a trackpad add up; downwards the parts shrink, to less than a region too.
    for _ in range(3):
        turn(page, 15, RED, altKey=True)
    assert lit(page).mean() == pytest.approx(shares[1])
    for _ in range(9):
        turn(page, 100, RED, altKey=True)
    assert np.array_equal(lit(page), work.labels == work.labels[40, 30])
    page.mouse.click(*ws.at(page, *RED))
    work.check("toggle")
    assert work.expected.included.sum() == 1

    # Elsewhere the level counts again.
    page.mouse.move(*ws.at(page, *BLUE))
    page.mouse.click(*ws.at(page, *BLUE))
    assert "node" not in work.check("toggle")
    # A pinch on a trackpad is a wheel with Ctrl, and zooms whatever else is held.
    turn(page, -50, BLUE, ctrlKey=True, altKey=True)
    expect(page.locator("#zoom")).not_to_have_text("100%")
    page.keyboard.press("0")
    turn(page, -50, BLUE, ctrlKey=True)
    expect(page.locator("#zoom")).not_to_have_text("100%")


def test_every_tool_that_takes_a_click_takes_the_part(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=30)
    for key, tool in [("b", "paint"), ("g", "grow"), ("s", "similar")]:
        page.get_by_role("button", name="Clear").click()
        work.check("clear")
        page.keyboard.press(key)
        page.mouse.move(*ws.at(page, *RED))
        turn(page, -100, RED, altKey=True)
        shown = lit(page)
        node = next(
            node
            for node in work.nodes_over(*RED)
            if np.array_equal(node_members(work.tree.parents, node)[work.labels], shown)
        )
        page.mouse.click(*ws.at(page, *RED))
        assert int(work.check(tool)["node"]) == node
        assert work.expected.included[node_members(work.tree.parents, node)].all()


def test_alt_and_the_arrows_step_through_the_tree_by_keyboard(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=30)
    told = ws.announcements(page)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    region = lit(page)
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    larger = lit(page)
    assert larger.sum() > region.sum()
    assert [text.split(" of ")[0] for text in told()] == ["Region", "Part", "Part"]
    assert told()[-1].endswith("of the photo, not selected.")
    page.keyboard.press("Enter")
    sent = work.check("toggle")
    members = node_members(work.tree.parents, int(sent["node"]))
    assert np.array_equal(work.expected.included, members)
    page.keyboard.press("Alt+ArrowDown")
    smaller = lit(page)
    assert smaller.sum() < larger.sum()
    assert told()[-1].endswith(", included.")
    # Walking on means regions again.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert "node" not in work.check("toggle")
