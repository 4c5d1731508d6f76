"""What those who watch the site are told, and what the log is not."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from gallery.models import GalleryImage
from selector.models import Photo
from superpixel_site.watching import figures, gauges, logs, readiness

TOKEN = "a-token-of-the-tests"


def beat(seconds_ago: float) -> None:
    """A worker's heartbeat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


# --- Readiness ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_is_ready_with_a_database_a_storage_and_a_worker(client: Client, media: Path) -> None:
    beat(seconds_ago=20)
    before = sorted(media.rglob("*"))
    response = client.get("/readyz")
    assert response.status_code == 200 and "no-store" in response.headers["Cache-Control"]
    assert response.json() == {"ready": True, "database": "ok", "storage": "ok", "worker": "ok"}
    assert sorted(media.rglob("*")) == before


@pytest.mark.django_db
def test_it_is_not_without_a_worker_that_was_heard_of_lately(client: Client) -> None:
    assert client.get("/readyz").json()["worker"] == "never heard of"
    beat(seconds_ago=90)
    response = client.get("/readyz")
    assert response.status_code == 503 and re.fullmatch(r"not heard of for 9\d seconds", response.json()["worker"])


@pytest.mark.django_db
def test_it_is_not_when_photos_cannot_be_stored(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(seconds_ago=1)
    with monkeypatch.context() as patch:
        patch.setattr(readiness, "LEAST_BYTES_FREE", 2**62)
        assert "nearly full" in client.get("/readyz").json()["storage"]
    monkeypatch.setattr(default_storage, "location", "/proc/nowhere")
    response = client.get("/readyz")
    assert response.status_code == 503 and "cannot be used" in response.json()["storage"]
    assert "/proc" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_it_is_asked_by_address_and_without_https(settings: Any, address: str) -> None:
    settings.SECURE_SSL_REDIRECT, settings.METRICS_TOKEN = True, ""
    answer = Client().get(address, headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code in (200, 404, 503) and "Location" not in answer.headers
    assert Client().post(address, headers={"Host": "10.1.2.3:8000"}).status_code == 405
    assert Client().get("/photos/", headers={"Host": "10.1.2.3:8000"}).status_code in (301, 400)


# --- Figures --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_without_a_token_there_are_no_figures(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.fixture
def watched(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.METRICS_TOKEN, settings.METRICS_DIR = TOKEN, tmp_path / "metrics"
    monkeypatch.delenv(figures.FOLDER_VARIABLE, raising=False)
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.mark.django_db
def test_the_figures_are_for_who_has_the_token(watched: Client) -> None:
    refused = Client(headers={"Authorization": "Bearer another"}).get("/metrics")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert watched.get("/metrics").status_code == 200


@pytest.mark.django_db
def test_they_tell_of_photos_images_jobs_and_the_worker(watched: Client, photo: Photo) -> None:
    beat(seconds_ago=20)
    GalleryImage.objects.create(photo=photo, title="quarters")
    text = watched.get("/metrics").content.decode()
    assert "superpixel_site_photos 1.0" in text
    assert 'superpixel_site_images{status="pending"} 1.0' in text and 'images{status="failed"} 0.0' in text
    assert 'superpixel_site_jobs{status="failed"} 0.0' in text
    assert re.search(r"superpixel_site_worker_heartbeat_age_seconds 2\d\.", text)
    assert re.search(r"superpixel_site_storage_free_bytes [1-9]", text)


@pytest.mark.django_db
def test_an_app_adds_a_figure_by_one_call(watched: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "_gauges", {})
    gauges.add_gauge("slots", "Places for work.", lambda: {"free": 3, "taken": 1}, label="state")
    text = watched.get("/metrics").content.decode()
    assert "# HELP superpixel_site_slots Places for work." in text
    assert 'superpixel_site_slots{state="free"} 3.0' in text and 'superpixel_site_slots{state="taken"} 1.0' in text


def test_what_earlier_runs_counted_is_forgotten(settings: Any, tmp_path: Path) -> None:
    settings.METRICS_DIR = tmp_path / "metrics"
    settings.METRICS_DIR.mkdir()
    (settings.METRICS_DIR / "counter_1.db").touch()
    figures.forget_earlier_runs()
    figures.forget_earlier_runs()
    assert not settings.METRICS_DIR.exists()


# --- The log --------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the site would write, one JSON object a line."""
    written = io.StringIO()
    described = logs.configuration("json", "INFO")
    described["handlers"]["console"]["stream"] = written
    logging.config.dictConfig(described)
    yield written
    logging.config.dictConfig(logs.configuration("plain", "INFO"))


def lines_of(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.django_db
def test_a_request_is_one_line_by_its_route(log: io.StringIO, alice_client: Client, photo: Photo) -> None:
    response = alice_client.get(photo.get_absolute_url(), headers={"X-Request-ID": "from-the-proxy-1"})
    (line,) = lines_of(log)
    assert (line["level"], line["logger"]) == ("INFO", "superpixel_site.access")
    assert (line["method"], line["route"], line["status"]) == ("GET", "photos/<uuid:photo_id>/", 200)
    assert line["request_id"] == response.headers["X-Request-ID"] == "from-the-proxy-1"
    assert line["bytes"] == len(response.content) and line["milliseconds"] > 0 and line["process"] > 0
    assert set(line) == {
        *("level", "logger", "message", "request_id", "process", "time"),
        *("method", "route", "status", "milliseconds", "bytes"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "short", "a b c d e f g h", "x" * 65, '"}\n{"level": "forged"}'])
def test_a_number_that_makes_no_sense_is_replaced(client: Client, given: str) -> None:
    number = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", number)


@pytest.mark.django_db
def test_no_line_tells_a_token_a_name_or_a_word(log: io.StringIO, client: Client, alice_client: Client) -> None:
    secret = "hush-hush"
    client.get(f"/shared/{secret}/")
    client.get(f"/nowhere/{secret}/?q={secret}", headers={"User-Agent": secret, "Referer": f"http://{secret}/"})
    client.get("/", headers={"Host": f"{secret}.example.org"})
    client.get("/searches/", {"q": secret})
    Client(enforce_csrf_checks=True).post("/photos/", {"name": secret})
    client.post("/accounts/login/", {"login": secret, "password": secret})
    alice_client.post("/photos/", {"image": io.BytesIO(b"no picture")})
    lines = lines_of(log)
    assert [line["status"] for line in lines if line["logger"].endswith("access")] == [
        404,
        404,
        400,
        200,
        403,
        200,
        422,
    ]
    assert {line["logger"] for line in lines} >= {"django.request", "django.security.DisallowedHost"}
    for words in (secret, "alice", "127.0.0.1", "testserver"):
        assert words not in log.getvalue()


@pytest.mark.django_db
def test_what_is_said_of_a_refused_request_has_its_number(log: io.StringIO, client: Client) -> None:
    client.get("/nowhere/")
    said, access = sorted(lines_of(log), key=lambda line: str(line["logger"]))
    assert said["message"] == "404 GET (none): Not Found" and said["request_id"] == access["request_id"] != ""
