"""Where things are: nothing jumps while a page loads, the workspace fits the window, and a phone shows all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, Route, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from gallery.collection.importing import Details, add_public
from gallery.models import Search
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]

# https://wicg.github.io/layout-instability/: each shift with the elements that moved.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.shifts.push([entry.value, entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
}).observe({ type: "layout-shift", buffered: true });
"""
PIXELS_OUTSIDE = "[scrollingElement.scrollWidth - innerWidth, scrollingElement.scrollHeight - innerHeight]"
# What would move: transitions that take time, and animations that run.
MOTION = """[
  ...[...document.querySelectorAll("*")].filter((e) => !getComputedStyle(e).transitionDuration.match(/^(0s(, )?)+$/)),
  ...document.getAnimations().filter((a) => a.playState === "running" && a.effect.getTiming().duration > 0)
    .map((a) => a.effect.target),
].map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture
def collection() -> None:
    for pixels, name in ((eighths(), "wide.jpg"), (eighths(160, 240), "tall.jpg")):
        add_public(image_file(pixels), name, Details(creator="A. Painter", tags=("colours",)))
    call_command("index_gallery", verbosity=0)


def slowly(route: Route) -> None:
    """Images come well after the page that holds them has been drawn."""
    time.sleep(0.1)
    route.continue_()


@pytest.fixture
def slow(browser: Browser, live_server: LiveServer, compiled: None) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 720})
    context.add_init_script(WATCH_SHIFTS)
    for kind in ("**/*.jpg", "**/*.png", "**/labels"):
        context.route(kind, slowly)
    yield context
    context.close()


def select_and_search(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")
    ws.click(page, 30, 40)
    ws.settled(page)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("aside#drawer article.hit").first).to_be_visible()


def test_nothing_jumps_while_a_page_loads(slow: BrowserContext, collection: None) -> None:
    page = slow.new_page()
    select_and_search(page)
    search = Search.objects.get().get_absolute_url()
    sizes: tuple[ViewportSize, ...] = ({"width": 1280, "height": 720}, {"width": 390, "height": 844})
    for size in sizes:
        ws.resize(page, **size)
        for url in ("/", "/gallery/", "/photos/", search, page.url):
            page.goto(url)
            page.wait_for_timeout(300)  # scripts and late images
            shifts = page.evaluate("window.shifts")
            assert sum(value for value, _ in shifts) < 0.01, f"{url} at {size['width']} px: {shifts}"


def rectangle(page: Page, selector: str) -> FloatRect:
    return ws.box_of(page.locator(selector).first)


def test_the_workspace_fits_the_window(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    for width, height in ((1440, 900), (1280, 720), (1024, 768), (390, 844), (360, 640)):
        ws.resize(page, width, height)
        ws.until(page, f"(({{scrollingElement}}) => {PIXELS_OUTSIDE})(document).every((outside) => outside <= 0)")
        for control in page.locator("#workspace :is(button:not([tabindex='-1']), a, label, select):visible").all():
            box = ws.box_of(control)
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, (width, control.inner_html())
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, (height, control.inner_html())
        stage, preview = rectangle(page, "#stage"), rectangle(page, "#preview")
        if width >= 1024:
            assert (stage["y"], stage["height"]) == (preview["y"], preview["height"]), "side by side"
            assert rectangle(page, ".toolbar")["height"] < 60, "tools in one row"
            assert stage["height"] * stage["width"] > 0.3 * width * height
        else:
            assert stage["y"] + stage["height"] <= preview["y"], "stage above preview"
            assert rectangle(page, ".toolbar")["y"] > height / 2, "tools where the thumb is"
            assert stage["height"] >= 0.3 * height


def test_on_a_phone_the_drawer_is_a_sheet_with_two_stops(
    browser: Browser, live_server: LiveServer, collection: None
) -> None:
    phone = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )
    page = phone.new_page()
    select_and_search(page)
    edge, heights = page.locator(".drawer-edge"), []
    for stop in ("low", "high"):
        if stop == "high":
            edge.press("ArrowUp")
        ws.until(page, "!document.getElementById('drawer').getAnimations().length")
        sheet = rectangle(page, "#drawer")
        assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 360, 640)
        heights.append(sheet["height"])
    assert heights[0] < 300 and heights[1] > 560
    small = page.evaluate(
        """[...document.querySelectorAll("#drawer :is(a:not(p a), button), #workspace :is(button, .segmented label)")]
             .filter((control) => control.checkVisibility() && !control.matches(".visually-hidden"))
             .map((control) => [control, control.getBoundingClientRect()])
             .filter(([, { width, height }]) => width < 36 || height < 36)
             .map(([control, { width, height }]) => `${control.outerHTML.slice(0, 80)} ${width} x ${height}`)"""
    )
    assert small == []
    phone.close()


def test_who_asks_for_less_motion_gets_none(page: Page, collection: None) -> None:
    select_and_search(page)
    page.locator("aside#drawer article.hit a").first.click()
    expect(page.locator("dialog#details")).to_be_visible()
    assert page.evaluate(MOTION)
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished)).then(() => null)")
    page.emulate_media(reduced_motion="reduce")
    ws.eventually(page, lambda: page.evaluate(MOTION) == [])
