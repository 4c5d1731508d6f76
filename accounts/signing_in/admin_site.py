"""The administration: its way in is that of the site, where limits and second factors count."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from superpixel_site.discreet_admin import DiscreetAdminSite
from superpixel_site.staff import is_secured, is_staff

SECOND_FACTOR_FIRST = (
    "Your account looks after the site, so it needs a second factor: set up an authenticator app or a security key "
    "here, then go on to the administration."
)


class SecuredAdminSite(DiscreetAdminSite):
    """Django's admin without forms of its own that take passwords: those count no attempts."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and is_staff(request.user)

    @method_decorator(never_cache)
    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead those who are signed in on: staff to where they wanted to go, or to what is still missing."""
        assert request.user.is_authenticated
        if not is_secured(request.user):
            messages.error(request, SECOND_FACTOR_FIRST)  # stays until it is read
            return redirect("mfa_index")
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return redirect(target if ours else "admin:index")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")
