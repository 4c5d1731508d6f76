"""Looking after accounts."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User

from superpixel_site.model_admin import ModelAdmin

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(ModelAdmin[User], UserAdmin):  # type: ignore[type-arg]  # generic to type checkers alone
    """Django's own; but before an account is deleted, it lists nothing of what is the person's."""
