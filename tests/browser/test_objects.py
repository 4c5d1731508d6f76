"""The object tool: with the mouse, fingers, the keyboard and without JavaScript, on the astronaut of the demo."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import skimage.data
from playwright.sync_api import Page

from selector.models import Photo
from tests.browser import workspace as ws

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def astronaut(settings: object) -> Photo:
    settings.N_SUPERPIXELS = 600  # type: ignore[attr-defined]
    return ws.public_photo(skimage.data.astronaut())


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def test_shots(page: Page, astronaut: Photo) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    work = ws.Workspace(page, astronaut, level=60)
    page.wait_for_timeout(500)
    shot(page, "wide-open")
    loop = [
        (130, 290),
        (100, 340),
        (70, 420),
        (60, 505),
        (200, 508),
        (340, 505),
        (380, 420),
        (330, 300),
        (250, 220),
        (170, 230),
        (130, 280),
    ]
    page.mouse.move(*ws.at(page, *loop[0]))
    page.mouse.down()
    for p in loop[1:6]:
        page.mouse.move(*ws.at(page, *p), steps=6)
    page.wait_for_timeout(500)
    shot(page, "wide-half")
    for p in loop[6:]:
        page.mouse.move(*ws.at(page, *p), steps=6)
    page.wait_for_timeout(500)
    shot(page, "wide-drawing")
    page.mouse.up()
    print(work.settle())
    page.wait_for_timeout(300)
    shot(page, "wide-after")
    page.get_by_title("does not belong").click()
    work.drag((300, 150), (330, 250))
    print(work.settle())
    page.wait_for_timeout(300)
    shot(page, "wide-corrected")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    shot(page, "phone")
    for _ in range(3):
        page.keyboard.press("Control+z")
    work.settle()
    page.get_by_title("does not belong").click()
    page.keyboard.down("Shift")
    page.mouse.move(*ws.at(page, 60, 200))
    page.mouse.down()
    page.mouse.move(*ws.at(page, 370, 510), steps=8)
    page.wait_for_timeout(500)
    shot(page, "phone-box")
    page.mouse.up()
    page.keyboard.up("Shift")
    work.settle()
    page.wait_for_timeout(300)
    shot(page, "phone-after")
