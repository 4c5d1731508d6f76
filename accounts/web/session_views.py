"""The sessions of a person: where they are signed in, and ending that."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import sessions
from accounts.forms import EndForm
from superpixel_site.htmx import HtmxHttpRequest


@require_GET
@never_cache
@login_required
def listed(request: HtmxHttpRequest) -> HttpResponse:
    """Where the person is signed in."""
    assert request.user.is_authenticated
    rows = [
        {"session": row, "device": sessions.device(row.user_agent), "is_unknown": row.ip == sessions.UNKNOWN_ADDRESS}
        for row in sessions.sessions_of(request.user)
    ]
    context = {
        "rows": rows,
        "current": request.session.session_key,
        "days": settings.SESSION_COOKIE_AGE // (24 * 3600),
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
@login_required
def end(request: HtmxHttpRequest) -> HttpResponse:
    """End one session, or all but this one."""
    ended = _chosen(request)
    sessions.end(ended)
    messages.success(request, _what_was_ended(ended))
    return redirect("accounts:sessions")


def _chosen(request: HtmxHttpRequest) -> list[UserSession]:
    form = EndForm(request.POST)
    if not form.is_valid():
        raise Http404
    assert request.user.is_authenticated
    others = [row for row in sessions.sessions_of(request.user) if row.session_key != request.session.session_key]
    key = form.cleaned_data["session"]
    if key is None:
        return others
    chosen = [row for row in others if row.pk == key]
    if not chosen:
        raise Http404
    return chosen


def _what_was_ended(ended: list[UserSession]) -> str:
    if len(ended) == 1:
        return f"{sessions.device(ended[0].user_agent)} is signed out."
    return f"{len(ended)} other sessions are signed out." if ended else "You are signed in nowhere else."
