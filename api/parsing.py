"""Bodies of requests: JSON, and nothing else where JSON is what is taken."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from api.problem_details import OTHER_TYPE
from superpixel_site.refusals import Refusal

NO_JSON = "This is not JSON."
NO_TEXT = "There are characters in this that cannot be stored."


class JsonParser(Parser):
    """Reads bodies, and refuses those that are none with the sentence that says so."""

    def parse_body(self, request: HttpRequest) -> Any:
        """What a body says.

        Raises
        ------
        Refusal
        """
        if request.content_type != "application/json":
            raise Refusal(OTHER_TYPE, 415, "")
        try:
            found = json.loads(request.body)
        except (ValueError, RecursionError):
            raise Refusal(NO_JSON, 400, "") from None
        if b"\\u" in request.body and not _can_be_stored(found):
            raise Refusal(NO_TEXT, 422, "")
        return found


def _can_be_stored(value: Any) -> bool:
    """Whether all text is Unicode without NUL: written as `\\ud800`, halves of characters come through JSON."""
    try:
        return b"\\u0000" not in json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
