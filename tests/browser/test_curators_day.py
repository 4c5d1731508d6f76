"""A curator's day: from a gift of pictures that arrives to the same collection on another server.

The worker, the backup and the other server are real processes. What each page can do besides is held by its own tests.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from benchmarks.served_site import free_port, wait_for
from curating.duplicates import working
from curating.models import DuplicatePair
from curating.offering import offer
from gallery.collection.importing import Details
from gallery.models import GalleryImage
from selector.services.photos import store_photo
from tests.browser import workspace as ws
from tests.browser.curating import IMAGES, bring_in, take_out
from tests.curating.archives import archive
from tests.curating.test_backups import elsewhere, environment, run
from tests.curating.test_duplicates import jpeg, scene
from tests.databases import fresh_database
from tests.gallery.test_worker_process import Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels", "own_media")]
N = 30
PATIENCE = 240_000  # of a busy machine, in ms; waiting ends when there is what is waited for


def gift() -> bytes:
    """Pictures with a manifest that cannot spell; a smaller copy of one, and a letter."""
    pictures: dict[str, bytes | str] = {f"{n}.jpg": jpeg(scene(n, 160, 120)) for n in range(N)}
    lines = [f"{n}.jpg,Pciture {n},sea; harbour,Ada,CC0,19{n + 10}-05-01" for n in range(N)]
    lines.append("small.jpg,A copy,sea; boats,,,")
    manifest = "\n".join(["path,title,tags,creator,licence,date", *lines])
    copy = jpeg(scene(0, 160, 120).resize((80, 60)))
    return archive({"manifest.csv": manifest, **pictures, "small.jpg": copy, "letter.jpg": "Dear Sir"})


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(tmp_path, "worker")
    yield worker
    worker.process.kill()
    worker.process.communicate()


@pytest.fixture
def offered(alice: User) -> None:
    """A photo of alice's that waits for a curator."""
    photo = store_photo(jpeg(scene(100, 160, 120)), "boat.jpg", owner=alice)
    offer(alice, photo, Details(title="A boat", tags=("sea",), creator="Alice A.", licence="CC BY 4.0"))


@pytest.fixture
def other_place() -> Iterator[str]:
    """The URL of an empty database."""
    with fresh_database(f"day_{uuid.uuid4().hex[:12]}") as url:
        yield url


