"""The status line that holds every message, and the pages of errors."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.views import defaults

from superpixel_site.csrf_failures import csrf_failure


def sentence_in(page: str) -> str:
    """What the one live region of a page says."""
    (region,) = re.findall(r'<div id="status" role="status">(.*?)</div>', page)
    return html.unescape(re.sub(r"<[^>]*>", "", region))


def request() -> Any:
    made = RequestFactory().get("/photos/")
    made.user = AnonymousUser()
    return made


def test_a_quiet_status_line_is_empty() -> None:
    """A stray blank in it would keep the page from seeing that there is nothing to show."""
    assert '<div id="status" role="status"></div>' in render_to_string("_status.html")


def test_a_message_has_a_level_and_is_escaped() -> None:
    line = render_to_string("_status.html", {"message": "<b>Too large</b>", "level": "error"})
    assert '<p class="message error">&lt;b&gt;Too large&lt;/b&gt;</p>' in line
    assert 'class="message info"' in render_to_string("_status.html", {"message": "Saved."})


def test_a_message_sent_along_fills_the_line_that_is_there() -> None:
    """Replacing the live region itself would keep screen readers from reading it out."""
    line = render_to_string("_status.html", {"message": "Region added.", "oob": True})
    assert '<div id="status" role="status" hx-swap-oob="innerHTML">' in line


ERRORS: dict[int, Callable[[], HttpResponse]] = {
    400: lambda: defaults.bad_request(request(), Exception()),
    403: lambda: defaults.permission_denied(request(), PermissionDenied()),
    404: lambda: defaults.page_not_found(request(), Http404()),
    500: lambda: defaults.server_error(request()),
}


@pytest.mark.parametrize("code", ERRORS)
def test_the_page_of_an_error_says_one_sentence_in_its_status_line(code: int) -> None:
    response = ERRORS[code]()
    assert response.status_code == code
    assert re.fullmatch(r"[A-Z].*\.", sentence_in(response.content.decode()))


def test_the_page_of_a_refusal_gives_the_reason() -> None:
    response = defaults.permission_denied(request(), PermissionDenied("This photo is shared read-only."))
    assert sentence_in(response.content.decode()) == "This photo is shared read-only."


def test_a_form_that_is_too_old_is_explained() -> None:
    response = csrf_failure(request(), "incorrect")
    assert response.status_code == 403
    assert "in another window" in sentence_in(response.content.decode())


def test_htmx_shows_refusals_in_the_status_line_and_evaluates_nothing() -> None:
    found = re.search(r"name=\"htmx-config\" content='(.*?)'", render_to_string("404.html"), re.DOTALL)
    assert found is not None
    config = json.loads(html.unescape(found[1]))
    assert not config["allowEval"] and not config["allowScriptTags"] and not config["includeIndicatorStyles"]
    rules = config["responseHandling"]

    def rule_for(code: str) -> dict[str, Any]:
        """The first that matches, as htmx chooses it."""
        rule: dict[str, Any] = next(rule for rule in rules if re.search(rule["code"], code))
        return rule

    assert rule_for("200")["swap"] and "target" not in rule_for("200")
    assert not rule_for("204")["swap"] and not rule_for("500")["swap"]
    for code in ("400", "404", "409", "413", "422", "503", "507"):
        assert (rule_for(code)["swap"], rule_for(code)["target"]) == (True, "#status")
        assert rule_for(code)["select"] == "#status > *"
