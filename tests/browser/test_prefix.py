"""The site under a path of another one, in a real browser: the scripts and htmx find their way, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from playwright.sync_api import Page, expect

from gallery.collection.importing import Details, add_public
from superpixel_site.web_server import sockets
from superpixel_site.web_server.limits import Limits
from superpixel_site.web_server.server import Server
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
PREFIX = "/images"


@pytest.fixture
def address(page: Page, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the site's own server takes the prefix off the path; there is nothing beside it."""
    settings.FORCE_SCRIPT_NAME = settings.SESSION_COOKIE_PATH = settings.CSRF_COOKIE_PATH = PREFIX
    monkeypatch.setattr(staticfiles_storage, "base_url", f"{PREFIX}/static/")
    site = WSGIHandler()

    def nothing_beside_it(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # In front of the site's server there is another one, which sends it what is under the prefix alone.
        if not environ["REQUEST_URI"].startswith(f"{PREFIX}/"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        return site(environ, start_response)

    listening = sockets.bind("127.0.0.1", 0, tmp_path)
    server = Server(nothing_beside_it, listening, threads=8, limits=Limits(), url_prefix=PREFIX)
    thread = Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}{PREFIX}/"
    # First the browser: what it still asks for is answered.
    page.context.close()
    server.stop()
    thread.join()


def test_from_an_upload_to_an_answer(page: Page, address: str) -> None:
    add_public(image_file(eighths()), "eighths.jpg", Details(licence="CC0"))
    call_command("index_gallery", verbosity=0)
    page.goto(address)
    page.set_input_files("input[type=file][name=image]", ws.jpeg("photo.jpg", image_file()))
    page.wait_for_url(f"{address}photos/*/**")
    ws.ready(page)
    ws.click(page, 30, 40)
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#drawer article.hit").first).to_be_visible()
    page.reload()
    ws.ready(page)
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
