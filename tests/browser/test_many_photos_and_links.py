"""Many photos at once, the list of one's own, the collection, and links between two people."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from selector.models import Photo, Selection, SharedSelection
from selector.services import label_maps
from tests.browser import workspace as ws
from tests.pictures import BLUE, GREEN, RED, YELLOW, eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


def plain(name: str, colour: tuple[int, int, int]) -> FilePayload:
    return ws.jpeg(name, image_file(np.full((90, 120, 3), colour, np.uint8)))


LETTER = ws.jpeg("letter.jpg", b"Dear Sir or Madam")
FOUR = [plain("red.jpg", RED), LETTER, plain("green.jpg", GREEN), plain("blue.jpg", BLUE)]


def included(photo: Photo) -> np.ndarray:
    selection = Selection.objects.get(label_map__photo=photo)
    return selection.superpixels.included[label_maps.load(selection.label_map).labels]


def row(page: Page, text: str) -> Locator:
    return page.locator("#uploads li", has_text=text)


@pytest.mark.usefixtures("expects_refusal")
def test_many_photos_at_once_with_one_broken_file_among_them(page: Page) -> None:
    page.goto("/photos/")
    page.set_input_files("input[name=image]", FOUR)
    panel = page.locator("#uploads")
    expect(panel.locator("h2")).to_have_text("3 photos added, 1 not")
    expect(panel.locator("a:has(img)")).to_have_count(3)
    expect(row(page, "letter.jpg")).to_contain_text("This is a text file")
    expect(page.get_by_role("status")).to_have_text("3 photos added, 1 could not be.")
    assert len({photo.visitor for photo in Photo.objects.all()}) == 1
    expect(page.locator("#photos .card")).to_have_count(3)

    # Only the broken one is tried again; and a thumbnail leads to its workspace.
    panel.get_by_role("button", name="Try again: letter.jpg").click()
    expect(panel.get_by_role("button", name="Try again: letter.jpg")).to_be_visible()
    assert Photo.objects.count() == 3
    panel.get_by_role("link", name="red.jpg").click()
    expect(page).to_have_url(re.compile(Photo.objects.get(name="red.jpg").get_absolute_url()))


def test_two_are_sent_at_a_time_and_each_can_be_cancelled(page: Page) -> None:
    """The first alone: until it is answered, a new visitor's two requests would be two visitors."""
    held: list[Route] = []
    page.goto("/")
    page.route("**/photos/", lambda route: held.append(route))  # noqa: PLW0108  Playwright asks a function for its signature.
    page.set_input_files("input[name=image]", [*FOUR, plain("yellow.jpg", YELLOW)])
    ws.until(page, "document.querySelectorAll('#uploads [data-state=sending]').length === 1")
    ws.eventually(page, lambda: held)
    page.wait_for_timeout(50)
    assert len(held) == 1
    held.pop().continue_()
    ws.until(page, "document.querySelectorAll('#uploads [data-state=sending]').length === 2")
    ws.eventually(page, lambda: len(held) >= 2)
    page.wait_for_timeout(50)
    assert len(held) == 2
    page.get_by_role("button", name="Cancel green.jpg").click()
    expect(page.get_by_role("button", name="Try again: green.jpg")).to_be_focused()
    ws.until(page, "document.querySelectorAll('#uploads [data-state=sending]').length === 2")
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator("#uploads h2")).to_have_text("1 photo added")
    page.unroute("**/photos/")
    page.get_by_role("button", name="Try again: blue.jpg").click()
    expect(page.locator("#uploads h2")).to_have_text("2 photos added")
    assert set(Photo.objects.values_list("name", flat=True)) == {"red.jpg", "blue.jpg"}


def red_alone_is_bright(page: Page) -> None:
    shown = ws.shown(page, ".card .thumb").astype(int)
    (height, width), picture_height = shown.shape[:2], shown.shape[1] * 160 // 240
    y = height // 2 - picture_height // 4
    red, green = shown[y, width // 8], shown[y, 3 * width // 8]
    assert np.abs(red - RED).max() < 25 and np.abs(green - GREEN).max() > 40


def test_looking_after_ones_photos(page: Page, tmp_path: Path) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")
    ws.click(page, 30, 40)
    ws.settled(page)
    page.goto("/photos/")
    card = page.locator(".card")

    # The card shows the selection: dimmed outside it.
    page.mouse.move(0, 0)
    ws.eventually(page, red_alone_is_bright, page)

    # Renaming in place, with the keyboard alone.
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_label("New name of eighths.jpg")).to_be_focused()
    page.keyboard.type("Colour chart")
    page.keyboard.press("Enter")
    expect(card.locator(".title")).to_have_text("Colour chart")
    expect(page.get_by_role("status")).to_have_text("The photo is called “Colour chart” now.")
    expect(card.locator("summary")).to_be_focused()

    # Turned, with what is selected.
    card.get_by_role("button", name="Rotate Colour chart").click()
    expect(page.get_by_role("status")).to_have_text("“Colour chart” is turned.")

    # Found by the person's searches, indexed, and no longer.
    switch = card.get_by_role("switch", name="My searches find it: Colour chart")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    ws.keep(page, tmp_path, "switch")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    call_command("index_gallery", verbosity=0)
    card.locator(".badge").click()
    dialog = page.locator("dialog#details")
    dialog.get_by_role("link", name="Edit").click()
    page.get_by_label("Licence").fill("CC0 1.0")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".facts")).to_contain_text("CC0 1.0")
    page.get_by_role("button", name="My searches shall not find it").click()
    expect(page.get_by_role("status")).to_contain_text("Your searches no longer find this photo. It is still here.")

    # Deleting says what goes, and can still be thought better of.
    card.get_by_role("button", name="Delete Colour chart").click()
    expect(dialog).to_contain_text("what is selected on it")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_label("Choose all").check()
    page.locator("#chosen").get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete the photo").click()
    expect(page.get_by_role("status")).to_have_text("“Colour chart” is deleted.")
    expect(page.get_by_role("heading", name="No photos yet")).to_be_visible()
    assert not Photo.objects.exists()


@pytest.mark.usefixtures("expects_refusal")
def test_two_people_with_one_shared_link_stay_separate(page: Page, browser: Browser, live_server: LiveServer) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    photo = Photo.objects.get()
    page.locator("input[name=level]").fill("8")
    ws.click(page, 30, 40)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#links")).to_contain_text("The link is copied.")
    link = page.locator("#new_address").input_value()

    people = [browser.new_context(base_url=live_server.url) for _ in range(2)]
    pages = [context.new_page() for context in people]
    for visitor in pages:
        visitor.goto(link)
        visitor.get_by_role("button", name="Open a copy").click()
        ws.ready(visitor)
    copies = [Photo.objects.get(pk=visitor.url.split("/")[4]) for visitor in pages]
    assert len({photo, *copies}) == 3
    pages[0].locator("input[name=level]").fill("8")
    ws.click(pages[0], 90, 40)
    ws.settled(pages[0])
    expect(pages[0].locator("#summary")).to_contain_text("25%")
    shares = [round(8 * included(one).mean()) for one in (photo, *copies)]
    assert shares == [1, 2, 1]
    pages[1].reload()
    ws.ready(pages[1])
    expect(pages[1].locator("#summary")).to_contain_text(re.compile("1[23]%"))

    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#links")).not_to_contain_text("Links you have made")
    assert not SharedSelection.objects.exists()
    revoked = pages[1].goto(link)
    assert revoked is not None and revoked.status == 404
    expect(pages[1].get_by_role("status")).to_contain_text("It was revoked")
    for context in people:
        context.close()
