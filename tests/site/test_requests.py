"""What the site does for every request: refusals, what varies by htmx, and slots that apps fill."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django_htmx.middleware import HtmxMiddleware

from selector.models import Photo
from superpixel_site import slots
from superpixel_site.htmx import VaryOnHtmxMiddleware
from superpixel_site.refusals import Refusal, RefusalMiddleware


def asked(**headers: str) -> Any:
    """A request as views get it."""
    request: Any = RequestFactory(headers=headers).get("/")
    request.user = AnonymousUser()
    HtmxMiddleware(lambda request: HttpResponse())(request)
    return request


def answered(exception: Exception, **headers: str) -> HttpResponse | None:
    return RefusalMiddleware(lambda request: HttpResponse()).process_exception(asked(**headers), exception)


def test_a_refusal_is_a_sentence_in_place_for_htmx() -> None:
    response = answered(Refusal("Choose a photo first.", 400, "/photos/"), HX_Request="true")
    assert response is not None and response.status_code == 400
    assert response.content.decode().startswith('<div id="status"')
    assert "Choose a photo first." in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_a_refusal_is_a_page_to_go_on_from_for_a_browser() -> None:
    response = answered(Refusal("Choose a photo first.", 422, "/photos/"))
    assert response is not None and response.status_code == 422
    page = response.content.decode()
    assert "<html" in page and "Choose a photo first." in page and 'href="/photos/"' in page


def test_other_exceptions_are_not_answered_as_refusals() -> None:
    assert answered(ValueError("a fault")) is None


@pytest.mark.parametrize(("kind", "varies"), [("text/html; charset=utf-8", True), ("image/png", False)])
def test_pages_and_partials_vary_by_htmx_and_pictures_do_not(kind: str, varies: bool) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(content_type=kind)

    assert ("HX-Request" in VaryOnHtmxMiddleware(view)(asked()).get("Vary", "")) is varies


def test_the_site_is_alive_without_its_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"  # this test may not touch the database


def test_a_slot_shows_what_fills_it_in_order_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_fillings", type(slots._fillings)(list))
    for template in ("_status.html", "library/_fill_own_collection.html", "_status.html"):
        slots.fill("here", template)
    shown = Template('{% load slots %}{% slot "here" %}').render(RequestContext(asked(), {"message": "<Saved>"}))
    assert shown.count('id="status"') == shown.count("your photos") == 1
    assert "&lt;Saved&gt;" in shown
    assert shown.index('id="status"') < shown.index("your photos")


def test_a_slot_that_nothing_fills_is_empty() -> None:
    assert Template('{% load slots %}[{% slot "nowhere" %}]').render(RequestContext(asked())) == "[]"


def test_the_apps_above_fill_the_workspace(alice_client: Client, photo: Photo) -> None:
    page = alice_client.get(photo.get_absolute_url()).content.decode()
    for part in ('id="search"', 'id="drawer"', ">Rotate</span>"):
        assert page.count(part) == 1, part
