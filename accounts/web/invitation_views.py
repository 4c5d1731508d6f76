"""The link of an invitation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import Invitation
from accounts.signing_in import invited


@require_GET
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Lead on to the form with which to sign up, or say why not."""
    if request.user.is_authenticated:
        messages.info(request, "You have an account already: an invitation is for somebody who has none.")
        return redirect("library:start")
    found = Invitation.objects.with_token(token)
    if found is None or found.used or found.is_over or settings.SIGN_UP == "closed":
        return render(request, "accounts/no_invitation.html", {"invitation": found}, status=404)
    invited.remember(request, found)
    return redirect("account_signup")
