"""`ModelAdmin[Photo]`: type checkers know Django's class as a generic one, Django itself does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Django's own, which takes a model between brackets and ignores it."""

        def __class_getitem__(cls, model: object) -> type:
            return cls


__all__ = ["ModelAdmin"]
