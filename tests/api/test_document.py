"""The document about the interface: complete, and with examples that work."""

from __future__ import annotations

import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from ninja.params.models import BodyModel

from api.document import operations_in
from api.examples import ANSWERS
from api.site import api
from tests.api.programs import document

pytestmark = pytest.mark.django_db
# These keep nothing: sent twice, they tell the same twice.
KEEPING_NOTHING = {"superpixels_segment", "selections_anticipated"}


def test_it_is_openapi_3_1_and_names_each_operation_once() -> None:
    assert document()["openapi"].startswith("3.1")
    names = [told["operationId"] for _, _, told in operations_in(document())]
    assert len(names) == len(set(names)) > 45
    for _, path, told in operations_in(document()):
        assert told["description"], path
        assert {"400", "429", "500", "503"} <= set(told["responses"])
        in_path = {one["name"] for one in told["parameters"] if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))


def test_refusals_are_problems_and_everything_else_has_a_schema() -> None:
    for method, path, told in operations_in(document()):
        for status, answer in told["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
            elif status not in ("204", "304"):
                assert all(one["schema"] for one in answer["content"].values()), (method, path, status)


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    known = {f"#/components/schemas/{name}" for name in document()["components"]["schemas"]}
    assert references(document()) <= known


def test_every_body_has_an_example_that_is_taken() -> None:
    for _, path, told in operations_in(document()):
        for kind, content in told.get("requestBody", {}).get("content", {}).items():
            if kind != "application/json":
                continue
            assert "example" in content, path
            bodies = [one for one in api.operations[told["operationId"]].models if issubclass(one, BodyModel)]
            for body in bodies:
                (name,) = body.model_fields
                body.model_validate({name: content["example"]})


def test_answers_have_examples_that_are_as_their_schemas_say() -> None:
    shown = set()
    for _, _, told in operations_in(document()):
        for answer in told["responses"].values():
            for content in answer.get("content", {}).values():
                if "$ref" in content["schema"]:
                    schema = {**content["schema"], "components": document()["components"]}
                    jsonschema.validate(content["example"], schema)
                    assert all(name in _properties(content["schema"]) for name in content["example"])
                    shown.add(content["schema"]["$ref"].rpartition("/")[2])
    assert shown == {"Problem", *ANSWERS}


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    return found


def test_every_post_that_does_something_may_be_sent_twice() -> None:
    for method, path, told in operations_in(document()):
        headers = {one["name"] for one in told["parameters"] if one["in"] == "header"}
        if method == "post" and told["operationId"] not in KEEPING_NOTHING:
            assert "Idempotency-Key" in headers and "409" in told["responses"], path
        if method == "get":
            assert "If-None-Match" in headers
        if path.endswith(("/selection", "/gestures")) and method != "get":
            assert "If-Match" in headers and "412" in told["responses"]
