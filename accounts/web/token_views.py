"""The tokens of a person: by which programs act for them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import RevokeForm, TokenForm
from accounts.models import ApiToken

MOST = 50
ENOUGH = f"You have {MOST} tokens. Revoke some that you no longer need, then make another."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's tokens; posting a form makes another, which is shown this once."""
    assert request.user.is_authenticated
    mine = ApiToken.objects.filter(user=request.user)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made, secret = None, ""
    if form.is_valid():
        if mine.count() >= MOST:
            form.add_error(None, ENOUGH)
        else:
            given = form.cleaned_data
            made, secret = ApiToken.objects.make(request.user, given["name"], given["scopes"], given["days"] or None)
            form = TokenForm()
    context = {"rows": mine, "form": form, "made": made, "secret": secret}
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke a token: what uses it is refused from now on."""
    assert request.user.is_authenticated
    form = RevokeForm(request.POST)
    if not form.is_valid():
        raise Http404
    found = get_object_or_404(ApiToken, user=request.user, pk=form.cleaned_data["token"])
    found.delete()
    messages.success(request, f"The token “{found.name}” is revoked.")
    return redirect("accounts:tokens")
