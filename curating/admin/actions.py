"""What is done to the chosen images of the list, be it all of them across its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from curating.changes import CHANGES, change_now, problem_with, start_change
from curating.models import IMAGES_A_BATCH
from gallery.models import GalleryImage, GalleryImageQuerySet
from superpixel_site.model_admin import NAMED, ModelAdmin

if TYPE_CHECKING:
    from django.contrib.auth.models import User


Admin = ModelAdmin[GalleryImage]


class ChangeForm(ActionForm):
    """Which action, and the tags or the licence that some of them take."""

    value = forms.CharField(label="Tags or licence:", max_length=200, required=False)


def act(name: str, admin: Admin, request: HttpRequest, images: QuerySet[GalleryImage]) -> None:
    """Do it now where few images are chosen, else by a task; and say so."""
    change = CHANGES[name]
    value = request.POST.get("value", "").replace("\0", "").strip()[:200] if change.takes else ""
    if problem := problem_with(change.takes, value):
        admin.message_user(request, problem, messages.ERROR)
        return
    chosen = cast(GalleryImageQuerySet, images) if change.of_private else cast(GalleryImageQuerySet, images).curated()
    # Keys alone: of a hundred thousand images that is little.
    keys = list(chosen.order_by("pk").values_list("pk", flat=True))
    by = cast("User", request.user)
    if len(keys) <= IMAGES_A_BATCH:
        _tell(admin, request, name, change_now(name, keys, value, by))
        return
    task = start_change(name, keys, value, by)
    told = 'The worker does that to {} images: <a href="{}">watch it</a>.'
    admin.message_user(request, format_html(told, f"{len(keys):,}", task.get_absolute_url()), messages.SUCCESS)


def _tell(admin: Admin, request: HttpRequest, name: str, n: int) -> None:
    what = f"{n} {model_ngettext(admin.opts, n)}"
    if name in ("reindex", "retry"):
        told = f"The worker will index {what}."
    elif name == "delete_selected":
        told = f"Successfully deleted {what}."
    else:
        told = f"{what[:1].upper()}{what[1:]} changed."
    admin.message_user(request, told, messages.SUCCESS if n else messages.WARNING)


def ask_before_deleting(admin: Admin, request: HttpRequest, images: QuerySet[GalleryImage]) -> HttpResponse | None:
    """A page with the number of images and some of their names; then they are deleted with their files."""
    if not admin.has_delete_permission(request):
        raise PermissionDenied
    if request.POST.get("post"):
        act("delete_selected", admin, request, images)
        return None
    names, counts, _, _ = admin.get_deleted_objects(images, request)
    context = admin.admin_site.each_context(request) | {
        "title": "Are you sure?",
        "opts": admin.opts,
        "names": names[:NAMED],
        "n": next(iter(counts.values())),
        "checkbox": ACTION_CHECKBOX_NAME,
        "keys": [] if request.POST.get("select_across") == "1" else request.POST.getlist(ACTION_CHECKBOX_NAME),
        "across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "curating/admin/delete_images.html", context)


def action(name: str) -> Any:
    """A change as Django's admin lists it: function, name and description."""

    def change(admin: Admin, request: HttpRequest, images: QuerySet[GalleryImage]) -> None:
        act(name, admin, request, images)

    function: Any = ask_before_deleting if name == "delete_selected" else change
    return function, name, CHANGES[name].label
