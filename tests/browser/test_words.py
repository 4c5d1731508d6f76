"""Searching by words in a real browser: without an upload, from words to a selection."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage
from tests.browser import workspace as ws
from tests.gallery.discs import thing_on_ground
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


@pytest.fixture
def collection() -> None:
    said: list[tuple[str, tuple[str, ...]]] = [
        ("Café by night", ("night",)), ("Café by day", ("day",)), ("Harbour", ("night", "café")), ("A dog", ()),
    ]  # fmt: skip
    for seed, (title, tags) in enumerate(said):
        colour = (RED, GREEN, BLUE, YELLOW)[seed]
        add_public(image_file(thing_on_ground(colour, GREEN, seed)), "x.jpg", Details(title=title, tags=tags))
    # Words need no index, but the start page shows what has one.
    GalleryImage.objects.update(status=GalleryImage.Status.INDEXED)


def titles(page: Page) -> set[str]:
    return set(page.locator("#drawer .hit > a .title").all_inner_texts())


def test_from_words_in_the_library_to_a_selection(page: Page, collection: None) -> None:
    page.goto("/gallery/")
    cards = page.locator(".shelf .card")
    expect(cards).to_have_count(4)
    page.get_by_role("searchbox", name="Words").fill("cafe")
    expect(page.get_by_text("3 images say “cafe”.")).to_be_visible()
    expect(cards).to_have_count(3)
    expect(page).to_have_url(re.compile(r"/gallery/\?q=cafe$"))
    page.get_by_role("link", name="night 2").click()
    expect(cards).to_have_count(2)
    expect(page.get_by_role("link", name="Without the filter: Tagged “night”")).to_be_visible()
    narrowed = page.url
    page.get_by_role("link", name="Harbour", exact=True).click()
    expect(page.locator("dialog#details")).to_be_visible()
    page.get_by_role("link", name="Select in this image").click()
    page.wait_for_url(re.compile("/photos/"))
    ws.ready(page)
    page.go_back()
    expect(page).to_have_url(narrowed)
    # Straight from the rows, without the pop-up.
    page.get_by_role("link", name="Select in Harbour").click()
    page.wait_for_url(re.compile("/photos/"))


def test_its_own_page_answers_while_one_types_and_can_be_kept(page: Page, collection: None) -> None:
    page.goto("/gallery/find/")
    expect(page.locator("#drawer .hit")).to_have_count(4)
    box = page.get_by_role("searchbox", name="Words")
    box.press_sequentially("dog")
    expect(page.locator("#drawer .hit")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/gallery/find/\?q=dog$"))
    expect(box).to_be_focused()
    page.reload()
    expect(page.locator("#drawer .hit")).to_have_count(1)
    expect(box).to_have_value("dog")


def test_the_start_page_has_the_box_and_escape_closes_the_drawer(page: Page, collection: None) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="Words").fill("whale")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer").get_by_text("No image says “whale”.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer h2")).to_be_hidden()


def test_it_works_without_scripts(browser: Browser, live_server: Any, collection: None) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/gallery/")
    page.get_by_role("searchbox", name="Words").fill("café")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".shelf .card")).to_have_count(3)
    page.get_by_role("link", name="day 1").click()
    expect(page.locator(".shelf .card")).to_have_count(1)
    context.close()
