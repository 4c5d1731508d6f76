"""Answers that come late, in another order, or after the person has turned to something else."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import Page, Route, expect

from curating.models import Offer
from gallery.collection.importing import Details, add_public
from selector.models import Photo
from selector.services.photos import store_photo
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file, quarters

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


@pytest.fixture
def collection(transactional_db: None) -> None:
    for title, pixels in {"eight": eighths(), "four": quarters()}.items():
        add_public(image_file(pixels), f"{title}.jpg", Details(title=title))
    call_command("index_gallery", verbosity=0)


class Held:
    """Requests that are kept from the server until they are let go."""

    def __init__(self, page: Page, address: str, most: int = 100) -> None:
        self.page, self.address, self.most = page, re.compile(address), most
        self.routes: list[Route] = []
        page.route(self.address, self._hold)

    def _hold(self, route: Route) -> None:
        if len(self.routes) < self.most:
            self.routes.append(route)
        else:
            route.continue_()

    def has(self, count: int) -> None:
        ws.eventually(self.page, lambda: len(self.routes) >= count)

    def let_go(self) -> None:
        """All of them, one after the other; wait until the page has dealt with the answers."""
        self.most = 0
        for route in self.routes:
            route.continue_()
            answer = route.request.response()
            assert answer is not None
            answer.finished()
            # Scripts are told of an answer a moment after it has come.
            self.page.evaluate("new Promise((done) => setTimeout(done, 50))")


def test_the_image_that_was_opened_last_is_shown(page: Page, collection: None) -> None:
    page.goto("/gallery/")
    cards, dialog = page.locator(".shelf .card > a[hx-get]"), page.locator("dialog#details")
    expect(cards).to_have_count(2)
    ws.wired(page)
    held = Held(page, r"/gallery/\d+/$", most=1)
    cards.nth(0).click()
    held.has(1)
    cards.nth(1).click()
    expect(dialog).to_be_visible()
    expect(page).to_have_url(re.compile(r"/gallery/\d+/$"))
    shown = page.url
    held.let_go()
    expect(page).to_have_url(shown)
    assert shown.endswith(cards.nth(1).get_attribute("href") or "?")


# One's own photos


@pytest.fixture
def own(page: Page, transactional_db: None) -> Photo:
    ws.upload(page, image_file(eighths()), "mine.jpg")
    photo = Photo.objects.get()
    page.goto("/photos/")
    ws.wired(page)
    return photo


def test_a_name_that_is_typed_survives_the_answer_to_something_else(page: Page, own: Photo) -> None:
    held = Held(page, "/rotate/$")
    page.get_by_role("checkbox", name="Choose mine.jpg").check()
    page.get_by_role("button", name="Rotate mine.jpg").click()
    held.has(1)
    page.locator(".rename > summary").click()
    page.keyboard.type("Grand")
    held.let_go()
    page.keyboard.type("mother")
    page.keyboard.press("Enter")
    expect(page.locator(".card .title")).to_have_text("Grandmother")
    expect(page.get_by_role("checkbox", name="Choose Grandmother")).to_be_checked()
    expect(page.locator(".chosen .count")).to_have_text("1 chosen")


def test_photos_that_have_come_are_listed_behind_an_open_popup(page: Page, own: Photo) -> None:
    page.get_by_role("switch").click()
    page.get_by_role("link", name="Details: mine.jpg").or_(page.get_by_title("Title, tags and more")).first.click()
    dialog = page.locator("dialog#details")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(re.compile("/gallery/"))
    files = [ws.jpeg(f"{n}.jpg", image_file(eighths(), quality=50 + n)) for n in range(2)]
    page.set_input_files("input[type=file][name=image]", files)
    expect(page.locator("#photo_grid .own-photo")).to_have_count(3)
    expect(dialog).to_be_visible()


# Offers


@pytest.fixture
def offers(alice: User) -> list[Offer]:
    return [
        Offer.objects.create(
            owner=alice,
            photo=store_photo(image_file(eighths(), quality=80 + n), f"{n}.jpg", owner=alice),
            title=f"Offer {n}",
            creator="Alice",
            licence="CC0",
        )
        for n in range(4)
    ]


def test_a_reason_that_is_typed_survives_the_answer_to_another_decision(curator: Page, offers: list[Offer]) -> None:
    curator.goto("/curating/offers/")
    ws.wired(curator)
    held = Held(curator, "/offers/decide/$")
    rows = curator.locator(".offer")
    expect(rows).to_have_count(4)
    rows.nth(2).get_by_role("checkbox").check()
    rows.first.focus()
    curator.keyboard.press("a")
    held.has(1)
    curator.keyboard.press("j")
    curator.keyboard.press("j")
    curator.keyboard.press("r")
    curator.keyboard.type("too d")
    held.let_go()
    expect(rows).to_have_count(3)
    curator.keyboard.type("ark")
    third = rows.nth(1)
    expect(third.locator("[name=reason]")).to_have_value("too dark")
    expect(third.locator("[name=reason]")).to_be_focused()
    expect(third.get_by_role("checkbox")).to_be_checked()
    assert Offer.objects.waiting().count() == 3
