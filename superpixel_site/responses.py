"""Answers that every app gives: a refusal, another page, a picture that never changes."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from superpixel_site.htmx import HtmxHttpRequest

# Every derived picture's address names its content, so a browser need never ask for it again.
immutable = cache_control(private=True, max_age=365 * 24 * 3600, immutable=True)


def say(request: HtmxHttpRequest, sentence: str, status: int, next_url: str) -> HttpResponse:
    """Tell the person something went wrong: in place for htmx, else on a page they can go on from."""
    if request.htmx:
        return render(request, "_status.html", {"message": sentence, "level": "error"}, status=status)
    context = {"message": sentence, "next_url": next_url}
    return render(request, "problem.html", context, status=status)


def go(request: HtmxHttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, with or without htmx."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
