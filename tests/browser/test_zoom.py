"""Zooming and panning, and that a click means what is under it however the photo is shown."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import workspace as ws
from tests.pictures import eighths

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("few_superpixels", "compiled"),
]


# What the mouse of a test turns comes in steps of the screen's pixels, which differ.
WHEEL = """([deltaY, clientX, clientY]) => document.getElementById("stage").dispatchEvent(
    new WheelEvent("wheel", { deltaY, clientX, clientY, cancelable: true }))"""


def scale(page: Page) -> float:
    """How large the photo is shown against how large it is when it fits."""
    return float(
        ws.box_of(page.locator("#photo"))["width"] / page.locator("#photo").evaluate("photo => photo.offsetWidth")
    )


def colour_at(page: Page, x: float, y: float) -> npt.NDArray[np.float64]:
    """What a person sees in one CSS pixel."""
    screenshot = page.screenshot(clip={"x": x - 0.5, "y": y - 0.5, "width": 1, "height": 1})
    shown = Image.open(io.BytesIO(screenshot)).convert("RGB")
    colour: npt.NDArray[np.float64] = np.asarray(shown).reshape(-1, 3).mean(axis=0)
    return colour


def looks_like(page: Page, x: float, y: float, colour: ws.Pixels) -> bool:
    return bool(np.abs(colour_at(page, x, y) - colour).max() < 30)


def is_shown(page: Page, x: float, y: float) -> bool:
    box = ws.box_of(page.locator("#stage"))
    return box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_a_click_toggles_what_is_under_it_at_every_zoom(browser: Browser, live_server: LiveServer, ratio: int) -> None:
    page = browser.new_page(
        base_url=live_server.url, viewport={"width": 1000, "height": 600}, device_scale_factor=ratio
    )
    work = ws.Workspace(page, ws.public_photo(), level=60)
    # No outline in the way of what is compared with the photo's colours.
    page.locator("#outline").evaluate("outline => { outline.hidden = true; }")
    corner = work.middle(int(work.labels[150, 230]))
    clicks: dict[float, ws.Points] = {1.0: [(47, 33), corner], 2.7: [(200, 30)], 8.0: [(41, 121), corner]}
    for factor, points in clicks.items():
        for x, y in points:
            page.keyboard.press("0")
            page.evaluate(WHEEL, [-500 * np.log(factor), *ws.at(page, x, y)])
            assert scale(page) == pytest.approx(factor, rel=1e-3)
            clicked = ws.at(page, x, y)
            assert is_shown(page, *clicked)
            page.mouse.move(5, 5)
            # The screen agrees with the layers' boxes about where that point is.
            ws.eventually(page, looks_like, page, *clicked, eighths()[int(y), int(x)])
            page.mouse.click(*clicked)
            sent = work.check("toggle")
            assert np.abs(np.subtract(ws.points_of(sent)[0], (x, y))).max() < 1
            assert work.expected.included[work.labels[int(y), int(x)]]
            page.keyboard.press("Control+z")
            work.settle(1)
            work.expected = type(work.expected).empty(work.label_map.n_superpixels)
    page.close()


def test_every_way_to_zoom_and_pan(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    home = tuple(round(x) for x in ws.at(page, 60, 60))
    point = ws.under(page, *home)

    # The wheel zooms around the pointer, to eight times and no further; the photo cannot be lost.
    page.mouse.move(*home)
    page.mouse.wheel(0, -300)
    ws.until(page, "document.getElementById('zoom').textContent !== '100%'")
    assert ws.at(page, *point) == pytest.approx(home, abs=0.5)
    page.mouse.wheel(0, -9000)
    ws.until(page, "document.getElementById('zoom').textContent === '800%'")
    assert ws.at(page, *point) == pytest.approx(home, abs=0.5)
    page.mouse.wheel(0, 9000)
    ws.until(page, "document.getElementById('zoom').textContent === '100%'")

    # A trackpad's pinch is a wheel with Ctrl, in finer steps.
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    ws.until(page, "document.getElementById('zoom').textContent !== '100%'")
    assert scale(page) == pytest.approx(np.exp(1), rel=0.01)
    assert page.evaluate("window.visualViewport.scale") == 1

    # Dragging with the space bar held moves the photo and draws nothing; so does the middle button.
    before = ws.at(page, *point)
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(home[0] - 40, home[1] - 25, steps=3)
    page.mouse.up()
    page.keyboard.up(" ")
    assert ws.at(page, *point) == pytest.approx((before[0] - 40, before[1] - 25), abs=0.5)
    page.mouse.down(button="middle")
    page.mouse.move(*home, steps=3)
    page.mouse.up(button="middle")
    assert ws.at(page, *point) == pytest.approx(before, abs=0.5)

    # Keys and buttons.
    page.keyboard.press("0")
    expect(page.locator("#zoom")).to_have_text("100%")
    page.keyboard.press("+")
    expect(page.locator("#zoom")).to_have_text("150%")
    page.keyboard.press("-")
    expect(page.locator("#zoom")).to_have_text("100%")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom out").click()
    expect(page.locator("#zoom")).to_have_text("150%")
    page.get_by_role("button", name="Fit the photo").click()
    expect(page.locator("#zoom")).to_have_text("100%")
    assert ws.at(page, *point) == pytest.approx(home, abs=0.5)
    assert work.settle() == []


def test_the_space_bar_pans_after_a_button_was_clicked_and_presses_it_from_the_keyboard(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    page.get_by_role("button", name="Invert").click()
    work.check("invert")
    page.mouse.move(*ws.at(page, 60, 60))
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(*ws.at(page, 90, 60))
    page.mouse.up()
    page.keyboard.up(" ")
    assert work.settle() == []
    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    work.check("invert")


def test_a_window_that_changes_keeps_the_part_in_view(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    page.mouse.move(*ws.at(page, 200, 120))
    page.mouse.wheel(0, -700)
    ws.until(page, "document.getElementById('zoom').textContent !== '100%'")
    ws.resize(page, 900, 700)
    ws.eventually(page, lambda: is_shown(page, *ws.at(page, 200, 120)))
    ws.click(page, 200, 120)
    sent = work.check("toggle")
    assert np.abs(np.subtract(ws.points_of(sent)[0], (200, 120))).max() < 1


PREVIEWED = "#preview .layers"


def is_red(page: Page, selector: str, places: ws.Points) -> None:
    """At places given in shares of what is seen."""
    seen = ws.shown(page, selector)
    for x, y in places:
        assert np.abs(seen[int(y * len(seen)), int(x * seen.shape[1])].astype(int) - (200, 40, 40)).max() < 30


def is_red_before(page: Page, dark: bool) -> None:
    """The first eighth is red, on a background that is dark or is not."""
    is_red(page, PREVIEWED, [(0.125, 0.25)])
    seen = ws.shown(page, PREVIEWED)
    assert (seen[int(0.75 * len(seen)), int(0.87 * seen.shape[1])].max() < 80) == dark


def test_the_preview_is_enlarged_and_downloaded(page: Page, settings: Any) -> None:
    settings.PUBLIC_ORIGINALS = True
    work = ws.Workspace(page, ws.public_photo(), level=8)
    expect(page.locator("#summary")).to_have_text("Nothing is selected.")
    ws.click(page, 30, 40)
    work.check("toggle")
    share = work.expected.included[work.labels].mean()
    expect(page.locator("#summary")).to_have_text(f"{share:.0%} selected.")

    # Fitted, the red eighth fills the preview's middle; without it lies where it lies in the photo.
    page.get_by_label("Fit to selection").check()
    ws.eventually(page, is_red, page, "#preview", [(0.5, 0.5), (0.45, 0.2), (0.55, 0.8)])
    page.get_by_label("Fit to selection").uncheck()
    for background, dark in [("white", False), ("dimmed", True), ("checkered", False)]:
        page.get_by_label("Background").select_option(background)
        ws.eventually(page, is_red_before, page, dark)
    shown = ws.shown(page, PREVIEWED)
    assert len(np.unique(shown[int(0.6 * len(shown)) :, shown.shape[1] // 2 :].reshape(-1, 3), axis=0)) > 1

    for name in ["PNG, 240 × 160", "PNG, original resolution"]:
        page.locator("summary", has_text="Download").click()
        with page.expect_download() as started:
            page.get_by_role("link", name=name).click()
        assert started.value.suggested_filename == "eighths selection.png"
        pixels = np.asarray(Image.open(started.value.path()))
        rows, columns = np.nonzero(work.expected.included[work.labels])
        assert pixels.shape == (np.ptp(rows) + 1, np.ptp(columns) + 1, 4)
        assert (pixels[..., 3] > 0).sum() == len(rows)
        page.locator("summary", has_text="Download").click()
