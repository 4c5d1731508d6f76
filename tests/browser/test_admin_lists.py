"""A curator's list of images in the admin, under the site's own content security policy."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage
from tests.browser import workspace as ws
from tests.browser.curating import IMAGES, bring_in, take_out
from tests.gallery.discs import thing_on_ground
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
N = 4


@pytest.fixture
def images() -> list[GalleryImage]:
    colours = (RED, BLUE, YELLOW, GREEN)
    return [
        add_public(
            image_file(thing_on_ground(colours[number], (230, 230, 230), number)),
            f"{number}.jpg",
            Details(title=f"Pciture {number}", tags=("disc", "plate"), creator="Ann O'Brien", licence="CC BY 4.0"),
        )[0]
        for number in range(N)
    ]


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES_OF_PAGES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.usefixtures("curator")
def test_captions_are_corrected_in_the_list_and_by_csv(page: Page, images: list[GalleryImage]) -> None:
    """What the security policy of the site forbids on these pages fails the test."""
    GalleryImage.objects.filter(pk=images[3].pk).withdraw()
    images[2].mark_failed("The file is broken.")
    page.goto(IMAGES)
    expect(page.locator("#result_list img.thumbnail")).to_have_count(N)
    heights = "[...document.querySelectorAll('#result_list img.thumbnail')].map((one) => one.clientHeight)"
    ws.eventually(page, lambda: set(page.evaluate(heights)) == {64})
    picture(page, "list")
    page.locator("[name=form-0-title]").fill("A yellow disc")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_contain_text("1 gallery image was changed")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("tag")
    page.get_by_label("Tags or licence").fill("corrected")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text(f"{N} gallery images changed")
    page.locator(".typed-filter [name=creator]").fill("brien")
    page.locator(".typed-filter [name=creator]").press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(N)
    picture(page, "filtered")

    rows = take_out(page)
    bring_in(page, [{**row, "title": row["title"].replace("Pciture", "Picture")} for row in rows])
    expect(page.locator(".import-preview del")).to_have_count(N - 1)
    picture(page, "import")
    page.get_by_role("button", name="Confirm import").click()
    expect(page.locator(".messagelist")).to_contain_text("3 updated")
    page.goto(f"{IMAGES}{images[0].pk}/change/")
    expect(page.locator(".changes li")).to_have_count(2)
    picture(page, "image")
    page.goto(IMAGES)
    page.locator("[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option("delete_selected")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator("#content")).to_contain_text("Delete 1 image with its files?")
    picture(page, "delete")
