"""Refusing a request by a sentence that its sender understands.

A view raises `Refusal`; the middleware answers it, in place for htmx, else on a page to go on from.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar, cast

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme

from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.stored_files import MissingFile

logger = logging.getLogger(__name__)

MISSING_FILE = "The file of this photo is missing from the site’s storage. Tell whoever runs the site."
ValidForm = TypeVar("ValidForm", bound=BaseForm)


class Refusal(Exception):
    """A request that is refused.

    Parameters
    ----------
    sentence : what was wrong and what to do, for the person
    status : the HTTP status, 4xx, or 503 and 507 for what the site cannot do just now
    next_url : where to go on, for browsers without JavaScript; empty for the page they come from
    """

    # After how many seconds it may be tried again; 0 where nobody knows.
    retry_after = 0
    # Which words of the sentence are a link to `next_url`, where nothing else helps.
    link = ""

    def __init__(self, sentence: str, status: int, next_url: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.next_url = next_url


class Busy(Refusal):
    """A request that the site has no room for just now: 503, with the seconds after which to try again."""

    retry_after = 3

    def __init__(self) -> None:
        super().__init__("The site is busy just now. Try again in a few seconds.", 503, "")


def valid(form: ValidForm, status: int, next_url: str) -> ValidForm:
    """The form, if it is valid.

    Raises
    ------
    Refusal
        With the form's first error.
    """
    if not form.is_valid():
        raise Refusal(first_error(form), status, next_url)
    return form


def first_error(form: BaseForm) -> str:
    """The sentence to show when a form is not valid."""
    return str(next(iter(form.errors.values()))[0])


class RefusalMiddleware:
    """Answers a `Refusal` that a view has raised, and a file that the storage has lost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, MissingFile):
            logger.error("%s", exception)
            exception = Refusal(MISSING_FILE, 410, get_script_prefix())
        return answer_to(request, exception) if isinstance(exception, Refusal) else None


def answer_to(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """What the sender of a refused request gets; no cache keeps it."""
    response = _rendered(cast(HtmxHttpRequest, request), refusal)
    add_never_cache_headers(response)
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _rendered(request: HtmxHttpRequest, refusal: Refusal) -> HttpResponse:
    sentence = linked(str(refusal), refusal.link, refusal.next_url)
    # One sentence is enough: this one says more than that a session is gone.
    context = {"message": sentence, "level": "error", "signed_out": ""}
    if request.htmx:
        return render(request, "_status.html", context, status=refusal.status)
    if request.headers.get("Sec-Fetch-Dest") == "image":
        return HttpResponse(str(refusal), status=refusal.status, content_type="text/plain")
    next_url = refusal.next_url or page_before(request)
    context |= {"next_url": next_url, "way_on": refusal.link}
    return render(request, "problem.html", context, status=refusal.status)


def linked(sentence: str, words: str, url: str) -> str:
    """A sentence of which some words are a link; without such words as it is."""
    if not words:
        return sentence
    before, _, after = sentence.partition(words)
    return format_html('{}<a href="{}">{}</a>{}', before, url, words, after)


def page_before(request: HttpRequest) -> str:
    """The address that was asked for, or the page of this site from which something was sent."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return request.get_full_path()
    referrer = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure())
    return referrer if ours else get_script_prefix()
