"""Deleting one's account, or all that one has here without an account."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import leaving
from accounts.forms import LeaveForm
from selector.people import Person, person_of
from selector.services.quotas import readable, usage_of


def has_account(request: HttpRequest) -> bool:
    return request.user.is_authenticated


@require_http_methods(["GET", "POST"])
@never_cache
# Who has just signed in, or confirmed it by password or passkey, goes on.
@reauthentication_required(enabled=has_account)  # type: ignore[untyped-decorator]
def leave(request: HttpRequest) -> HttpResponse:
    """Delete everything, once the person has been told what that is and wants it."""
    person = person_of(request)
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and person.is_known and form.is_valid():
        is_done = _delete_all_of(person)
        logout(request)
        messages.success(request, _farewell(person, is_done=is_done))
        return redirect("library:start")
    context = {
        "form": form,
        "is_known": person.is_known,
        "usage": (usage := usage_of(person)),
        "usage_words": readable(usage.n_bytes),
        "belongings": leaving.belongings_of(person),
    }
    return render(request, "accounts/leave.html", context, status=422 if form.errors else 200)


def _delete_all_of(person: Person) -> bool:
    if person.user is not None:
        return leaving.leave(person.user)
    assert person.visitor is not None
    return leaving.forget(person.visitor)


def _farewell(person: Person, *, is_done: bool) -> str:
    what = "Your account" if person.user is not None else "All that was yours here"
    if is_done:
        return f"{what} is deleted{', with everything in it' if person.user is not None else ''}."
    if person.user is not None:
        return "Your account is closed. What is left in it is being deleted: that takes some minutes."
    return "You have been forgotten here. What is left of your photos is being deleted: that takes some minutes."
