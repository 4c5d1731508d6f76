"""Fingers on a phone: tapping, painting, pinching, moving; and tools that a thumb reaches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, CDPSession, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import workspace as ws
from tests.pictures import eighths

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("few_superpixels", "compiled"),
]

# How wide the pictures are that show the photo, each width once.
SHOWN = "[...new Set([...document.querySelectorAll('picture > img')].map((img) => img.naturalWidth))]"


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 360, "height": 740},
        device_scale_factor=3,
        has_touch=True,
        is_mobile=True,
    )
    yield context.new_page()
    context.close()


class Fingers:
    """Playwright has but a tap; the browser's own protocol has every touch."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.protocol: CDPSession = page.context.new_cdp_session(page)

    def put(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, *paths: list[tuple[float, float]]) -> None:
        """Fingers come down one after the other, move along their paths side by side, and go."""
        for i in range(len(paths)):
            self.put("touchStart", *[path[0] for path in paths[: i + 1]])
        for step in range(1, len(paths[0])):
            self.put("touchMove", *[path[step] for path in paths])
        # They rest before they go: of a tap right after a swipe the browser makes no click.
        self.page.wait_for_timeout(200)
        self.put("touchEnd")


def between(start: tuple[float, float], end: tuple[float, float], steps: int = 6) -> list[tuple[float, float]]:
    return [tuple(point) for point in np.linspace(start, end, steps + 1).tolist()]


def test_taps_strokes_pinches_and_two_fingers(phone: Page) -> None:
    work = ws.Workspace(phone, ws.public_photo())
    fingers = Fingers(phone)
    phone.touchscreen.tap(*ws.at(phone, 30, 40))
    sent = work.check("toggle")
    assert np.abs(np.subtract(ws.points_of(sent)[0], (30, 40))).max() < 1

    phone.locator("label[title^=Brush]").tap()
    expect(phone.locator("input[name=pointer][value=paint]")).to_be_checked()
    fingers.drag(between(ws.at(phone, 20, 120), ws.at(phone, 220, 120)))
    sent = work.check("paint")
    assert np.abs(np.subtract(ws.points_of(sent)[-1], (220, 120))).max() < 1
    assert work.expected.included[work.labels[120, 120]]

    # What Alt and Shift are to a mouse is a button here.
    other_way = phone.get_by_role("button", name="The other way round")
    other_way.tap()
    expect(other_way).to_have_attribute("aria-pressed", "true")
    fingers.drag(between(ws.at(phone, 100, 120), ws.at(phone, 140, 120)))
    work.check("paint", remove="true")
    assert not work.expected.included[work.labels[120, 120]]
    other_way.tap()
    expect(other_way).to_have_attribute("aria-pressed", "false")

    # Two fingers that part enlarge what lies between them; what the first one began to draw is forgotten.
    x, y = ws.at(phone, 120, 80)
    fingers.drag(between((x - 30, y), (x - 90, y)), between((x + 30, y), (x + 90, y)))
    expect(phone.locator("#zoom")).to_have_text("300%")
    ws.eventually(phone, lambda: ws.at(phone, 120, 80) == pytest.approx((x, y), abs=2))
    # Two that stay together move it.
    fingers.drag(between((x - 30, y), (x - 80, y - 20)), between((x + 30, y), (x - 20, y - 20)))
    ws.eventually(phone, lambda: ws.at(phone, 120, 80) == pytest.approx((x - 50, y - 20), abs=2))
    expect(phone.locator("#zoom")).to_have_text("300%")
    # Neither the page itself was enlarged, nor anything drawn.
    assert phone.evaluate("window.visualViewport.scale") == 1
    assert work.settle() == []
    phone.touchscreen.tap(*ws.at(phone, 130, 90))
    work.check("paint")

    # Two fingers that meet show all of it again.
    x, y = ws.at(phone, 140, 90)
    fingers.drag(between((x - 100, y), (x - 10, y)), between((x + 40, y), (x + 10, y)))
    expect(phone.locator("#zoom")).to_have_text("100%")


def test_a_phone_shows_a_small_copy_until_the_whole_photo_has_come(phone: Page) -> None:
    photo = ws.public_photo(eighths(900, 600))
    held: list[Route] = []
    may_come = False
    phone.route(f"**{photo.working_url}", lambda route: route.continue_() if may_come else held.append(route))
    phone.goto(photo.get_absolute_url(), wait_until="commit")
    ws.eventually(phone, lambda: phone.evaluate(SHOWN) == [640])
    ws.ready(phone)
    ws.eventually(phone, lambda: len(held) > 0)
    place = ws.box_of(phone.locator("#photo"))
    assert phone.evaluate(SHOWN) == [640], "it takes the place of the small one when all of it is there"
    may_come = True
    for request in held:
        request.continue_()
    ws.eventually(phone, lambda: phone.evaluate(SHOWN) == [900])
    assert ws.box_of(phone.locator("#photo")) == place


@pytest.mark.usefixtures("expects_bad_network")
def test_without_a_network_the_whole_photo_comes_when_it_is_back(phone: Page) -> None:
    photo = ws.public_photo(eighths(900, 600))
    phone.route(f"**{photo.working_url}", lambda route: route.abort())
    with phone.expect_request_finished(lambda request: request.url.endswith(photo.small_url)):
        phone.goto(photo.get_absolute_url())
    ws.ready(phone)
    assert phone.evaluate(SHOWN) == [640]
    phone.unroute(f"**{photo.working_url}")
    back = "dispatchEvent(new Event('online'))"
    ws.eventually(phone, lambda: phone.evaluate(back) and phone.evaluate(SHOWN) == [900])


def test_a_wide_screen_asks_for_the_whole_photo_alone(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    photo = ws.public_photo(eighths(900, 600))
    page.goto(photo.get_absolute_url())
    ws.ready(page)
    assert page.evaluate(SHOWN) == [900]
    assert not [url for url in asked if url.endswith(photo.small_url)]


def test_the_tools_lie_at_the_thumb_and_nothing_sticks_out(phone: Page) -> None:
    work = ws.Workspace(phone, ws.public_photo())
    phone.touchscreen.tap(*ws.at(phone, 30, 40))
    work.check("toggle")
    names = ("#stage", "#preview", ".rail", ".bar", "#stage #photo", "#search")
    boxes = {name: ws.box_of(phone.locator(name)) for name in names}
    # The cut-out is an inset, which covers nothing of a photo that is wider than high.
    assert boxes["#stage #photo"]["y"] + boxes["#stage #photo"]["height"] <= boxes["#preview"]["y"]
    assert boxes["#stage"]["y"] + boxes["#stage"]["height"] <= boxes[".rail"]["y"]
    assert boxes[".rail"]["y"] + boxes[".rail"]["height"] <= boxes[".bar"]["y"]
    assert boxes["#stage"]["height"] > 740 / 2
    assert boxes["#stage #photo"]["width"] > 340
    assert boxes["#search"]["y"] > 740 - 60
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    reachable = phone.locator(":is(.tools, .bar) :is(label[title], button:not(.enter), input[type=range]):visible")
    assert reachable.count() >= 14
    for i in range(reachable.count()):
        box = ws.box_of(reachable.nth(i))
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] + box["height"] <= 740
        assert box["width"] >= 24 and box["height"] >= 24
