"""What the document of the interface says, asked in hundreds of ways: no server error, no answer that it does not tell.

In the suite 200 examples, always the same; for others, and many of them:

    API_EXAMPLES=5000 python -m pytest tests/api/test_examples.py
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from accounts.signing_in.roles import make_curator
from gallery.models import GalleryImage
from tests.api.programs import Program
from tests.gallery.discs import AddImage, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, image_file

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(3600)]
IN_THE_SUITE = 200
EXAMPLES = int(os.environ.get("API_EXAMPLES", IN_THE_SUITE))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# How many of ten examples name something that is there.
OF_TEN_KNOWN = 8


@pytest.fixture
def program(alice: User) -> Program:
    make_curator(alice)
    return Program(alice)


@pytest.fixture
def known(program: Program, add_indexed: AddImage) -> dict[str, list[Any]]:
    """Things that are there, by the names of parameters."""
    image: GalleryImage = add_indexed(RED, BLUE, seed=1, title="Red on blue", tags=("boat",))
    photos = []
    for number in range(3):
        file = image_file(thing_on_ground(RED, GREEN, number))
        answer = program.client.post("/api/v1/photos", {"image": as_upload(file)}, headers=program.headers)
        photos.append(answer.json()["id"])
        box = {"polygon": [[45, 50], [95, 50], [95, 100], [45, 100]]}
        assert program("PUT", f"/photos/{photos[-1]}/selection", box).status_code == 200
    searches = [program("POST", "/searches", {"photo": photo}).json()["id"] for photo in photos]
    return {"photo_id": photos, "photo": photos, "search_id": searches, "image_id": [image.pk], "image": [image.pk]}


def as_upload(data: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("disc.png", data, "image/png")


@pytest.fixture
def same_connection(known: dict[str, list[Any]]) -> Iterator[None]:
    """Requests leave the test's connection open, as with Django's own client, which connects these again."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("same_connection")
def test_examples_of_the_document(program: Program, known: dict[str, list[Any]]) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    found: Iterator[Any] = schema.get_all_operations()
    operations = [one.ok() for one in found]
    each = -(-EXAMPLES // len(operations))
    answered, faults = {}, []
    for operation in operations:
        try:
            answered[operation.label] = statuses_of(operation, each, program, known)
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("These answers are not as the document says.", faults)
    # Examples that are refused alone would say little.
    good = [label for label, statuses in answered.items() if any(status < 300 for status in statuses)]
    assert len(good) > len(operations) / 2, answered


def statuses_of(operation: Any, count: int, program: Program, known: dict[str, list[Any]]) -> set[int]:
    """Ask in so many ways for one thing; the statuses of the answers, of which each is one that the document tells."""
    statuses: set[int] = set()

    @seed(operation.label)
    @settings(
        max_examples=count,
        derandomize=EXAMPLES == IN_THE_SUITE,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(), st.randoms(use_true_random=False))
    def ask(case: Any, chance: random.Random) -> None:
        name_what_is_there(case, known, chance)
        # Each example finds the same things, whatever those before it have deleted.
        before = transaction.savepoint()
        answer = case.call(headers=program.headers)
        transaction.savepoint_rollback(before)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    ask()
    return statuses


def name_what_is_there(case: Any, known: dict[str, list[Any]], chance: random.Random) -> None:
    """Name things that are there in most examples: one that is made up is found nowhere."""
    for parameters in (case.path_parameters, case.query, case.body):
        if isinstance(parameters, dict):
            for name in known.keys() & parameters.keys():
                if chance.randrange(10) < OF_TEN_KNOWN:
                    parameters[name] = chance.choice(known[name])
