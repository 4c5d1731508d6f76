"""A detail of a large photo: its box drawn with the mouse, a finger or keys, or given in numbers, and then opened."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from selector.models import Cut, Photo
from selector.services import details
from selector.services.photos import store_photo
from tests.browser import workspace as ws
from tests.browser.test_accessibility import Inspection, inspection
from tests.pictures import eighths, image_file

__all__ = ["inspection"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
WIDTH, HEIGHT = 2000, 1000


@pytest.fixture
def sheet(alice: User) -> Photo:
    return store_photo(image_file(eighths(WIDTH, HEIGHT)), "sheet.jpg", owner=alice)


def sign_in(context: BrowserContext, client: Client, live_server: LiveServer) -> None:
    (cookie,) = client.cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


@pytest.fixture
def drawing(page: Page, alice_client: Client, live_server: LiveServer, sheet: Photo) -> Page:
    """The page on which alice draws a box."""
    sign_in(page.context, alice_client, live_server)
    open_page(page, sheet)
    return page


def open_page(page: Page, sheet: Photo) -> None:
    page.goto(f"/photos/{sheet.pk}/detail/")
    expect(page.locator("#frame")).to_be_visible()


def frame(page: Page) -> list[int]:
    """Left, top, width and height of the box, as they will be sent; what is seen must be the same."""
    sent = [int(page.locator(f"#{name}").input_value()) for name in ("left", "top", "width", "height")]
    ws.eventually(page, is_seen, page, sent)
    size = page.locator("#frame_size")
    expect(size).to_have_text(f"{sent[2]:,} × {sent[3]:,} pixels of the original")
    return sent


def is_seen(page: Page, box: list[int]) -> None:
    seen, around = ws.box_of(page.locator("#frame")), ws.box_of(page.locator(".frame-layers"))
    scale = WIDTH / around["width"]
    shown = [seen["x"] - around["x"], seen["y"] - around["y"], seen["width"], seen["height"]]
    assert [number * scale for number in shown] == pytest.approx(box, abs=2 * scale)


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    around = ws.box_of(page.locator(".frame-layers"))
    return around["x"] + x / WIDTH * around["width"], around["y"] + y / HEIGHT * around["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    here, there = on_screen(page, *start), on_screen(page, *end)
    page.mouse.move(*here)
    page.mouse.down()
    page.mouse.move(*there, steps=4)
    page.mouse.up()


def test_a_box_is_drawn_moved_and_resized_with_the_mouse_and_opened(drawing: Page, sheet: Photo) -> None:
    page = drawing
    assert frame(page) == [500, 250, 1000, 500]
    drag(page, (100, 100), (400, 300))
    assert frame(page) == pytest.approx([100, 100, 300, 200], abs=4)
    drag(page, (200, 200), (500, 250))
    assert frame(page) == pytest.approx([400, 150, 300, 200], abs=4)
    drag(page, (700, 350), (1000, 950))
    assert frame(page) == pytest.approx([400, 150, 600, 800], abs=6)
    # Beyond the edges it stays inside.
    drag(page, (500, 500), (-900, 1400))
    assert frame(page)[:2] == [0, pytest.approx(200, abs=6)]
    page.get_by_role("button", name="Open the detail").click()
    expect(page.get_by_role("heading", name="Cutting the detail")).to_be_visible()
    details.make(Cut.objects.get().pk)
    page.wait_for_url("**/photos/*/")
    ws.ready(page)
    expect(page.get_by_role("link", name="Detail of sheet.jpg")).to_be_visible()
    assert Photo.objects.get(cut_from=sheet).cut_box == Cut.objects.get().box


def test_all_of_it_by_keyboard(drawing: Page, sheet: Photo) -> None:
    page = drawing
    stage = page.locator("#frame_stage")
    stage.focus()
    # 20 pixels each: a hundredth of the picture.
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert frame(page) == [460, 270, 1020, 480]
    for _ in range(40):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("ArrowUp")
    assert frame(page) == [460, 0, 220, 480]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cutting the detail")).to_be_visible()
    assert Cut.objects.get().box == [460, 0, 680, 480]


@pytest.mark.usefixtures("expects_refusal")
def test_numbers_are_brought_inside_and_escape_leaves_step_by_step(drawing: Page, sheet: Photo) -> None:
    page = drawing
    page.get_by_text("In numbers").click()
    for name, number in (("left", "1900"), ("width", "10")):
        page.locator(f"#{name}").fill(number)
        page.locator(f"#{name}").press("Tab")
    before = frame(page)
    assert before == [1900, 250, 64, 500]
    with_version = page.locator("input[name=version]")
    with_version.evaluate("(field) => { field.value = 'of another working copy'; }")
    page.get_by_role("button", name="Open the detail").click()
    expect(page.get_by_text("This photo has changed in another window.")).to_be_visible()
    open_page(page, sheet)
    before = frame(page)
    page.mouse.move(*on_screen(page, 100, 100))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 400, 400), steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert frame(page) == before
    page.get_by_text("In numbers").click()
    page.keyboard.press("Escape")
    expect(page.locator("#left")).to_be_hidden()
    page.keyboard.press("Escape")
    page.wait_for_url(f"**{sheet.get_absolute_url()}")
    expect(page.get_by_role("link", name="Select on a detail")).to_be_visible()
    assert not Cut.objects.exists()


def test_a_finger_draws_on_a_phone(
    browser: Browser, alice_client: Client, live_server: LiveServer, sheet: Photo
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    context = browser.new_context(base_url=live_server.url, **phone)  # type: ignore[arg-type]
    sign_in(context, alice_client, live_server)
    page = context.new_page()
    open_page(page, sheet)
    session = context.new_cdp_session(page)
    touches = [on_screen(page, *point) for point in ((100, 100), (500, 400), (900, 800))]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), touches, strict=True):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    ws.eventually(page, lambda: frame(page) == pytest.approx([100, 100, 800, 700], abs=12))
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    # In the workspace the way here stands in the line of the tools, which scrolls.
    page.goto(sheet.get_absolute_url())
    tool, button = page.locator("label[title^=Brush]"), page.locator("[data-detail]")
    ws.eventually(page, lambda: ws.box_of(tool)["y"] == pytest.approx(ws.box_of(button)["y"], abs=8))


def test_numbers_do_without_javascript(
    browser: Browser, alice_client: Client, live_server: LiveServer, sheet: Photo
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, alice_client, live_server)
    page = context.new_page()
    page.goto(f"/photos/{sheet.pk}/detail/")
    page.get_by_text("In numbers").click()
    page.locator("#width").fill("100")
    page.get_by_role("button", name="Open the detail").click()
    expect(page.get_by_role("heading", name="Cutting the detail")).to_be_visible()
    details.make(Cut.objects.get().pk)
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("link", name="Open the detail").click()
    expect(page).to_have_url(re.compile(str(Cut.objects.get().detail_id)))


def test_every_state_can_be_used_by_everybody(
    inspection: Inspection, alice_client: Client, live_server: LiveServer, sheet: Photo
) -> None:
    sign_in(inspection.page.context, alice_client, live_server)
    inspection.visit(f"/photos/{sheet.pk}/detail/")
    inspection.page.get_by_text("In numbers").click()
    inspection.look("in numbers")
    cut = Cut.objects.create(photo=sheet, box=[0, 0, 100, 100], quarter_turns=0, owner=sheet.owner)
    inspection.visit(f"/details/{cut.pk}/")
    cut.give_up("It cannot be cut.")
    inspection.visit(f"/details/{cut.pk}/", "a cut that failed")
    inspection.visit("/photos/")
    assert inspection.found == []
