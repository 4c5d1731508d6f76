"""The names of uploaded files, as browsers send them.

Django's parser takes out every character that does not print by itself, joiners included, which tears Persian words,
Indic letters and families of emoji apart; it reads "&copy" as a sign, and leaves quotes as browsers write them (%22).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import ImmutableList, MultiValueDict

from superpixel_site.file_names import file_name

# How the WHATWG's HTML standard has names written in multipart/form-data.
ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}


class Parser(MultiPartParser):
    """Django's parser, but for names of files."""

    def sanitize_file_name(self, name: str) -> str | None:
        """The name as people see it; None where no file was chosen."""
        for escape, character in ESCAPED.items():
            name = name.replace(escape, character)
        return file_name(name) if name else None


class UploadedNamesMiddleware:
    """Has requests parse their files by `Parser`. Must come before whatever looks at what was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def parse_file_upload(meta: dict[str, Any], body: Any) -> tuple[QueryDict, MultiValueDict[str, Any]]:
            # As `HttpRequest.parse_file_upload` does it, which names Django's parser.
            handlers: Any = ImmutableList(request.upload_handlers, warning="The files have been read already.")
            request.upload_handlers = handlers
            return Parser(meta, body, handlers, request.encoding).parse()

        request.parse_file_upload = parse_file_upload  # type: ignore[method-assign, assignment]
        return self.get_response(request)
