"""Headers of each kind of answer, and flags of the cookies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from selector.models import Photo
from superpixel_site import urls
from superpixel_site.permissions_policy import POLICY
from superpixel_site.settings import BASE_DIR

Ask = Callable[[Client, Photo], Any]


def failing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of the site")


# So that there is an error of the server to look at.
urlpatterns = [*urls.urlpatterns, path("failing", failing)]
handler500 = urls.handler500


def get(address: str, **headers: str) -> Ask:
    def ask(client: Client, photo: Photo) -> Any:
        label_map = photo.label_maps.get().pk
        return client.get(address.format(photo=photo.pk, version=photo.version, map=label_map), headers=headers)

    return ask


ANSWERS: dict[str, tuple[int, Ask]] = {
    "page": (200, get("/photos/{photo}/")),
    "public page": (200, get("/gallery/")),
    "partial": (200, get("/photos/", HX_Request="true")),
    "changing partial": (200, get("/photos/{photo}/selection/now/?label_map={map}")),
    "page of an account": (200, get("/accounts/2fa/")),
    "picture": (200, get("/photos/{photo}/thumbnail/{version}.webp")),
    "array": (200, get("/photos/{photo}/label-maps/{map}/labels")),
    "download": (200, get("/photos/{photo}/preview.png?download=on")),
    "static file": (200, get("/static/js/site.js")),
    "JSON": (503, get("/readyz")),
    "redirect": (302, get("/admin/")),
    "400": (400, lambda client, photo: client.post("/photos/")),
    "403": (403, lambda client, photo: _without_token(client).post("/photos/")),
    "404": (404, get("/nowhere")),
    "405": (405, get("/photos/delete/")),
    "500": (500, get("/failing")),
}


def _without_token(client: Client) -> Client:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    return strict


@pytest.fixture
def answer(alice_client: Client, photo: Photo, settings: Any) -> Callable[[str], Any]:
    from selector.services import label_maps

    label_maps.get_or_compute(photo)
    settings.ROOT_URLCONF = __name__
    alice_client.raise_request_exception = False

    def ask(kind: str) -> Any:
        status, asked = ANSWERS[kind]
        response = asked(alice_client, photo)
        assert response.status_code == status, kind
        return response

    return ask


# What is computed for one person has to be asked for again; what an address names by its content is kept for good.
NEVER_KEPT = "max-age=0, no-cache, no-store, must-revalidate, private"
FOR_A_YEAR = "private, max-age=31536000, immutable"
NOT_KEPT = "private, no-store"
ASKED_AGAIN = "private, no-cache"
CACHE = {
    "page": NOT_KEPT,
    "public page": NOT_KEPT,
    "partial": NOT_KEPT,
    "changing partial": NEVER_KEPT,
    "page of an account": NOT_KEPT,
    "picture": ASKED_AGAIN,
    "array": ASKED_AGAIN,
    "download": NOT_KEPT,
    "static file": "max-age=60, public",
    "JSON": NEVER_KEPT,
    "redirect": NEVER_KEPT,
    "400": NEVER_KEPT,
    "403": NEVER_KEPT,
    "404": NOT_KEPT,
    "405": NOT_KEPT,
    "500": NOT_KEPT,
}
# Answered before the middlewares that add to pages: by machines' address, and files that no page is.
WITHOUT_PAGE_HEADERS = ("JSON", "static file")
PAGE_HEADERS = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": POLICY,
}
CONTENT_POLICY = {
    *("default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "object-src 'none'"),
    *("base-uri 'self'", "form-action 'self'", "frame-ancestors 'none'"),
}
HTML = ("page", "public page", "partial", "changing partial", "page of an account", "400", "403", "404", "500")


@pytest.mark.parametrize("kind", ANSWERS)
def test_no_browser_guesses_what_an_answer_is(answer: Callable[[str], Any], kind: str) -> None:
    response = answer(kind)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"]


@pytest.mark.parametrize("kind", [kind for kind in ANSWERS if kind not in WITHOUT_PAGE_HEADERS])
def test_every_answer_of_a_view_is_guarded(answer: Callable[[str], Any], kind: str) -> None:
    """No frames, no referrer for others, no scripts but ours, and no use of the device."""
    response = answer(kind)
    assert {name: response.get(name) for name in PAGE_HEADERS} == PAGE_HEADERS
    assert set(response.headers["Content-Security-Policy"].split("; ")) == CONTENT_POLICY


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_says_who_may_keep_it(answer: Callable[[str], Any], kind: str) -> None:
    assert answer(kind).get("Cache-Control", "") == CACHE[kind]


@pytest.mark.parametrize("kind", [kind for kind in ANSWERS if kind not in WITHOUT_PAGE_HEADERS])
def test_no_cache_hands_to_one_what_another_got(answer: Callable[[str], Any], kind: str) -> None:
    varies = {name.strip() for name in answer(kind).get("Vary", "").split(",")}
    assert ("Cookie" in varies) or kind == "500"  # which asks for nobody
    assert ("HX-Request" in varies) or kind not in HTML


def test_a_download_is_a_file_with_a_name(answer: Callable[[str], Any]) -> None:
    assert answer("download").headers["Content-Disposition"].startswith('attachment; filename="')


def test_a_shared_page_is_kept_and_named_by_nobody(client: Client, db: None) -> None:
    response = client.get("/shared/no-such-token/")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in response.headers["X-Robots-Tag"]


def test_passkeys_and_copying_a_link_stay_allowed() -> None:
    allowed = {part.partition("=")[0] for part in POLICY.split(", ") if part.endswith("=(self)")}
    assert allowed == {"clipboard-write", "publickey-credentials-create", "publickey-credentials-get"}


# Under HTTPS


@pytest.fixture(scope="module")
def https_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the settings are with HTTPS=1, of what has to do with it."""
    show = """if True:
        import json
        from superpixel_site import settings as s
        names = [n for n in dir(s) if n.startswith(("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_"))]
        print(json.dumps({n: getattr(s, n) for n in names}))"""
    done = _python(tmp_path_factory.mktemp("https"), "-c", show)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _python(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(data), "HTTPS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def under_https(settings: Any, https_settings: dict[str, Any]) -> Client:
    for name, value in https_settings.items():
        setattr(settings, name, tuple(value) if isinstance(value, list) else value)
    return Client(headers={"X-Forwarded-Proto": "https"})


def test_browsers_come_by_https_for_a_year(under_https: Client, db: None) -> None:
    assert under_https.get("/gallery/").headers["Strict-Transport-Security"] == "max-age=31536000"
    response = Client().get("/gallery/")
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/gallery/")


def test_cookies_are_secure(under_https: Client, alice: Any, settings: Any) -> None:
    """Scripts need the token against forged requests, never the session."""
    cookies = under_https.post(
        "/accounts/login/",
        {"login": "alice", "password": "a-long-passphrase"},
        headers={"Referer": "https://testserver/"},
    ).cookies
    session, token = cookies[settings.SESSION_COOKIE_NAME], cookies[settings.CSRF_COOKIE_NAME]
    for cookie in (session, token):
        assert (cookie["secure"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert session["httponly"] and not token["httponly"]


def test_django_s_checklist_for_deployment_finds_nothing(tmp_path: Path) -> None:
    done = _python(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_what_is_silenced_of_it_is_about_other_hosts(settings: Any) -> None:
    """W005 and W021: whether all subdomains of the domain speak HTTPS, and whether browsers' makers list it."""
    assert settings.SILENCED_SYSTEM_CHECKS == ["security.W005", "security.W021"]
