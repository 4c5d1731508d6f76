"""What will pass is a 503 with a sentence that needs no database; what will not is a 500 with a number to tell."""

from __future__ import annotations

import html
import logging
import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from superpixel_site import urls
from superpixel_site.unavailable import TOO_LONG, UNREACHABLE


def slow(request: HttpRequest, secret: str = "") -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(30)")
    return HttpResponse()


def cut_off(request: HttpRequest) -> HttpResponse:
    """The server ends the very session that asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return HttpResponse()


def faulty(request: HttpRequest) -> HttpResponse:
    raise KeyError("a fault of ours")


urlpatterns = [
    path("slow/<slug:secret>/", slow),
    path("cut-off/", cut_off),
    path("faulty/", faulty),
    *urls.urlpatterns,
]
handler500 = urls.handler500
pytestmark = [pytest.mark.urls(__name__)]


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


def sentence_in(response: Any) -> str:
    (region,) = re.findall(r'<div id="status" role="status">(.*?)</div>', response.content.decode())
    return html.unescape(re.sub(r"<[^>]*>", "", region))


@pytest.mark.django_db
def test_a_query_that_takes_too_long(visitor: Client) -> None:
    response = visitor.get("/slow/hush/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert sentence_in(response) == TOO_LONG and "<html" in response.content.decode()
    assert response.headers["X-Request-ID"] in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_htmx_gets_the_sentence_alone(visitor: Client) -> None:
    response = visitor.get("/slow/hush/", headers={"HX-Request": "true"})
    assert response.status_code == 503
    assert response.content.decode().startswith('<div id="status"') and sentence_in(response) == TOO_LONG


@pytest.mark.django_db(transaction=True)
def test_a_session_that_breaks_off(visitor: Client) -> None:
    response = visitor.get("/cut-off/")
    assert response.status_code == 503 and sentence_in(response) == UNREACHABLE
    connection.close()  # The test client leaves out what Django does before each request.
    assert visitor.get("/").status_code == 200


@pytest.mark.django_db
def test_no_connection_at_all_not_even_for_the_session(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """The page of the error asks for none either."""
    alice_client.raise_request_exception = False

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    for address in ("/", "/photos/", "/admin/"):
        response = alice_client.get(address)
        assert response.status_code == 503 and sentence_in(response) == UNREACHABLE


def test_a_fault_of_ours_has_a_number_to_tell(visitor: Client) -> None:
    response = visitor.get("/faulty/", headers={"X-Request-ID": "from-the-proxy-1"})
    assert response.status_code == 500
    assert "Something broke" in sentence_in(response) and "<code>from-the-proxy-1</code>" in response.content.decode()


@pytest.mark.django_db
def test_the_log_has_the_fault_with_its_trace_and_what_passes_without(
    visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    from superpixel_site.watching.logs import RequestFilter

    caplog.handler.addFilter(RequestFilter())
    try:
        visitor.get("/faulty/")
        visitor.get("/slow/hush/")
    finally:
        caplog.handler.filters.clear()
    fault, passing = (record for record in caplog.records if record.name == "django.request")
    assert (fault.levelno, fault.getMessage()) == (logging.ERROR, "500 GET faulty/: Internal Server Error")
    assert fault.exc_info is not None and passing.exc_info is None
    assert (passing.levelno, passing.getMessage()) == (
        logging.WARNING,
        "503 GET slow/<slug:secret>/: query took too long",
    )
    assert "hush" not in caplog.text
