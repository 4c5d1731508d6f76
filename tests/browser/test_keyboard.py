"""The workspace without a mouse: everything is reached, nothing is a trap, and each change is said once."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import workspace as ws

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("few_superpixels", "compiled"),
]

FOCUSED = """() => {
  const it = document.activeElement;
  if (it === document.body) return { name: "" };
  // Of a radio button or the slider it is the drawn part that shows the focus.
  const drawn = it.type === "radio" ? it.parentElement : it.type === "range" ? it.nextElementSibling : it;
  const { outlineStyle, outlineWidth } = getComputedStyle(drawn);
  return {
    name: it.id || it.getAttribute("aria-label") || it.name || it.textContent.trim(),
    ring: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1,
  };
}"""


def lit(page: Page) -> np.ndarray:
    """Where the focus of the keyboard is drawn, bool (H, W)."""
    return ws.layer(page, "#hover")[..., 3] > 0


def test_tab_goes_everywhere_and_on(page: Page) -> None:
    ws.Workspace(page, ws.public_photo())
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["name"] in ["", *seen]:
            break
        assert focused["ring"], focused
        seen.append(focused["name"])
    wanted = ["pointer", "stage", "splitter", "fit", "background", "undo", "redo", "clear", "invert", "Detail", "mode"]
    wanted.append("search")
    assert [name for name in seen if name in wanted] == wanted
    assert {"Download", "Zoom in", "Fit the photo"} <= set(seen)

    # Backwards out of the stage too, whatever was done in it.
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED)["name"] == seen[seen.index("stage") - 1]

    # The tools by arrow keys, as in any group of radio buttons.
    page.locator("input[name=pointer][value=object]").focus()
    chosen = []
    for _ in range(7):
        chosen.append(page.evaluate("document.querySelector('input[name=pointer]:checked').value"))
        page.keyboard.press("ArrowRight")
    assert chosen == ["object", "toggle", "paint", "lasso", "rectangle", "grow", "similar"]


def test_arrows_walk_and_enter_selects_and_each_change_is_said_once(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=8)
    said = ws.announcements(page)
    page.locator("#stage").focus()
    page.keyboard.press("Enter")
    assert work.settle() == [], "it only shows where the keyboard is"
    start = lit(page)
    assert start[80, 120] or start[79, 119]
    assert [bool(re.fullmatch(r"Region of \d+% of the photo, not selected\.", text)) for text in said()] == [True]

    # Round the photo, from one eighth to the next.
    for key in ["ArrowLeft"] * 4 + ["ArrowUp"] * 2:
        page.keyboard.press(key)
    assert lit(page)[40, 30] and not lit(page)[40, 150]
    page.keyboard.press("ArrowRight")
    assert lit(page)[40, 90]
    page.keyboard.press("ArrowDown")
    assert lit(page)[120, 90] and not lit(page)[30, 90]
    # A ring of white beside black, to be seen on any photo.
    ring = {tuple(pixel) for pixel in ws.layer(page, "#hover").reshape(-1, 4).tolist()}
    assert {(255, 255, 255, 255), (0, 0, 0, 255)} <= ring

    for verb in ["added", "removed", "added"]:
        already = len(said())
        page.keyboard.press("Enter")
        sent = work.check("toggle")
        (point,) = ws.points_of(sent)
        assert work.labels[int(point[1]), int(point[0])] in np.unique(work.labels[100:140, 70:110])
        share = work.expected.included[work.labels].mean()
        rest = f"{share:.0%} selected." if share else "nothing is selected."
        assert said()[already:] == [f"Region {verb}, {rest}"]


def test_page_down_passes_every_region(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=30)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    for _ in range(29):
        page.keyboard.press("PageDown")
        page.keyboard.press("Enter")
    for key in ["PageDown", "PageDown", "PageUp", "Enter"]:
        page.keyboard.press(key)
    work.check(*["toggle"] * 30)
    assert work.expected.included.all()


def test_enter_does_what_a_click_with_the_tool_would_do(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    said = ws.announcements(page)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("g")
    page.keyboard.press("Enter")
    work.check("grow")
    page.keyboard.press("Shift+Enter")
    work.check("shrink")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    work.check("similar", everywhere="")
    page.keyboard.press("b")
    page.keyboard.press("Alt+Enter")
    work.check("paint", remove="true")
    already = len(said())
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    work.check("paint", mode="exclude")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    work.settle(2)
    assert [text.split(",")[0] for text in said()[already:]] == ["Region excluded", "Undone", "Undone"]


def test_the_focus_is_kept_and_shown(page: Page) -> None:
    """At another level, on coming back to the stage, and when the photo is zoomed in on something else."""
    ws.Workspace(page, ws.public_photo(), level=8)
    page.locator("#stage").focus()
    for key in ["ArrowRight", "ArrowLeft", "ArrowDown"]:
        page.keyboard.press(key)
    y, x = np.argwhere(lit(page)).mean(axis=0).astype(int)
    page.keyboard.press("]")
    assert lit(page).any()
    page.keyboard.press("[")
    assert lit(page)[y, x]
    page.keyboard.press("Shift+Tab")
    assert not lit(page).any()
    page.keyboard.press("Tab")
    assert lit(page)[y, x]
    page.mouse.move(*ws.at(page, 230, 20))
    page.mouse.wheel(0, -900)
    expect(page.locator("#zoom")).not_to_have_text("100%")
    page.keyboard.press("ArrowLeft")
    stage, ring_box = ws.box_of(page.locator("#stage")), np.argwhere(lit(page))
    y, x = ring_box.mean(axis=0)
    shown = ws.at(page, x, y)
    assert stage["x"] < shown[0] < stage["x"] + stage["width"]
    assert stage["y"] < shown[1] < stage["y"] + stage["height"]


def test_who_asks_for_less_motion_gets_none(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page(base_url=live_server.url, reduced_motion="reduce")
    work = ws.Workspace(page, ws.public_photo())
    moving = """document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 0)
        .map((one) => one.transitionProperty ?? one.animationName)"""
    page.hover("#undo")
    ws.click(page, 30, 40)
    assert page.evaluate(moving) == []
    work.check("toggle")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("aside#drawer")).to_be_visible()
    assert page.evaluate(moving) == []
    ws.until(page, "document.getElementById('drawer').getBoundingClientRect().x === 0")
    page.keyboard.press("Escape")
    assert page.evaluate(moving) == []
    page.close()
