"""A wrong value is one sentence at start: it names the variable, the value and what is allowed."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from superpixel_site.settings import BASE_DIR
from superpixel_site.start import sentence_for
from superpixel_site.watching import readiness
from tests.databases import url_of


def loaded(patch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    """The settings as a fresh process reads them."""
    for name, value in variables.items():
        patch.setenv(name, value)
    return runpy.run_path(str(BASE_DIR / "superpixel_site" / "settings.py"))


def refusal(patch: pytest.MonkeyPatch, name: str, value: str) -> str:
    with pytest.raises(Exception) as caught:
        loaded(patch, SECRET_KEY="x", **{name: value})
    sentence = sentence_for(caught.value)
    assert sentence is not None, "a trace instead of a sentence"
    return sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PORT", value) for value in ("0", "70000", "http", "80 80")),
        *(("WEB_CONCURRENCY", "0"), ("WEB_THREADS", "abc"), ("WEB_THREADS", "0"), ("HOST", "")),
        *(("ALLOWED_HOSTS", value) for value in ("https://example.org", "example.org:80", "example.org/images", "")),
        *(("CSRF_TRUSTED_ORIGINS", value) for value in ("example.org", "https://example.org/", "ftp://example.org")),
        *(("DATA_DIR", value) for value in ("", "/proc/here", __file__, f"{__file__}/folder")),
        *(("MAX_UPLOAD_MB", "20MB"), ("N_SUPERPIXELS", "2k"), ("STATEMENT_TIMEOUT_SECONDS", "15s")),
        *(("TIME_ZONE", value) for value in ("Nowhere/Town", "../etc", "Europe", "")),
        *(("SCRIPT_NAME", value) for value in ("http://example.org", "/a/../b", "/a//b", "/a?b")),
        *(("MODEL_CACHE_DIR", ""), ("LOG_FORMAT", "xml"), ("DATABASE_CONNECTIONS", "0"), ("HTTPS", "perhaps")),
    ],
)
def test_it_names_the_variable_and_the_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    sentence = refusal(monkeypatch, name, value)
    assert sentence.startswith(f"Wrong setting: {name} is ") and repr(value)[1:-1] in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("DATABASE_URL", value)
            for value in ("hush", "postgres//u:hush@h/d", "sqlite:///hush", "mysql://u:hush@h/d")
        ),
        *(("EMAIL_URL", value) for value in ("foo://u:hush@h", "smtp+tls://u:hush@h:587", "hush")),
        ("METRICS_TOKEN", "hush"),
    ],
)
def test_what_may_hold_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    sentence = refusal(monkeypatch, name, value)
    assert sentence.startswith(f"Wrong setting: {name}") and "hush" not in sentence


def test_an_empty_secret_key_with_a_foreign_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user@db/site")
    monkeypatch.setenv("SECRET_KEY", "")
    with pytest.raises(Exception, match="Set SECRET_KEY"):
        loaded(monkeypatch)


def test_a_data_folder_is_not_made_by_looking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loaded(monkeypatch, SECRET_KEY="x", DATA_DIR=str(tmp_path / "later"))
    assert list(tmp_path.iterdir()) == []


def test_what_a_proxy_needs_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    read = loaded(
        monkeypatch,
        ALLOWED_HOSTS=".example.org, [::1],*,10.0.0.1",
        CSRF_TRUSTED_ORIGINS="https://*.example.org:8443,http://[::1]:8000",
        EMAIL_URL="submission://user:password@mail.example.org:587",
        TIME_ZONE="Europe/Vienna",
    )
    assert read["ALLOWED_HOSTS"] == [".example.org", "[::1]", "*", "10.0.0.1"]
    assert read["CSRF_TRUSTED_ORIGINS"] == ["https://*.example.org:8443", "http://[::1]:8000"]
    assert (read["EMAIL_HOST"], read["EMAIL_PORT"], read["EMAIL_USE_TLS"]) == ("mail.example.org", 587, True)


@pytest.mark.parametrize("given", ["images", "/images", "/images/", " images/ "])
def test_a_prefix_is_for_every_address_and_cookie(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    read = loaded(monkeypatch, SCRIPT_NAME=given)
    assert read["FORCE_SCRIPT_NAME"] == read["SESSION_COOKIE_PATH"] == read["CSRF_COOKIE_PATH"] == "/images"
    assert read["STATIC_URL"] == "/images/static/"


def test_without_a_prefix_all_is_at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    read = loaded(monkeypatch)
    assert read["FORCE_SCRIPT_NAME"] is None and read["SESSION_COOKIE_PATH"] == "/"
    assert read["STATIC_URL"] == "/static/"


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    env = {**os.environ, "SECRET_KEY": "x", **variables}
    return subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False)


def test_every_command_says_it_and_fails() -> None:
    done = manage("no_such_command", PORT="70000")
    assert done.returncode == 1
    assert done.stderr.startswith("Wrong setting: PORT is '70000'.") and done.stderr.count("\n") == 1


@pytest.mark.django_db
def test_a_database_that_is_not_there_is_one_sentence() -> None:
    done = manage("migrate", DATABASE_URL=url_of("nowhere"))
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be reached: ") and '"nowhere" does not exist' in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.django_db
def test_so_is_one_that_refuses_or_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = url_of("postgres").replace("user=postgres", "user=nobody&password=hush")
    for url in (nobody, "postgres://u:hush@127.0.0.1:1/d", "postgres://u:hush@nowhere.invalid/d"):
        database = loaded(monkeypatch, SECRET_KEY="x", DATABASE_URL=url)["DATABASES"]["default"]
        with pytest.raises(OperationalError) as caught:
            ConnectionHandler({"default": database})["default"].ensure_connection()
        sentence = sentence_for(caught.value)
        assert sentence is not None and sentence.startswith("The database cannot be reached: ")
        assert "\n" not in sentence and "hush" not in sentence


@pytest.mark.django_db
def test_a_bucket_that_refuses_the_keys_is_one_sentence(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    from botocore.exceptions import ClientError
    from storages.backends.s3 import S3Storage

    settings.MEDIA_BUCKET = "photos"
    with HTTPServer(("127.0.0.1", 0), Refusing) as bucket:
        Thread(target=bucket.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{bucket.server_port}"
        storage = S3Storage(bucket_name="photos", access_key="u", secret_key="hush", endpoint_url=address)
        monkeypatch.setattr(readiness, "default_storage", storage)
        with pytest.raises(ClientError) as caught:
            call_command("check", databases=["default"])
        bucket.shutdown()
    sentence = sentence_for(caught.value)
    assert sentence is not None and sentence.startswith("The photos' storage (MEDIA_BUCKET) cannot be used: ")
    assert "403" in sentence and "hush" not in sentence


class Refusing(BaseHTTPRequestHandler):
    """A storage that knows no such keys."""

    def do_HEAD(self) -> None:
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        pass


def test_a_fault_of_ours_keeps_its_trace() -> None:
    assert sentence_for(KeyError("a fault")) is None
