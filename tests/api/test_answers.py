"""What all answers to programs have in common: ETags, limits, other sites, and problems as JSON."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from api import limits
from selector.models import Photo
from tests.api.programs import V1, Program, detail

pytestmark = pytest.mark.django_db
OTHER_SITE = "https://notebooks.example.org"


@pytest.mark.parametrize("address", ["/photos", "/photos/{}", "/photos/{}/selection", "/searches", "/searches/choices"])
def test_what_a_program_has_it_is_not_sent_again(alice: User, photo: Photo, address: str) -> None:
    program = Program(alice)
    first = program("GET", address.format(photo.pk))
    assert first.status_code == 200 and first.headers["Cache-Control"] == "private, no-cache"
    again = program("GET", address.format(photo.pk), If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    program("PATCH", f"/photos/{photo.pk}", {"name": "Another"})
    changed = program("GET", "/photos", If_None_Match=program("GET", f"/photos/{photo.pk}").headers["ETag"])
    assert changed.status_code == 200


def test_head_is_answered_as_get_is_without_the_body(alice: User, photo: Photo) -> None:
    program = Program(alice)
    for address, status in ((f"/photos/{photo.pk}", 200), (f"/photos/{photo.pk}/picture", 200), ("/nothing", 404)):
        asked, read = program("HEAD", address), program("GET", address)
        assert (asked.status_code, asked.content) == (read.status_code, b"") == (status, b"")
        assert asked.headers.get("ETag") == read.headers.get("ETag")
    assert Client().head(f"{V1}/photos").status_code == 401
    assert Client().head(f"{V1}/segment").status_code == 405


def test_who_asks_too_often_is_told_when_to_go_on(
    alice: User, bob: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_A_MINUTE = 2
    now = [6013]
    monkeypatch.setattr(limits, "now_in_seconds", lambda: now[0])
    program = Program(alice)
    told = [program("GET", "/photos") for _ in range(3)]
    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in told] == ["1", "0", "0"]
    assert "more than 2 times within a minute" in detail(told[2])
    assert told[2].headers["Retry-After"] == told[2].headers["RateLimit-Reset"] == "47"
    # By account, whatever the token; others go on.
    assert Program(alice)("GET", "/photos").status_code == 429
    assert Program(bob)("GET", "/photos").status_code == 200
    now[0] += 47
    assert program("GET", "/photos").status_code == 200
    settings.API_REQUESTS_A_MINUTE = 0
    assert "RateLimit-Limit" not in program("GET", "/photos").headers


def test_without_an_account_a_network_address_is_counted(client: Client, settings: Any) -> None:
    settings.API_REQUESTS_A_MINUTE = 1
    answers = [client.post(f"{V1}/segment", {}, content_type="application/json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 429]
    other = client.post(f"{V1}/segment", {}, content_type="application/json", REMOTE_ADDR="8.8.8.8")
    assert other.status_code == 422


def test_pages_of_other_sites_read_nothing_unless_they_are_named(alice: User, settings: Any) -> None:
    program = Program(alice)
    preflight = {"Origin": OTHER_SITE, "Access-Control-Request-Method": "PUT"}
    assert "Access-Control-Allow-Origin" not in program("GET", "/photos", Origin=OTHER_SITE).headers
    assert Client().options(f"{V1}/photos", headers=preflight).status_code == 405
    settings.API_ORIGINS = [OTHER_SITE]
    read = program("GET", "/photos", Origin=OTHER_SITE)
    assert read.headers["Access-Control-Allow-Origin"] == OTHER_SITE and "Origin" in read.headers["Vary"]
    assert "ETag" in read.headers["Access-Control-Expose-Headers"]
    # No cookies: pages of another site act with a token, never by the session of who looks at them.
    assert "Access-Control-Allow-Credentials" not in read.headers
    asked = Client().options(f"{V1}/photos", headers=preflight)
    assert asked.status_code == 204 and "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in program("GET", "/photos", Origin="https://evil.example.org").headers
    assert "Access-Control-Allow-Origin" not in Client().get("/", headers={"Origin": OTHER_SITE}).headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/photos/no-key", 404),
        ("POST", "/selections", 405),
        ("GET", "/photos?cursor=%00", 400),
        ("GET", "/photos?limit=many", 422),
    ],
)
def test_every_refusal_is_a_problem(alice: User, method: str, path: str, status: int) -> None:
    refused = Program(alice)(method, path)
    assert refused.status_code == status == refused.json()["status"] and detail(refused)


def test_what_goes_wrong_here_is_a_problem_too(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.photo_views.latest_first", lambda *_: 1 / 0)
    program = Program(alice)
    program.client.raise_request_exception = False
    failed = program("GET", "/photos")
    assert failed.status_code == 500 and "went wrong" in detail(failed)
