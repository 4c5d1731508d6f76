"""Looking after accounts: names, addresses and roles, and nothing that people keep in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Invitation
from accounts.models.invitations import DAYS
from superpixel_site.model_admin import ModelAdmin

if TYPE_CHECKING:
    UserAdminBase = DjangoUserAdmin[User]
else:
    UserAdminBase = DjangoUserAdmin

admin.site.unregister(User)
admin.site.unregister(Authenticator)
# Where people are signed in is theirs to know.
admin.site.unregister(UserSession)


@admin.register(User)
class UserAdmin(ModelAdmin[User], UserAdminBase):
    """Names, e-mail addresses and roles. A curator is of the staff and in the group "curators"."""

    list_display = ("username", "email", "is_staff", "is_superuser", "is_active")
    search_fields = ("username", "email")
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        ("Roles", {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
    )


@admin.register(Authenticator)
class AuthenticatorAdmin(ModelAdmin[Authenticator]):
    """Second factors, to take away from somebody who has lost theirs; never what is secret of them."""

    list_display = fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__username",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """How long an invitation is good; the link follows when it is made."""

    days = forms.IntegerField(min_value=1, max_value=365, initial=DAYS, help_text="for how many days the link is good")

    class Meta:
        model = Invitation
        fields = ()


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin[Invitation]):
    """Invitations to sign up. The link is shown once, when one is made."""

    form = InvitationForm
    list_display = ("__str__", "made_by", "created", "ends", "used")
    list_select_related = ("made_by",)

    def save_model(self, request: HttpRequest, obj: Invitation, form: InvitationForm, change: bool) -> None:
        assert request.user.is_authenticated
        made, token = Invitation.objects.invite(form.cleaned_data["days"], request.user)
        obj.pk, obj.ends = made.pk, made.ends
        link = request.build_absolute_uri(reverse("accounts:invitation", args=[token]))
        messages.warning(request, f"Send this link to whom you invite. It is not shown again: {link}")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False
