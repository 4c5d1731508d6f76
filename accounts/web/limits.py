"""What somebody gets who has sent one of allauth's forms too often."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

A_FEW_MINUTES = 180
SENTENCE = "You, or others in your network, have sent this too often. Wait a few minutes, then try again."


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """A page that says when to try again."""
    response = render(request, "429.html", {"sentence": SENTENCE}, status=429)
    response.headers["Retry-After"] = str(A_FEW_MINUTES)
    add_never_cache_headers(response)
    return response
