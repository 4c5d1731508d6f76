"""The page from which everything about an account is found."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from selector.people import person_of
from selector.services.quotas import usage_of
from superpixel_site.htmx import HtmxHttpRequest


@require_GET
@never_cache
@login_required
def account(request: HtmxHttpRequest) -> HttpResponse:
    """Who is signed in, what they keep, and where to go from here."""
    return render(request, "accounts/account.html", {"usage": usage_of(person_of(request))})