@contextmanager
def another_site(url: str, data: Path) -> Iterator[str]:
    """The address of a web server over another database and another folder."""
    port = free_port()
    given = {"PORT": str(port), "SECRET_KEY": "of another site", "WEB_CONCURRENCY": "1", "N_SUPERPIXELS": "60"}
    site = subprocess.Popen(
        [sys.executable, "manage.py", "web"], cwd=settings.BASE_DIR, env=environment(url, data) | given
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        site.terminate()
        site.wait(timeout=60)


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES_OF_PAGES"):
        page.screenshot(path=f"{folder}/day-{name}.png", full_page=True)


def go_to(page: Page, name: str) -> None:
    """Follow a link in the list of the pages for curators."""
    page.get_by_role("navigation", name="Curating").get_by_role("link", name=name).click()


def top_ten(browser: Browser, address: str) -> list[str]:
    """What a visitor finds for a part of the seventh picture; of curating they see nothing on the way."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto("/gallery/?tag=harbour")
    page.get_by_role("link", name="Picture 7", exact=True).click()
    page.get_by_role("link", name="Select in this image").click()
    ws.ready(page)
    ws.click(page, 40, 40)
    ws.settled(page)
    page.get_by_role("button", name="Search", exact=True).click()
    hits = page.locator("#drawer .hit > a .title")
    # What is only loosely alike may be folded away.
    expect(hits.nth(9)).to_be_attached()
    assert not page.locator(
        "[href*='/curating/'], [action*='/curating/'], [href*='/admin/'], [href$='/offer/']"
    ).count()
    found = [title.strip() for title in hits.all_text_contents()[:10]]
    context.close()
    return found


def test_from_a_gift_to_the_same_collection_elsewhere(
    curator: Page,
    browser: Browser,
    worker: Worker,
    offered: None,
    live_server: LiveServer,
    tmp_path: Path,
    other_place: str,
) -> None:
    a_gift_is_added_and_watched(curator)
    until(worker, lambda: GalleryImage.objects.filter(status="indexed").count() == N + 1)
    an_offer_is_approved(curator)
    a_copy_is_folded(curator, worker)
    captions_are_corrected(curator)
    until(worker, lambda: not GalleryImage.objects.exclude(status="indexed").exists())
    the_collection_is_well(curator)

    before = top_ten(browser, live_server.url)
    assert "verified" in run("backup", tmp_path / "kept", "--verify")
    restored = elsewhere(other_place, tmp_path / "elsewhere", "restore", tmp_path / "kept")
    assert restored.returncode == 0, restored.stderr
    with another_site(other_place, tmp_path / "elsewhere") as address:
        assert top_ten(browser, address) == before


def until(worker: Worker, is_so: Callable[[], bool]) -> None:
    for _ in worker.until():
        if is_so():
            return


def a_gift_is_added_and_watched(page: Page) -> None:
    """An archive is added, its task watched without loading the page again; a report names what is no picture."""
    page.goto("/")
    page.get_by_role("link", name="Curating").click()
    go_to(page, "Add")
    page.get_by_label("Tags").fill("gift")
    page.set_input_files("#upload", {"name": "gift.zip", "mimeType": "application/zip", "buffer": gift()})
    expect(page.locator("#uploads")).to_contain_text("It has come whole")
    page.locator("#adding").get_by_role("link", name="gift.zip").click()
    expect(page.get_by_role("heading", name="gift.zip")).to_be_visible()
    expect(page.locator("#task")).to_contain_text(f"{N + 2} of {N + 2}, 1 failed", timeout=PATIENCE)
    expect(page.locator("#task progress")).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("link", name="1 refused").click()
    expect(page.locator("#task tbody tr")).to_have_count(1)
    expect(page.locator("#task tbody")).to_contain_text("letter.jpg")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report").click()
    (row,) = csv.DictReader(download.value.path().open())
    assert "letter.jpg" in row.values() and any("text file" in value for value in row.values())


def an_offer_is_approved(page: Page) -> None:
    go_to(page, "Offers")
    page.get_by_role("button", name="Approve A boat").click()
    expect(page.locator("#offers")).to_contain_text("Nothing waits")


def a_copy_is_folded(page: Page, worker: Worker) -> None:
    # Within 15 seconds the worker would look for itself.
    working.defer()
    until(worker, lambda: DuplicatePair.objects.proposed().exists())
    go_to(page, "Duplicates")
    expect(page.locator("#duplicates h2")).to_contain_text("1 of 1")
    page.get_by_role("button", name="Fold the other into it").click()
    page.get_by_role("button", name="Fold and delete the copy").click()
    expect(page.get_by_role("status")).to_contain_text("folded into “Pciture 0”")


def captions_are_corrected(page: Page) -> None:
    """All captions go out as CSV, and come back right after a look at what changes."""
    go_to(page, "Collection")
    page.locator(".typed-filter [name=tag]").fill("gift")
    page.locator(".typed-filter [name=tag]").press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(N)
    rows = take_out(page)
    bring_in(page, [{**row, "title": row["title"].replace("Pciture", "Picture")} for row in rows])
    expect(page.locator(".import-preview del")).to_have_count(N)
    page.get_by_role("button", name="Confirm import").click()
    expect(page.locator(".messagelist")).to_contain_text(f"{N} updated")
    assert GalleryImage.objects.tagged("boats").get().title == "Picture 0"
    page.goto(f"{IMAGES}?q=Picture")
    picture(page, "list")


def the_collection_is_well(page: Page) -> None:
    page.goto("/curating/health/")
    images = page.get_by_role("region", name="Images")
    expect(images.get_by_role("row", name=f"Indexed {N + 1}", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="What could not be indexed")).to_contain_text("Nothing has failed")
    expect(page.get_by_role("region", name="Queue and workers").locator(".badge.good").first).to_have_text("working")
    expect(page.get_by_role("region", name="Tags of the public collection")).to_contain_text("gift")
    picture(page, "health")
