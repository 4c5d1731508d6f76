"""What curators and contributors do in a real browser: adding by dropping, offering, approving."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.signing_in.roles import make_curator
from curating import jobs
from curating.importing import parts
from curating.models import BulkTask
from gallery.models import GalleryImage
from selector.models import Photo
from tests.browser import workspace as ws
from tests.browser.curating import sign_in
from tests.curating.archives import archive
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


def drop(page: Page, *paths: Path) -> None:
    """Let go of files or folders of this machine over the page, as a hand would."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})


def test_a_dropped_folder_and_an_archive_are_added_and_each_file_is_told(
    curator: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(parts, "PART_BYTES", 3000)
    box = tmp_path / "box"
    (box / "@eaDir").mkdir(parents=True)
    files = {"a.jpg": image_file(), "b.jpg": image_file(quality=60), "c.jpg": b"Dear Sir", "@eaDir/a.jpg": b"small"}
    for name, data in files.items():
        (box / name).write_bytes(data)
    curator.goto("/curating/add/")
    curator.get_by_label("Tags").fill("red")
    drop(curator, box)
    expect(curator.locator("#uploads h2")).to_have_text("2 photos added, 1 not")
    expect(curator.locator("#uploads")).to_contain_text("text file")
    expect(curator.locator("#left_out")).to_contain_text("box/@eaDir: It holds small copies")
    expect(curator.locator("#adding")).to_contain_text("4 of 4, 1 failed, 1 skipped")
    zipped = archive({"d.jpg": image_file(quality=50), "e.jpg": image_file(quality=55)})
    curator.set_input_files("#upload", {"name": "more.zip", "mimeType": "application/zip", "buffer": zipped})
    expect(curator.locator("#uploads")).to_contain_text("It has come whole")
    task = BulkTask.objects.get(title="more.zip")
    jobs.take_turn(task.pk)
    expect(curator.locator("#adding li").first).to_contain_text("2 of 2")
    assert GalleryImage.objects.tagged("red").count() == 4


def test_without_javascript_files_are_sent_in_one_form(browser: Browser, bob: User, live_server: LiveServer) -> None:
    make_curator(bob)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, bob, live_server.url)
    page = context.new_page()
    page.goto("/curating/add/")
    page.set_input_files("#upload", [ws.jpeg("a.jpg", image_file()), ws.jpeg("b.jpg", image_file(quality=60))])
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("heading", name="2 files")).to_be_visible()
    jobs.take_turn(BulkTask.objects.get().pk)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#task")).to_contain_text("2 of 2")
    context.close()


def test_a_photo_is_offered_and_approved_by_keyboard(
    browser: Browser, curator: Page, alice: User, photo: Photo, live_server: LiveServer
) -> None:
    context = browser.new_context(base_url=live_server.url)
    sign_in(context, alice, live_server.url)
    page = context.new_page()
    page.goto("/photos/")
    page.get_by_role("link", name="to the public collection").click()
    page.get_by_label("Title").fill("The harbour")
    page.get_by_label("Creator").fill("Alice A.")
    page.get_by_role("combobox", name="Licence").fill("CC BY 4.0")
    page.get_by_label("I may publish it").check()
    page.get_by_role("button", name="Offer it").click()
    expect(page.locator("#photos .card")).to_contain_text("Offered, and waits")
    curator.goto("/curating/offers/")
    curator.locator(".offer").focus()
    curator.keyboard.press("r")
    expect(curator.get_by_label("Why The harbour is not taken")).to_be_focused()
    curator.locator(".offer").focus()
    curator.keyboard.press("a")
    expect(curator.locator("#offers")).to_contain_text("Nothing waits")
    expect(curator.get_by_role("status")).to_have_text("In the collection now: 1.")
    page.reload()
    page.get_by_role("link", name="In the public collection").click()
    expect(page.get_by_role("heading", name="The harbour")).to_be_visible()
    context.close()
