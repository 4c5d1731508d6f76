"""The pages on security, privacy and pictures, held against the tests and the models that they are about."""

from __future__ import annotations

import ast
import re

import pytest
from django.apps import apps

from tests.house.source import ROOT

PROMISE = re.compile(r"^\| (.+) \| `(tests/[\w/]+\.py)(?:::(\w+))?` \|$", re.MULTILINE)
MODEL = re.compile(r"`(\w+\.\w+)`")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["docs/security.md", "docs/pictures.md"])
def test_every_test_that_holds_a_promise_exists(name: str) -> None:
    promises = PROMISE.findall(page(name))
    assert len(promises) > 40
    assert [(file, test) for _, file, test in promises if not exists(file, test)] == []


def exists(file: str, test: str) -> bool:
    path = ROOT / file
    if not path.is_file():
        return False
    functions = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    return not test or test in functions


@pytest.mark.parametrize("name", ["docs/security.md", "docs/pictures.md"])
def test_every_promise_has_a_test(name: str) -> None:
    """A row of a table that names none is no promise."""
    rows = [row for row in page(name).splitlines() if row.startswith("| ")]
    assert [row for row in rows if not PROMISE.fullmatch(row) and not row.endswith(" | test |")] == []


def test_what_is_stored_is_told_of_every_model() -> None:
    """A new model needs a row in one of the two tables: is it about people, or does it name nobody?"""
    told = MODEL.findall(page("docs/privacy.md"))
    models = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert models - set(told) == set(), "Add a row to docs/privacy.md."
    assert set(told) - models == set(), "Take it out of docs/privacy.md."


def test_what_has_an_owner_is_about_people() -> None:
    """Models of accounts, of visitors, and of what refers to them are in the first table, with how they go."""
    about_people = page("docs/privacy.md").partition("## What names nobody")[0]
    owned = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if getattr(field, "name", "") in ("owner", "visitor", "user", "email") and hasattr(field, "column")
    }
    assert len(owned) > 5
    assert {label for label in owned if f"`{label}`" not in about_people} == set()


def test_each_row_about_people_says_how_long_who_and_how_it_goes() -> None:
    table = page("docs/privacy.md").partition("## What belongs to people")[2].partition("## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")]
    assert len(rows) > 15
    assert [row for row in rows if len([cell for cell in row.strip("|").split("|") if cell.strip()]) != 6] == []


@pytest.mark.parametrize("name", ["SECURITY.md", "README.md"])
def test_both_pages_are_found(name: str) -> None:
    for document in ("docs/security.md", "docs/privacy.md"):
        assert document in page(name)
