"""The object tool with the mouse, a finger, the keyboard and without JavaScript, on the astronaut of the demo."""

from __future__ import annotations

from typing import Any

import pytest
import skimage.data
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from selector.models import Photo, Selection
from selector.services import label_maps
from tests.browser import workspace as ws
from tests.browser.test_touch import Fingers, between

pytestmark = pytest.mark.django_db(transaction=True)

# Places on the astronaut: on the suit's breast, its arm and the white strap; on the helmet, the rocket and the wall.
BREAST, ARM, HELMET, ROCKET, WALL = (150, 400), (90, 300), (440, 400), (385, 130), (320, 60)
SUIT = [(30, 190), (390, 511)]


@pytest.fixture
def astronaut(settings: Any) -> Photo:
    settings.N_SUPERPIXELS = 600
    return ws.public_photo(skimage.data.astronaut())


def selected(photo: Photo) -> list[bool]:
    """Which of the places are selected: breast, arm, helmet, rocket and wall."""
    selection = Selection.objects.get()
    mask = selection.superpixels.included[label_maps.load(selection.label_map).labels]
    return [bool(mask[y, x]) for x, y in (BREAST, ARM, HELMET, ROCKET, WALL)]


def outline(page: Page) -> str:
    """What is drawn of the object that is anticipated; empty while nothing is seen of it."""
    shown = page.evaluate("getComputedStyle(document.getElementById('anticipated')).visibility") == "visible"
    return (page.locator("#anticipated path").first.get_attribute("d") or "") if shown else ""


def test_the_suit_in_one_drag_one_correction_undo_and_search(page: Page, astronaut: Photo) -> None:
    work = ws.Workspace(page, astronaut, level=60)
    page.keyboard.down("Shift")
    corner, opposite = ws.at(page, *SUIT[0]), ws.at(page, *SUIT[1])
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(*opposite, steps=4)
    ws.until(page, "document.querySelector('#anticipated path').getAttribute('d')")
    assert outline(page) and work.settle() == []
    page.mouse.up()
    page.keyboard.up("Shift")
    (sent,) = work.settle(1)
    assert (sent["tool"], sent["start"]) == ("object", "box")
    assert selected(astronaut)[0] and not any(selected(astronaut)[3:])
    expect(page.locator("#status")).to_contain_text("Object added")
    ws.eventually(page, lambda: outline(page) == "")
    before = Selection.objects.get().superpixels

    page.get_by_role("button", name="Remove", exact=True).click()
    work.drag(BREAST, (BREAST[0] + 12, BREAST[1]))
    (sent,) = work.settle(1)
    assert (sent["tool"], sent["remove"]) == ("correct", "true")
    assert not selected(astronaut)[0]
    page.keyboard.down("Alt")
    ws.click(page, *BREAST)
    page.keyboard.up("Alt")
    work.settle(1)
    assert selected(astronaut)[0] and Selection.objects.get().position == 3
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    work.settle(2)
    assert Selection.objects.get().superpixels == before
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#drawer")).to_be_visible()


def test_a_path_that_closes_is_a_loop_and_an_open_one_a_stroke(page: Page, astronaut: Photo) -> None:
    work = ws.Workspace(page, astronaut, level=60)
    work.drag((370, 20), (350, 220), (420, 260), (420, 30), (375, 15))
    work.drag((100, 260), (90, 300), (120, 420), steps=3)
    # There and back is no loop.
    work.drag((380, 60), (385, 150), (390, 220), (385, 150), (381, 62), steps=3)
    assert [gesture["start"] for gesture in work.settle(3)] == ["loop", "stroke", "stroke"]
    assert Selection.objects.get().position == 3
    assert selected(astronaut)[1] and selected(astronaut)[3]


def test_a_click_selects_a_region_and_a_double_click_the_thing(page: Page, astronaut: Photo) -> None:
    work = ws.Workspace(page, astronaut, level=60)
    ws.click(page, *WALL)
    work.check("toggle")
    page.wait_for_timeout(500)  # or it were a double click
    page.mouse.dblclick(*ws.at(page, *ROCKET))
    first, second = work.settle(2)
    assert (first["tool"], second["tool"], second["start"]) == ("toggle", "object", "tap")
    assert selected(astronaut)[3] and Selection.objects.get().position == 2
    page.keyboard.press("Control+z")
    work.settle(1)
    work.shows(work.expected)


