"""Answers that views of every app give."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from superpixel_site.htmx import HtmxHttpRequest, wants_partial

# Every derived picture's address names its content, so a browser need never ask for it again.
immutable = cache_control(private=True, max_age=365 * 24 * 3600, immutable=True)


def redirect_to(request: HtmxHttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, with or without htmx."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def render_partial_or_page(request: HtmxHttpRequest, partial: str, page: str, context: dict[str, Any]) -> HttpResponse:
    """The partial for htmx, the page around it for a browser; the context tells which by `is_partial`."""
    is_partial = wants_partial(request)
    return render(request, partial if is_partial else page, {**context, "is_partial": is_partial})
