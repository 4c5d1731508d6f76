"""The start page shows the idea itself, in a real browser: a photo that is live, and what a click on it brings."""

from __future__ import annotations

import itertools

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from gallery.collection import demo
from selector.models import Selection
from tests.browser import workspace as ws
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
CUP = demo.PHOTOGRAPHS[2]


@pytest.fixture
def live(page: Page, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The start page, with the cup and the pictures in which it is found."""
    monkeypatch.setattr(demo, "PHOTOGRAPHS", (CUP,))
    call_command("load_demo", verbosity=0)
    call_command("prepare_samples", verbosity=0)
    page.goto("/")
    return page


def test_what_one_points_at_lights_up_and_a_click_lifts_it_out_and_finds_it(live: Page) -> None:
    photo = live.locator(".demo-photo")
    box = ws.box_of(photo)
    middle = box["x"] + box["width"] / 2, box["y"] + 0.55 * box["height"]

    def is_lit() -> bool:
        live.mouse.move(middle[0] - 1, middle[1])
        live.mouse.move(*middle)
        return bool(ws.layer(live, ".demo-photo canvas")[..., 3].any())

    ws.eventually(live, is_lit)
    live.mouse.click(*middle)
    expect(live.locator(".demo-cut img")).to_be_visible()
    assert live.locator(".demo-cut img").evaluate("image => image.style.maskImage").startswith('url("')
    hits = live.locator("#lifted li")
    expect(hits).to_have_count(3)
    assert all(ws.box_of(hit)["y"] > box["y"] + box["height"] for hit in hits.all()), "they come below it"
    assert not Selection.objects.exists(), "nothing is kept until one goes on"
    live.get_by_role("button", name="Go on with it").click()
    live.wait_for_url("**/photos/*/**")
    assert Selection.objects.get().superpixels.included.any()
    ws.upload(live, image_file(), "quarters.jpg")
    live.goto("/")
    parts = [ws.box_of(live.locator(part)) for part in (".demo-photo", ".demo-cut", ".demo-found")]
    assert len({box["y"] for box in parts}) == 1, "what they know takes one line"
    # What slides in fills its third, and moves nothing.
    box = ws.box_of(photo)
    live.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(hits).to_have_count(3)
    ws.until(live, "!document.getAnimations().length")
    for part, box in zip((".demo-photo", ".demo-cut", ".demo-found"), parts, strict=True):
        # The cut-out has a border, the photo none.
        assert ws.box_of(live.locator(part)) == pytest.approx(box, abs=2), part
    found, quarters = (
        ws.box_of(live.locator(".demo-found")),
        [*hits.all(), live.get_by_role("button", name="Go on with it")],
    )
    bottom = max(ws.box_of(quarter)["y"] + ws.box_of(quarter)["height"] for quarter in quarters)
    assert bottom == pytest.approx(found["y"] + found["height"], abs=1)
    areas = [ws.box_of(quarter)["width"] * ws.box_of(quarter)["height"] for quarter in quarters]
    assert min(areas) > 0.95 * max(areas) and sum(areas) > 0.7 * found["width"] * found["height"]
    edges = [ws.box_of(live.locator(part))["x"] for part in (".start .intro", ".start .demo", ".start .trying")]
    assert len(set(edges)) == 1, edges
    returned_on_a_phone(live)


def test_who_returns_on_a_phone_finds_all_in_one_column_before_there_is_anything_to_try(page: Page) -> None:
    ws.upload(page, image_file(), "quarters.jpg")
    returned_on_a_phone(page)


def returned_on_a_phone(page: Page) -> None:
    """The parts of the start page lie below each other, each as wide as the window allows."""
    ws.resize(page, 390, 844)
    page.goto("/")
    expect(page.locator(".start.returning .latest")).to_be_visible()
    boxes = sorted((ws.box_of(part) for part in page.locator(".start > *:visible").all()), key=lambda box: box["y"])
    assert all(box["x"] < 20 and box["width"] > 330 for box in boxes), boxes
    assert all(one["y"] + one["height"] <= other["y"] for one, other in itertools.pairwise(boxes)), boxes
