"""A curator goes through pairs of images that may be copies, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from curating.duplicates import working
from curating.models import DuplicatePair
from gallery.models import GalleryImage
from tests.browser import workspace as ws
from tests.browser.test_accessibility import Inspection
from tests.curating.test_duplicates import add, scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


@pytest.mark.usefixtures("curator")
def test_a_copy_is_folded_and_another_pair_told_apart_by_keyboard(page: Page) -> None:
    kept = add(scene(1), title="Harbour")
    add(scene(1).resize((160, 120)), title="Small harbour", tags=("sea",))
    add(scene(2), title="Street")
    add(scene(2), 60, title="Street again")
    working.take_turn()
    page.emulate_media(reduced_motion="reduce")
    page.goto("/curating/duplicates/")
    heading, radios = page.locator("#duplicates h2"), page.locator("input[name=kept]")
    expect(heading).to_contain_text("1 of 2")
    inspection = Inspection(page)
    inspection.look("a pair")

    # The larger one is proposed; the arrow keys choose, and go to the other pair and back.
    page.keyboard.press("ArrowDown")
    expect(heading).to_contain_text("2 of 2")
    ws.wired(page)
    page.keyboard.press("ArrowUp")
    expect(heading).to_contain_text("1 of 2")
    ws.wired(page)
    if page.get_by_role("row", name="Title").locator("td").first.inner_text() != "Harbour":
        page.keyboard.press("ArrowDown")
        expect(heading).to_contain_text("2 of 2")
    ws.wired(page)
    expect(radios.first).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(radios.last).to_be_checked()
    page.keyboard.press("ArrowLeft")

    # A question comes before a deletion; Escape leaves everything as it was.
    dialog = page.locator("dialog#details")
    page.keyboard.press("f")
    expect(dialog).to_contain_text("Fold the copy into “Harbour”?")
    inspection.look("the question")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert GalleryImage.objects.count() == 4
    page.keyboard.press("f")
    expect(dialog.get_by_role("button", name="Fold and delete the copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("folded into “Harbour”")
    expect(dialog).to_be_hidden()
    assert list(kept.tags.names()) == ["sea"] and GalleryImage.objects.count() == 3

    expect(heading).to_contain_text("1 of 1")
    ws.wired(page)
    page.keyboard.press("n")
    expect(heading).to_have_text("No duplicates")
    expect(page.get_by_role("status")).to_contain_text("will not be proposed again")
    assert DuplicatePair.objects.get().state == "different"
    page.get_by_role("link", name="1 said to be different").click()
    expect(page.get_by_role("button", name="Propose again")).to_be_visible()
    assert inspection.found == []
