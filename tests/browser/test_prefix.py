"""The site under a path of another one, in a real browser: the scripts and htmx find their way, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from playwright.sync_api import Page, expect

from gallery.collection.importing import Details, add_public
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
PREFIX = "/images"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a server takes the prefix off the path, as waitress does, and knows nothing beside it."""
    settings.FORCE_SCRIPT_NAME = settings.SESSION_COOKIE_PATH = settings.CSRF_COOKIE_PATH = PREFIX
    monkeypatch.setattr(staticfiles_storage, "base_url", f"{PREFIX}/static/")
    site = WSGIHandler()

    def under_prefix(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        return site({**environ, "PATH_INFO": path.removeprefix(PREFIX) or "/"}, start_response)

    with make_server("127.0.0.1", 0, under_prefix, Server, Quiet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
        server.shutdown()
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