def test_a_long_press_takes_the_thing_and_escape_gives_up(page: Page, astronaut: Photo) -> None:
    work = ws.Workspace(page, astronaut, level=60)
    page.mouse.move(*ws.at(page, *ROCKET))
    page.mouse.down()
    ws.until(page, "document.querySelector('.layers.anticipating, #undo[aria-disabled=false]')")
    page.mouse.up()
    assert [gesture["start"] for gesture in work.settle(1)] == ["tap"]
    assert selected(astronaut)[3]
    breast, arm = ws.at(page, *BREAST), ws.at(page, *ARM)
    page.mouse.move(*breast)
    page.mouse.down()
    page.mouse.move(*arm, steps=4)
    page.keyboard.press("Escape")
    ws.eventually(page, lambda: outline(page) == "" and not page.locator("#drawing polyline").get_attribute("points"))
    page.mouse.up()
    assert work.settle() == []


def test_by_keyboard(page: Page, astronaut: Photo) -> None:
    work = ws.Workspace(page, astronaut, level=60)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Enter")
    (sent,) = work.settle(1)
    assert (sent["tool"], sent["start"]) == ("object", "tap")
    sizes = [Selection.objects.get().superpixels.included.sum()]
    for key in ".,":
        page.keyboard.press(key)
        assert len(work.settle(1)) == 1
        sizes.append(Selection.objects.get().superpixels.included.sum())
    assert sizes[0] < sizes[1] and sizes[2] == sizes[0]
    page.keyboard.press("Enter")
    assert work.settle(1)[0]["tool"] == "toggle"


def test_another_tab_goes_on_with_the_object(page: Page, astronaut: Photo) -> None:
    work = ws.Workspace(page, astronaut, level=60)
    page.keyboard.down("Shift")
    work.drag(*SUIT)
    page.keyboard.up("Shift")
    work.settle(1)
    other = page.context.new_page()
    there = ws.Workspace(other, astronaut, level=60)
    other.get_by_role("button", name="Remove", exact=True).click()
    ws.click(other, *BREAST)
    there.settle(1)
    assert not selected(astronaut)[0]
    assert len(Selection.objects.get().object_steps()) == 2


def test_with_a_finger(browser: Browser, live_server: LiveServer, compiled: None, astronaut: Photo) -> None:
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    work = ws.Workspace(page, astronaut, level=60)
    page.get_by_title("Drag a box").tap()
    fingers = Fingers(page)
    fingers.drag(between(ws.at(page, *SUIT[0]), ws.at(page, *SUIT[1])))
    (sent,) = work.settle(1)
    assert sent["start"] == "box" and selected(astronaut)[0]
    page.get_by_role("button", name="Remove", exact=True).tap()
    page.touchscreen.tap(*ws.at(page, *BREAST))
    assert [gesture["tool"] for gesture in work.settle(1)] == ["correct"]
    assert not selected(astronaut)[0]
    page.get_by_role("button", name="Remove", exact=True).tap()
    # Two fingers move the photo, and draw nothing.
    places = [ws.at(page, *point) for point in ((100, 100), (200, 200))]
    fingers.drag(between(places[0], (60, 200)), between(places[1], (300, 300)))
    assert work.settle() == []


def test_without_javascript_two_clicks_box_an_object(
    browser: Browser, live_server: LiveServer, compiled: None, astronaut: Photo
) -> None:
    page = browser.new_context(base_url=live_server.url, java_script_enabled=False).new_page()
    page.goto(astronaut.get_absolute_url())
    page.locator("label:has([name=click][value=corner])").click()
    stage = page.locator("input[type=image]")
    stage.click(position={"x": SUIT[0][0], "y": SUIT[0][1]})
    expect(page.locator(".next-corner")).to_be_visible()
    assert not Selection.objects.exists()
    stage.click(position={"x": SUIT[1][0], "y": SUIT[1][1] - 1})
    expect(page.locator("#summary")).not_to_contain_text("Nothing")
    assert selected(astronaut)[0] and not any(selected(astronaut)[3:])
    page.get_by_role("button", name="Smaller").click()
    ws.eventually(page, lambda: Selection.objects.get().position == 2)


def test_less_motion_means_a_still_outline(page: Page, astronaut: Photo) -> None:
    ws.Workspace(page, astronaut, level=60)
    moves = "document.getAnimations().length > 0"
    ws.until(page, f"!({moves})")
    arm, breast = ws.at(page, *ARM), ws.at(page, *BREAST)
    page.mouse.move(*arm)
    page.mouse.down()
    page.mouse.move(*breast, steps=3)
    ws.until(page, moves)
    page.emulate_media(reduced_motion="reduce")
    ws.until(page, f"!({moves})")
    ws.until(page, "getComputedStyle(document.getElementById('anticipated')).visibility === 'visible'")
    page.keyboard.press("Escape")
    page.mouse.up()
