"""Every way to add a photo, in a real browser: chosen, dropped, pasted, cancelled, refused, and without JavaScript."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Browser, Dialog, Error, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from selector.models import Photo
from tests.browser import workspace as ws
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]

WORKSPACE = re.compile(r"/photos/[0-9a-f-]{36}/")
PICTURE = ws.jpeg("quarters.jpg", image_file())
TEXT = ws.jpeg("letter.jpg", b"Dear Sir or Madam")

# Playwright has no way to drop or paste files: the events are made in the page, with real files in them.
TRANSFER = """([type, files]) => {
  const carried = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  const options = { bubbles: true, cancelable: true };
  document.querySelector("main").dispatchEvent(type === "paste"
    ? new ClipboardEvent(type, { ...options, clipboardData: carried })
    : new DragEvent(type, { ...options, dataTransfer: carried }));
}"""


def expect_workspace(page: Page) -> None:
    """With patience: the first photo of a run may have to wait for the compiler."""
    expect(page).to_have_url(WORKSPACE, timeout=60_000)


def transfer(page: Page, event: str, *names: str) -> None:
    content = base64.b64encode(image_file()).decode()
    page.evaluate(TRANSFER, [event, [[name, content] for name in names]])


def test_a_photo_dropped_anywhere_is_opened(page: Page) -> None:
    page.goto("/")
    transfer(page, "dragover", "quarters.jpg")
    assert page.evaluate("getComputedStyle(document.body, '::after').content") == '"Drop photos anywhere"'
    transfer(page, "drop", "quarters.jpg")
    expect_workspace(page)
    assert Photo.objects.get().name == "quarters.jpg"


def test_several_photos_dropped_at_once_are_all_added(page: Page) -> None:
    page.goto("/")
    transfer(page, "drop", "one.jpg", "two.jpg")
    expect(page.locator("#uploads h2")).to_have_text("2 photos added")
    page.get_by_role("link", name="See all my photos").click()
    expect(page.locator("#photos .card")).to_have_count(2)
    assert len(set(Photo.objects.values_list("visitor", flat=True))) == 1


def test_a_pasted_photo_is_opened(page: Page) -> None:
    page.goto("/photos/")
    transfer(page, "paste", "image.png")
    expect_workspace(page)


def test_a_photo_that_is_chosen_before_scripts_run_is_opened(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/uploads*.js", hold)
    page.goto("/", wait_until="commit")
    page.set_input_files("input[name=image]", PICTURE)
    ws.eventually(page, lambda: held)
    held[0].continue_()
    expect_workspace(page)


@pytest.mark.usefixtures("expects_refusal")
def test_a_refused_file_is_explained_and_the_next_one_is_taken(page: Page) -> None:
    page.goto("/")
    page.set_input_files("input[name=image]", TEXT)
    expect(page.get_by_role("status")).to_contain_text("text file")
    # An emptied field, or a browser would see no change when the same file is chosen again.
    expect(page.locator("input[name=image]")).to_have_value("")
    # It is told where it was dropped, with its name, and can be sent again.
    failed = page.get_by_role("group", name="What went wrong")
    expect(failed).to_contain_text("letter.jpg")
    page.get_by_role("button", name="Try again").click()
    expect(failed).to_contain_text("text file")
    page.set_input_files("input[name=image]", PICTURE)
    expect_workspace(page)


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page(base_url=live_server.url)
    held: list[Route] = []

    page.goto("/")
    page.route("**/photos/", lambda route: held.append(route))  # noqa: PLW0108  Playwright asks a function for its signature.
    page.set_input_files("input[name=image]", PICTURE)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator("#upload")).to_contain_text("quarters.jpg")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.locator("input[name=image]")).to_be_focused()
    assert len(held) == 1
    assert not Photo.objects.exists()
    page.close()


def test_leaving_the_page_during_an_upload_asks_first(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page(base_url=live_server.url)
    page.goto("/")
    page.route("**/photos/", lambda route: None)
    # Browsers ask only on behalf of pages that somebody has used.
    page.get_by_role("heading", level=1).click()
    page.set_input_files("input[name=image]", PICTURE)
    expect(page.get_by_role("progressbar")).to_be_visible()
    asked: list[str] = []

    def stay(question: Dialog) -> None:
        asked.append(question.type)
        question.dismiss()

    page.on("dialog", stay)
    with pytest.raises(Error, match="ERR_ABORTED"):
        page.goto("/gallery/")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Cancel").click()
    page.goto("/gallery/")
    assert asked == ["beforeunload"]
    page.close()


@pytest.mark.usefixtures("expects_bad_network")
def test_a_lost_connection_is_said_and_the_upload_can_be_tried_again(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page(base_url=live_server.url)
    page.goto("/")
    page.route("**/photos/", lambda route: route.abort("internetdisconnected"))
    page.set_input_files("input[name=image]", PICTURE)
    expect(page.get_by_role("status")).to_have_text("There is no connection to the server. Check it and try again.")
    page.unroute("**/photos/")
    page.set_input_files("input[name=image]", PICTURE)
    expect_workspace(page)
    page.close()


@pytest.mark.usefixtures("expects_refusal")
def test_without_javascript_a_file_is_chosen_and_sent(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.set_input_files("input[name=image]", TEXT)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_contain_text("text file")
    page.get_by_role("link", name="Go back").click()
    page.set_input_files("input[name=image]", PICTURE)
    page.get_by_role("button", name="Upload").click()
    expect_workspace(page)
    context.close()


def test_without_javascript_several_files_are_sent_in_one_form(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.set_input_files("input[name=image]", [PICTURE, TEXT, PICTURE])
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_contain_text("2 photos are added.")
    expect(page.get_by_role("status")).to_contain_text("letter.jpg: This is a text file")
    expect(page.locator("#photos .card")).to_have_count(2)
    page.get_by_label("Choose quarters.jpg").first.check()
    page.locator("#chosen").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the photo").click()
    expect(page.locator("#photos .card")).to_have_count(1)
    context.close()


@pytest.mark.usefixtures("expects_unavailable")
def test_a_photo_is_sent_again_while_the_site_is_busy(browser: Browser, live_server: LiveServer) -> None:
    answers: list[int] = []

    def busy_once(route: Route) -> None:
        if route.request.method != "POST" or answers:
            route.continue_()
            return
        answers.append(503)
        route.fulfill(status=503, headers={"Retry-After": "1"}, body="The site is busy just now.")

    page = browser.new_page(base_url=live_server.url)
    page.route("**/photos/", busy_once)
    page.goto("/")
    page.set_input_files("input[name=image]", PICTURE)
    expect_workspace(page)
    assert answers == [503]
    page.close()
