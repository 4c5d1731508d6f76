"""The site under a path of another one: every address that a page names is under it, and answers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client
from django.urls import clear_script_prefix, set_script_prefix

from gallery.collection.importing import Details, add_public
from selector.models import Photo
from selector.services import label_maps
from tests.pictures import eighths, image_file

PREFIX = "/images"
# What a browser or htmx fetches. What is posted to, and what scripts complete by a query, is looked at only.
FETCHED = re.compile(r"href|src|hx-get")
NAMED = re.compile(rf"{FETCHED.pattern}|action|hx-(post|put|patch|delete|push-url)|data-[\w-]*url")


class UnderPrefix(Client):
    """A browser, and a server in between that takes the prefix off, as waitress does."""

    def request(self, **environ: Any) -> Any:
        path = environ["PATH_INFO"]
        assert path == PREFIX or path.startswith(f"{PREFIX}/"), path
        return super().request(**environ | {"PATH_INFO": path.removeprefix(PREFIX) or "/"})


class Addresses(HTMLParser):
    """The addresses in a page, each with whether it is fetched."""

    def __init__(self, page: str, base: str) -> None:
        super().__init__()
        self.base, self.found = base, dict[str, bool]()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        for name, value in attributes:
            if value and NAMED.fullmatch(name) and not value.startswith(("data:", "blob:", "#", "mailto:")):
                address = urldefrag(urljoin(f"http://testserver{self.base}", value)).url
                posted = name == "action" and (given.get("method") or "").lower() == "post"
                if urlsplit(address).netloc == "testserver":
                    path = address.removeprefix("http://testserver")
                    is_fetched = bool(FETCHED.fullmatch(name)) or (name == "action" and not posted)
                    self.found[path] = self.found.get(path, False) or is_fetched


@pytest.fixture
def visitor(db: None, settings: Any, few_superpixels: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[UnderPrefix]:
    settings.FORCE_SCRIPT_NAME = settings.SESSION_COOKIE_PATH = settings.CSRF_COOKIE_PATH = PREFIX
    # The setting itself would make Django forget where tests keep their photos.
    monkeypatch.setattr(staticfiles_storage, "base_url", f"{PREFIX}/static/")
    # What Django's handler does for each request, and its test client does not.
    set_script_prefix(PREFIX)
    yield UnderPrefix()
    clear_script_prefix()


def answered(client: Client, address: str, **data: Any) -> Any:
    response = client.post(address, data)
    assert response.status_code < 400, (address, response.status_code)
    if "Location" in response.headers:
        assert response.headers["Location"].startswith(f"{PREFIX}/"), response.headers["Location"]
    return response


def follow_all(client: Client, *starts: str) -> set[str]:
    """Fetch these addresses and all that they name, and so on; every one is under the prefix, and answers."""
    waiting, seen = list(starts), set[str]()
    while waiting:
        address = waiting.pop()
        if address in seen or "/logout/" in address:
            continue
        seen.add(address)
        response = client.get(address)
        assert response.status_code in (200, 302), (address, response.status_code)
        named = {response.headers["Location"]: True} if response.status_code == 302 else {}
        if response.headers["Content-Type"].startswith("text/html") and not response.streaming:
            named |= Addresses(response.content.decode(), address).found
        outside = {path for path in named if path != PREFIX and not path.startswith(f"{PREFIX}/")}
        assert outside == set(), (address, outside)
        waiting += [path for path, is_fetched in named.items() if is_fetched and is_of_interest(path)]
    return seen


def is_of_interest(path: str) -> bool:
    """Not each of a hundred lists that Django's own admin leads to, nor the way back after signing in."""
    return "?next=" not in path and ("/admin/" not in path or (path.count("/") < 6 and "?" not in path))


def kinds(addresses: set[str]) -> set[str]:
    """The first word of each after the prefix."""
    return {address.removeprefix(PREFIX).strip("/").partition("/")[0] for address in addresses}


def test_a_visitor_finds_everything_under_the_prefix(visitor: Client) -> None:
    add_public(image_file(), "quarters.jpg", Details(licence="CC0"))
    call_command("index_gallery", verbosity=0)
    workspace = answered(visitor, f"{PREFIX}/photos/", image=io.BytesIO(image_file(eighths()))).headers["Location"]
    photo = Photo.objects.get(is_public=False)
    label_map = label_maps.get_or_compute(photo).pk
    answered(visitor, f"{workspace}selection/", label_map=label_map, points="30,40", level=4)
    links = answered(visitor, f"{workspace}links/").content.decode()
    (link,) = re.findall(r'value="http://testserver([^"]*/shared/[^"]+)"', links)
    search = answered(visitor, f"{workspace}search/").headers["Location"]
    seen = follow_all(visitor, f"{PREFIX}/", workspace, link, search)
    assert kinds(seen) >= {"", "photos", "gallery", "searches", "shared", "static", "regions", "selections"}


def test_an_account_and_the_admin_are_under_it_too(visitor: Client) -> None:
    data = {"username": "carol", "password1": "a-long-passphrase", "password2": "a-long-passphrase"}
    assert answered(visitor, f"{PREFIX}/accounts/signup/", **data).headers["Location"] == f"{PREFIX}/"
    assert (
        visitor.cookies[settings.SESSION_COOKIE_NAME]["path"]
        == visitor.cookies[settings.CSRF_COOKIE_NAME]["path"]
        == PREFIX
    )
    User.objects.update(is_staff=True, is_superuser=True)
    seen = follow_all(visitor, f"{PREFIX}/accounts/email/", f"{PREFIX}/accounts/2fa/", f"{PREFIX}/admin/")
    assert kinds(seen) >= {"accounts", "admin", "static"}
    assert answered(visitor, f"{PREFIX}/accounts/logout/").headers["Location"] == f"{PREFIX}/"


def test_an_upload_by_script_is_sent_on_under_it(visitor: Client) -> None:
    response = visitor.post(f"{PREFIX}/photos/", {"image": io.BytesIO(image_file())}, headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith(f"{PREFIX}/photos/")
