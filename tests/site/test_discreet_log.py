"""What no line of the log tells: keys in addresses, and names and words that people have written."""

from __future__ import annotations

import contextlib
import io
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import Resolver404

from selector.models import Photo, SharedSelection
from selector.services import label_maps
from superpixel_site.watching import logs
from superpixel_site.watching.middleware import WatchingMiddleware
from superpixel_site.watching.request_ids import end_request

pytestmark = pytest.mark.django_db
DIARY = "Grandmother in Sandhurst Street"


@pytest.fixture(params=["plain", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the site would write in either form, down to the last detail."""
    written = io.StringIO()
    described = logs.configuration(request.param, "DEBUG")
    described["handlers"]["console"]["stream"] = written
    # The site leaves out what libraries say in passing; it must not be that alone which keeps them quiet.
    described["root"]["level"] = "INFO"
    logging.config.dictConfig(described)
    yield written
    logging.config.dictConfig(logs.configuration("plain", "INFO"))


@pytest.fixture
def shared(alice_client: Client, photo: Photo) -> str:
    click = {"label_map": label_maps.get_or_compute(photo).pk, "points": "60,40", "level": 4}
    alice_client.post(f"/photos/{photo.pk}/selection/", click)
    page = alice_client.post(f"/photos/{photo.pk}/links/").content.decode()
    return page.partition('value="http://testserver')[2].partition('"')[0]


def test_no_way_through_the_site_writes_the_token_of_a_link(
    log: io.StringIO, client: Client, bob: User, shared: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shared.split("/")[2]
    for path in ("", "photo.jpg", "selection.png", "open/", "nowhere/", "%00/", "?q=%00"):
        client.get(f"{shared}{path}")
    client.post(f"{shared}open/")
    Client(enforce_csrf_checks=True).post(f"{shared}open/")
    client.get("/nowhere/", headers={"Referer": f"http://testserver{shared}"})
    client.get("/accounts/login/", {"next": shared})
    client.post(f"/accounts/login/?next={shared}", {"login": "bob", "password": "a-long-passphrase", "next": shared})
    client.post("/accounts/login/", {"login": "bob", "password": "wrong", "next": f"https://evil.example{shared}"})
    client.get(shared, headers={"Host": "evil.example"})
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SECURE_SSL_REDIRECT", True)
        Client().get(shared)
    SharedSelection.objects.all().delete()
    client.get(shared)
    assert log.getvalue().count("shared/<slug:token>/") > 5
    assert token not in log.getvalue()


def test_nor_does_an_error_on_the_way(
    log: io.StringIO, shared: str, monkeypatch: pytest.MonkeyPatch, photo: Photo
) -> None:
    token = shared.split("/")[2]

    def fail(given: str) -> None:
        raise LookupError(f"Reverse for 'shared' with arguments '({given!r},)' not found.")

    monkeypatch.setattr("selector.web.sharing_views.shared_selection", fail)
    client = Client(raise_request_exception=False)
    assert client.get(shared).status_code == 500
    text = log.getvalue()
    assert "Traceback" in text and "LookupError" in text and "sharing_views.py" in text, "what is wrong is said"
    assert token not in text


def test_keys_sent_by_mail_are_written_nowhere(log: io.StringIO, client: Client, alice: User) -> None:
    key = f"{user_pk_to_url_str(alice)}-{default_token_generator.make_token(alice)}"
    mail = EmailConfirmationHMAC(EmailAddress(user=alice, email=alice.email, pk=1)).key
    for address in (
        *(f"/accounts/password/reset/key/{key}/", f"/accounts/confirm-email/{mail}/"),
        *(f"/accounts/password/reset/key/{key}x/", f"/accounts/confirm-email/{mail}x/"),
    ):
        client.get(address)
        client.post(address)
        Client(enforce_csrf_checks=True).post(address)
        client.get(f"{address}nowhere/")
    assert "reset/key" in log.getvalue()
    for secret in (key, key.partition("-")[2], mail, mail.rpartition(":")[2]):
        assert secret not in log.getvalue()


def test_an_error_does_not_tell_what_was_sent(
    log: io.StringIO, alice: User, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Photo, name: str) -> None:
        raise ValueError(f"Cannot store {name!r}.")

    monkeypatch.setattr(Photo, "rename", fail)
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    assert client.post(f"/photos/{photo.pk}/name/", {"name": DIARY}).status_code == 500
    assert "ValueError: Cannot store '...'." in log.getvalue()
    assert DIARY not in log.getvalue()


def test_an_error_of_the_database_does_not_tell_the_row(log: io.StringIO, photo: Photo) -> None:
    """PostgreSQL says in its details which row it could not store, over several lines where a text has some."""
    diary = f"{DIARY}\nand its garden"
    for statement in (
        "INSERT INTO selector_photo (id, name) VALUES (%s, %s)",
        "UPDATE selector_photo SET visitor = owner_id::text::uuid WHERE id = %s AND name <> %s",
        "SELECT nothing FROM selector_photo WHERE id = %s AND name = %s",
    ):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [photo.pk, diary])
        except Exception:
            logging.getLogger("selector").exception("It could not be stored.")
    text = log.getvalue()
    assert text.count("Traceback (most recent call last)") >= 3 and "not-null constraint" in text
    assert "Sandhurst" not in text and "garden" not in text


def test_a_value_that_the_database_refuses_is_not_told(
    log: io.StringIO, alice_client: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("library.forms.RenameForm.clean_name", lambda self: DIARY * 20)
    assert alice_client.post(f"/photos/{photo.pk}/name/", {"name": "x"}).status_code == 400
    assert "photos/<uuid:photo_id>/name/: The database refuses a value (StringDataRightTruncation)" in log.getvalue()
    assert DIARY not in log.getvalue()


def test_the_server_says_of_a_request_that_failed_no_path(log: io.StringIO) -> None:
    """As waitress does where an exception has passed by all of Django."""
    try:
        raise RuntimeError("no more memory")
    except RuntimeError:
        logging.getLogger("waitress").exception("Exception while serving %s" % "/shared/hush-hush/")  # noqa: UP031
    assert "Exception while serving a request" in log.getvalue() and "no more memory" in log.getvalue()
    assert "hush" not in log.getvalue()


def test_nor_what_an_error_says_that_has_passed_by_all_of_django(log: io.StringIO, rf: RequestFactory) -> None:
    """Where the page of an error cannot be made either, because static files are missing, say."""

    def fail(request: HttpRequest) -> HttpResponse:
        raise Resolver404({"path": request.path})

    token = "hush-hush-hush-hush"
    try:
        WatchingMiddleware(fail)(rf.get(f"/nowhere/{token}/", {"q": f"/shared/{token}x/"}))
    except Resolver404:
        logging.getLogger("waitress").exception("Exception while serving %s" % "/nowhere/")  # noqa: UP031
    end_request()
    assert "Resolver404" in log.getvalue() and "nowhere" in log.getvalue()
    assert token not in log.getvalue()


def test_no_error_is_sent_by_mail() -> None:
    """Django's mails to administrators hold all that was sent."""
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "django.security")]
    assert "AdminEmailHandler" not in {type(handler).__name__ for logger in loggers for handler in logger.handlers}


@pytest.mark.skipif(bool(settings.DATABASE_URL), reason="The database is not the site's own.")
def test_the_embedded_server_writes_neither_row_nor_statement() -> None:
    with connection.cursor() as cursor:
        with contextlib.suppress(DatabaseError), transaction.atomic():
            cursor.execute("INSERT INTO selector_photo (name) VALUES (%s)", [DIARY])
        cursor.execute("SELECT pg_read_file(pg_current_logfile())")
        ((text,),) = cursor.fetchall()
    assert "violates not-null constraint" in text
    assert DIARY not in text
