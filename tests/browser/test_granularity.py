"""The slider shows at once: neighbouring outlines are there before they are asked for, and no old one comes after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.core.signals import request_started
from playwright.sync_api import Page, Route, expect

from tests.browser import workspace as ws

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


@pytest.fixture
def outlines_served() -> Iterator[list[int]]:
    """The levels whose outlines the server is asked for, in order."""
    levels: list[int] = []

    def note(environ: dict[str, Any], **more: Any) -> None:
        if found := re.search(r"/outline/(\d+)\.png$", environ["PATH_INFO"]):
            levels.append(int(found[1]))

    request_started.connect(note)
    yield levels
    request_started.disconnect(note)


def test_neighbouring_outlines_are_fetched_ahead_and_once(page: Page, outlines_served: list[int]) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=20)
    ws.eventually(page, lambda: len(outlines_served) >= 3)
    opened = outlines_served.copy()
    assert len(opened) == 3 and min(opened) < 20 < max(opened)

    # One stop on, its outline is there already; only its other neighbour is new. Back again, nothing is.
    page.keyboard.press("]")
    assert work.level == max(opened)
    ws.eventually(page, lambda: len(outlines_served) == 4)
    assert outlines_served[3] > work.level
    page.keyboard.press("[")
    ws.until(page, "document.getElementById('outline').complete")
    page.wait_for_timeout(200)
    assert len(outlines_served) <= 5 and len(set(outlines_served)) == len(outlines_served)


def test_a_slow_outline_does_not_come_after_a_later_one(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=20)
    held: list[Route] = []
    page.route("**/outline/31.png", lambda route: held.append(route))  # noqa: PLW0108 - Playwright refuses a built-in
    work.set_level(31)
    ws.until(page, "document.getElementById('outline').src.endsWith('/31.png')")
    work.set_level(41)
    # What the pointer meets is of the level shown, whether or not its outline has come.
    page.mouse.move(*ws.at(page, 30, 40))
    cut = work.tree.cut(41)
    region = np.isin(work.labels, np.flatnonzero(cut == cut[work.labels[40, 30]]))
    ws.covers(page, "#hover", region)
    shown = ws.layer(page, "#outline")
    ws.eventually(page, lambda: held)
    for route in held:
        route.continue_()
    page.wait_for_timeout(200)
    assert page.evaluate("document.getElementById('outline').src.endsWith('/41.png')")
    assert np.array_equal(ws.layer(page, "#outline"), shown)
    expect(page).to_have_url(re.compile(r"level=41$"))
