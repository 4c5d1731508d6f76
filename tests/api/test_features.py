"""The table of `docs/api.md`: every feature of the workspace and of searches, and how a program does the same."""

from __future__ import annotations

import dataclasses
import re
from functools import cache

import pytest
from django.conf import settings

from gallery import urls as of_gallery
from gallery.search.options import Options
from gallery.search.presets import PRESETS
from library import urls as of_library
from selector import urls as of_selector
from selector.selection import tools
from tests.api.programs import document

pytestmark = pytest.mark.django_db
CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/\S+)`")


@cache
def page() -> str:
    return (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")


def features() -> set[str]:
    """What the site can do, from its code."""
    of_pages = (of_selector, of_gallery, of_library)
    addresses = {f"{one.app_name}:{path.name}" for one in of_pages for path in one.urlpatterns}
    names = {*tools.actions(), tools.BEGIN, tools.CORRECT, *tools.COMMANDS}
    options = {field.name for field in dataclasses.fields(Options)}
    return {
        *addresses,
        *(f"tool:{name}" for name in names),
        *(f"option:{name}" for name in options),
        *(f"preset:{name}" for name in PRESETS),
    }


def test_every_feature_of_the_site_has_its_row() -> None:
    rows = re.findall(r"^\| [^|]+ \| `([\w:]+)` \| (.+) \|$", page(), re.MULTILINE)
    assert {name for name, _ in rows} == features() and len(rows) == len(features())
    # A reason, where there is no call.
    assert all(CALL.search(calls) or re.fullmatch(r"none: .{20,}", calls) for _, calls in rows)


def test_every_call_of_the_table_is_in_the_document() -> None:
    paths = document()["paths"]
    named = set(CALL.findall(page()))
    assert {call for call in named if call[0].lower() not in paths.get(call[1], {})} == set()


def test_every_address_of_the_document_is_in_the_table() -> None:
    named = set(CALL.findall(page()))
    known = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    assert {call for call in known - named if call[1] != "/api/v1/segment"} == set()
