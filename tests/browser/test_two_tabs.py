"""Two tabs of one person on one photo, and two people on one photo."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from selector.models import Selection
from tests.browser import workspace as ws

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


def come_to_the_front(page: Page) -> int:
    """As when a person changes to the tab; gives the status of what the tab asks then."""
    statuses: list[int] = []

    def front() -> None:
        # A page that still draws what it was told before asks nothing: then it is brought there once more.
        with page.expect_response("**/selection/now/*", timeout=3000) as answer:
            page.evaluate("dispatchEvent(new Event('focus'))")
        statuses.append(answer.value.status)

    ws.eventually(page, front)
    return statuses[0]


def test_two_tabs_show_the_same(page: Page, context: BrowserContext) -> None:
    photo = ws.public_photo()
    left = ws.Workspace(page, photo)
    other = context.new_page()
    right = ws.Workspace(other, photo)
    ws.click(page, 30, 40)
    left.check("toggle")
    assert come_to_the_front(page) == 204, "it knows already"

    # The other tab shows it when it comes to the front, with its undo, and says so; and then knows.
    said = ws.announcements(other)
    assert come_to_the_front(other) == 200
    expect(other.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "false")
    right.shows(left.expected)
    expect(other.locator("#summary")).to_have_text(page.locator("#summary").inner_text())
    sentence = f"Changed in another window. {page.locator('#summary').inner_text()}"
    ws.eventually(page, lambda: said() == [sentence])
    assert come_to_the_front(other) == 204

    # Or at its next gesture, which changes what is there and not what was.
    ws.click(page, 90, 40)
    left.check("toggle")
    right.expected = left.expected
    ws.click(other, 150, 40)
    right.check("toggle")
    assert right.expected.included.sum() > left.expected.included.sum()
    other.keyboard.press("Control+z")
    right.settle(1)
    right.shows(left.expected)

    # A page kept from an earlier visit is brought up to date as well.
    other.goto("/photos/")
    ws.click(page, 30, 120)
    left.check("toggle")
    other.go_back()
    ws.ready(other)
    ws.until(other, f"document.getElementById('state').value === '{page.locator('#state').get_attribute('value')}'")
    ws.settled(other)
    left.shows(left.expected)


def test_a_gesture_is_not_overtaken_by_the_older_answer_of_a_look(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    held: list[Route] = []
    page.route("**/selection/now/*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright refuses a built-in
    page.evaluate("dispatchEvent(new Event('focus'))")
    ws.eventually(page, lambda: held)
    ws.click(page, 30, 40)
    work.check("toggle")
    for route in held:
        route.fulfill(status=200, body='<data id="state" value="" data-version="old" hidden hx-swap-oob="true"></data>')
    page.wait_for_timeout(100)
    assert len(held) == 1
    work.shows(work.expected)
    assert page.locator("#state").get_attribute("data-version") != "old"


def test_two_people_on_one_photo_stay_separate(page: Page, browser: Browser, live_server: LiveServer) -> None:
    photo = ws.public_photo()
    alice = ws.Workspace(page, photo)
    stranger = browser.new_page(base_url=live_server.url)
    bob = ws.Workspace(stranger, photo)
    ws.click(page, 30, 40)
    ws.click(stranger, 210, 120)
    for work in (alice, bob):
        (sent,) = work.settle(1)
        work.expected = ws.outcome(work.expected, sent, work.label_map)
        ws.covers(work.page, "#tint", work.expected.included[work.labels])
    assert come_to_the_front(stranger) == 204
    assert Selection.objects.count() == 2
    stranger.close()
