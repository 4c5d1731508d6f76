"""Bulk tasks in the admin: to look at; they are paused and cancelled on their own pages."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from curating import control
from curating.models import BulkTask
from superpixel_site.model_admin import ModelAdmin


@admin.register(BulkTask)
class BulkTaskAdmin(ModelAdmin[BulkTask]):
    """What is under way, and what was."""

    list_display = ("title", "kind", "state", "done", "failed", "skipped", "total", "speed", "left", "created", "page")
    list_filter = ("kind", "state")
    search_fields = ("title",)
    date_hierarchy = "created"
    list_select_related = ("asked_by",)
    fields = readonly_fields = (
        *("kind", "title", "asked_by", "state", "total", "done", "failed", "skipped", "speed", "left"),
        *("notices", "problem", "created", "started", "heard", "finished", "page"),
    )
    actions = ("pause", "resume", "cancel")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="a second")
    def speed(self, task: BulkTask) -> str:
        return f"{task.rate:.1f}" if task.is_open and task.rate is not None else ""

    @admin.display(description="time left")
    def left(self, task: BulkTask) -> str:
        return task.time_left_words

    @admin.display(description="page")
    def page(self, task: BulkTask) -> str:
        return format_html('<a href="{}">Watch it</a>', task.get_absolute_url())

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, tasks: QuerySet[BulkTask]) -> None:
        self.message_user(request, f"Paused: {sum(map(control.pause, tasks))}.")

    @admin.action(description="Go on", permissions=["change"])
    def resume(self, request: HttpRequest, tasks: QuerySet[BulkTask]) -> None:
        self.message_user(request, f"Going on: {sum(map(control.resume, tasks))}.")

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, tasks: QuerySet[BulkTask]) -> None:
        self.message_user(request, f"Cancelled: {sum(map(control.cancel, tasks))}.")
