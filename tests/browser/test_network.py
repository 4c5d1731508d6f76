"""Slow and broken connections: every gesture is applied once, in order, whatever happens on the way."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import OperationalError
from playwright.sync_api import Page, Route, expect

from selector.models import Photo, Selection
from selector.selection import gestures
from selector.services import label_maps
from superpixel_site.unavailable import UNREACHABLE
from tests.browser import workspace as ws
from tests.pictures import image_file

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("few_superpixels", "expects_bad_network"),
]

TWENTY = [(x, y) for x in range(15, 240, 48) for y in range(20, 160, 40)]


class Network:
    """300 ms from request to answer, as on a bad mobile connection; or none at all."""

    def __init__(self, page: Page) -> None:
        self.protocol = page.context.new_cdp_session(page)
        self.protocol.send("Network.enable")
        self.cut(offline=False)

    def cut(self, offline: bool) -> None:
        conditions = {"offline": offline, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1}
        self.protocol.send("Network.emulateNetworkConditions", conditions)


class Held:
    """Gestures that do not arrive before they are let go."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self.is_open = False
        page.route("**/selection/", self._hold)

    def _hold(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def let_go(self) -> None:
        self.is_open = True
        for route in self.routes:
            route.continue_()


def expect_twenty_clicks(photo: Photo) -> None:
    """The superpixels under the twenty points are selected, in twenty steps of history."""
    labels = label_maps.load(label_maps.get_or_compute(photo)).labels
    wanted = {int(labels[y, x]) for x, y in TWENTY}
    assert len(wanted) == 20
    selection = Selection.objects.get()
    assert set(np.flatnonzero(selection.superpixels.included).tolist()) == wanted
    assert (selection.position, selection.length, selection.steps.count()) == (20, 20, 20)


def test_twenty_quick_clicks_with_the_connection_cut_in_the_middle(page: Page) -> None:
    photo = ws.public_photo()
    work = ws.Workspace(page, photo, level=None)
    work.set_level(work.label_map.n_superpixels)
    network = Network(page)
    for point in TWENTY[:12]:
        ws.click(page, *point)
    # What is waiting is on the photo long before the server knows.
    anticipated = ws.layer(page, "#own")[..., 3] == 0
    assert np.array_equal(anticipated, np.isin(work.labels, [work.labels[y, x] for x, y in TWENTY[:12]]))
    ws.until(page, "document.getElementById('summary').textContent !== 'Nothing is selected.'")
    network.cut(offline=True)
    for point in TWENTY[12:]:
        ws.click(page, *point)
    expect(page.get_by_role("status")).to_contain_text("Connection lost.")
    expect(page.get_by_role("status")).to_contain_text("changes wait to be sent")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert 0 < Selection.objects.get().position < 20
    network.cut(offline=False)
    ws.settled(page)
    expect_twenty_clicks(photo)
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    work.shows(Selection.objects.get().superpixels)


def test_an_answer_that_is_lost_and_a_gesture_that_is_offered_again(page: Page) -> None:
    photo = ws.public_photo()
    work = ws.Workspace(page, photo, level=None)
    work.set_level(work.label_map.n_superpixels)
    arrived: list[int] = []
    losing = True

    def lose_the_answer(route: Route) -> None:
        """The nasty case: the server has applied it, and the browser cannot know."""
        if losing:
            arrived.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    for point in TWENTY[:10]:
        ws.click(page, *point)
    ws.settled(page)
    page.route("**/selection/", lose_the_answer)
    for point in TWENTY[10:]:
        ws.click(page, *point)
    expect(page.get_by_role("status")).to_have_text("Connection lost. 10 changes wait to be sent; trying again.")
    assert arrived[0] == 200
    tried = len(arrived)
    page.get_by_role("button", name="Try again").click()
    ws.eventually(page, lambda: len(arrived) > tried)
    ws.until(page, "!document.getElementById('try-again').hidden")
    assert set(arrived) == {200}
    assert Selection.objects.get().position == 11, "sent again and again, applied once"
    losing = False
    page.locator("#try-again").dispatch_event("click")
    ws.settled(page)
    expect_twenty_clicks(photo)
    work.shows(Selection.objects.get().superpixels)
    expect(page.get_by_role("status")).to_contain_text("selected")


def test_a_failure_is_told_once_and_searching_says_why_it_cannot(page: Page) -> None:
    ws.Workspace(page, ws.public_photo())
    page.route("**/selection/", lambda route: route.abort("internetdisconnected"))
    said = ws.announcements(page)
    ws.click(page, 30, 40)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(300)
    sentence = "Connection lost. One change waits to be sent; trying again."
    assert said() == [sentence]
    page.get_by_role("button", name="Search", exact=True).click()
    ws.eventually(page, lambda: said() == [sentence] * 2)
    page.unroute("**/selection/")
    page.get_by_role("button", name="Try again").press("Enter")
    ws.settled(page)
    # The button that had the focus has gone; the focus has not.
    expect(page.locator("#stage")).to_be_focused()


@pytest.mark.usefixtures("expects_refusal")
def test_a_gesture_that_is_refused_does_not_hold_up_the_others(page: Page) -> None:
    """And what it was drawn as goes: the tints are the server's."""
    work = ws.Workspace(page, ws.public_photo())
    Network(page)
    ws.click(page, 30, 40)
    page.evaluate("document.getElementById('workspace').dataset.labelMap = '999999'")
    ws.click(page, 90, 40)
    expect(page.get_by_role("status")).to_contain_text("changed in another window")
    first = gestures.toggle(work.expected, work.labels, work.tree.cut(20), [(30, 40)], "include")
    ws.settled(page)
    work.shows(first)


def test_undo_can_be_pressed_before_the_first_answer(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    held = Held(page)
    ws.click(page, 30, 40)
    ws.eventually(page, lambda: held.routes)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    undo.click(force=True)
    held.let_go()
    assert [gesture["tool"] for gesture in work.settle(2)] == ["toggle", "undo"]
    work.shows(work.expected)


def test_an_answer_does_not_take_away_a_button_that_is_being_pressed(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo())
    held = Held(page)
    undo = page.get_by_role("button", name="Undo")
    ws.click(page, 30, 40)
    ws.eventually(page, lambda: held.routes)
    undo.hover(force=True)
    page.mouse.down()
    held.let_go()
    expect(undo).to_have_attribute("aria-disabled", "false")  # the answer has come meanwhile
    page.mouse.up()
    assert [gesture["tool"] for gesture in work.settle(2)] == ["toggle", "undo"]
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-disabled", "false")


@pytest.mark.usefixtures("expects_unavailable")
def test_what_the_server_cannot_do_just_now_is_said_in_place(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server's own sentence: the page stays, and trying again helps."""

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no connection is free")

    work = ws.Workspace(page, ws.public_photo())
    ws.click(page, 30, 40)
    work.settle(1)
    with monkeypatch.context() as patch:
        patch.setattr("gallery.web.search_views.ask", refuse)
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("status")).to_have_text(UNREACHABLE)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#drawer")).to_be_visible()
    page.goto("/")
    monkeypatch.setattr("library.upload_views.store_photo", refuse)
    monkeypatch.setattr("superpixel_site.unavailable.SECONDS_TO_WAIT", 0)  # else a photo is sent again after a while
    page.set_input_files("input[type=file][name=image]", ws.jpeg("photo.jpg", image_file()))
    expect(page.get_by_text(UNREACHABLE).first).to_be_visible()
