"""What Back shows: the selection of today, and after signing out nothing of a person's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from selector.models import Photo, Selection
from selector.services.photos import store_photo
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
NAME = "Grandmother.jpg"
FROM_THE_CACHE = """(address) => fetch(address, { cache: "only-if-cached", mode: "same-origin" })
    .then((answer) => answer.ok ? "something" : "nothing", () => "nothing")"""


@pytest.fixture
def private(transactional_db: None, alice: User) -> Photo:
    return store_photo(image_file(eighths()), NAME, owner=alice)


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", "alice")
    page.fill("[name=password]", "a-long-passphrase")
    page.locator("main form button").first.click()
    expect(page.locator(".site-header .who")).to_have_text("alice")


def state(page: Page) -> str | None:
    return page.locator("#state").get_attribute("value")


def test_back_shows_todays_selection(page: Page, private: Photo) -> None:
    sign_in(page)
    work = ws.Workspace(page, private)
    ws.click(page, 30, 40)
    work.check("toggle")
    page.goto("/photos/")
    page.go_back()
    ws.ready(page)
    work.shows(work.expected)
    # Changed meanwhile on another device, of which this browser was not told.
    page.goto("/gallery/")
    other = Selection.objects.get()
    other.apply(lambda before: before.plus(~before.included, "include"))
    other.save()
    page.go_back()
    ws.ready(page)
    work.expected = other.superpixels
    work.shows(work.expected)


def test_after_signing_out_back_and_the_cache_show_nothing_private(
    page: Page, private: Photo, expects_refusal: None, expected: list[str]
) -> None:
    expected.append("net::ERR_CACHE_MISS")
    sign_in(page)
    ws.Workspace(page, private)
    page.goto("/photos/")
    expect(page.get_by_text(NAME).first).to_be_visible()
    ws.until(page, "[...document.images].every((image) => image.complete)")
    # Until then it is kept.
    ws.eventually(page, lambda: page.evaluate(FROM_THE_CACHE, private.thumbnail_url) == "something")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url("/")
    page.go_back()
    expect(page.get_by_text("No photos yet")).to_be_visible()
    assert NAME not in page.content()
    page.goto(private.get_absolute_url())
    expect(page.get_by_text("Nothing to see here")).to_be_visible()
    for address in (private.working_url, private.small_url, private.thumbnail_url, *work_addresses(private)):
        assert page.evaluate(FROM_THE_CACHE, address) == "nothing", address


def work_addresses(photo: Photo) -> list[str]:
    label_map = photo.label_maps.get()
    return [f"/photos/{photo.pk}/label-maps/{label_map.pk}/{name}" for name in ("labels", "tree")]


def test_pictures_that_are_kept_are_asked_for_in_few_bytes(page: Page, private: Photo) -> None:
    sign_in(page)
    statuses: dict[str, list[int]] = {}
    page.on("response", lambda answer: statuses.setdefault(answer.url, []).append(answer.status))
    for _ in range(2):
        page.goto("/photos/")
        ws.until(page, "[...document.images].every((image) => image.complete)")
    (thumbnail,) = [given for url, given in statuses.items() if url.endswith(private.thumbnail_url)]
    # The start page, to which one comes from signing in, may have asked for it before.
    ws.eventually(page, lambda: len(thumbnail) > 1)
    assert set(thumbnail[1:]) == {304}
