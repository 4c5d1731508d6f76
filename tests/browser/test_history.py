"""Past searches in a real browser: what they show, and that nothing is lost by a wrong click."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from gallery.collection.importing import Details, add_public
from tests.browser import workspace as ws
from tests.gallery.discs import thing_on_ground
from tests.pictures import BLUE, RED, eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


def test_a_search_is_named_pinned_deleted_and_brought_back(page: Page, tmp_path: Path) -> None:
    for seed in range(3):
        add_public(
            image_file(thing_on_ground(RED, BLUE, seed)), f"{seed}.jpg", Details(title=f"Thing {seed}", licence="CC0")
        )
    call_command("index_gallery", verbosity=0)
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    for x in (30, 90):
        ws.click(page, x, 40)
        ws.settled(page)
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("#drawer article.hit").first).to_be_visible()
        page.get_by_role("button", name="Close").click()
    page.goto("/searches/")
    cards = page.locator(".past-search")
    expect(cards).to_have_count(2)
    expect(cards.first.locator(".best img")).to_have_count(3)

    last = cards.last
    last.get_by_label("Rename").click()
    page.keyboard.type("Red stripes")
    page.keyboard.press("Enter")
    expect(last.locator(".title")).to_have_text("Red stripes")
    expect(page.get_by_role("status")).to_contain_text("“Red stripes”")
    last.get_by_role("button", name="Pin").click()
    expect(last.get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "true")
    expect(last.get_by_role("button", name="Pin")).to_be_focused()
    page.reload()
    expect(cards.first.locator(".title")).to_have_text("Red stripes")

    cards.first.get_by_role("button", name="Delete").click()
    expect(cards.first).to_contain_text("“Red stripes” is deleted.")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    ws.keep(page, tmp_path, "deleted")
    page.keyboard.press("Enter")
    expect(cards.first.locator(".title")).to_have_text("Red stripes")
    cards.first.locator("a").click()
    expect(page.locator("article.hit").first).to_be_visible()
