"""The load benchmark, small: the people that it plays can do on the site what they try."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from benchmarks.load import missed, percentile, played, request_rows
from gallery.collection.importing import Details, add_public
from tests.pictures import eighths, image_file

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer


@pytest.mark.django_db(transaction=True)
def test_a_few_people_click_search_and_upload_without_a_failure(
    live_server: LiveServer, few_superpixels: None, tmp_path: Path
) -> None:
    call_command("warmup", verbosity=0)
    add_public(image_file(), "quarters.jpg", Details())
    add_public(image_file(eighths()), "eighths.jpg", Details())
    call_command("index_gallery", verbosity=0)
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "mine.jpg").write_bytes(image_file(eighths()[::-1]))
    port = int(live_server.url.rpartition(":")[2])
    hurry = {"LOAD_PAUSE": "0.02", "LOAD_UNTIL": "click,search,upload"}
    with played(port, photos, people=4, seconds=60, folder=tmp_path, **hurry) as locust:
        assert locust.wait(timeout=120) == 0
    rows = request_rows(json.loads((tmp_path / "locust.json").read_text()))
    assert {"click", "search", "upload"} <= {row["name"] for row in rows}
    assert [row for row in rows if row["failed"]] == []


def test_percentiles_of_rounded_times() -> None:
    assert percentile({"10": 94, "20": 1, "900": 5}, 0.95) == 20
    assert percentile({}, 0.95) == 0


def test_what_is_missed_is_said() -> None:
    rows = [{"name": "click", "p95_ms": 151.0, "failed": 1}, {"name": "search", "p95_ms": 500.0, "failed": 0}]
    assert missed(rows) == ["95 of 100 of click took 151 ms, more than 150.", "1 requests failed."]
