"""Adding to the collection in the browser: files one by one, archives in parts; without JavaScript in one form."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.exports.streams import Entry, StreamedFile, zipped
from curating import control
from curating.access import curators_only
from curating.importing import Wanted, announce, end_dropping, start_dropping, start_from_upload, take_dropped
from curating.importing.dropping import unique
from curating.importing.parts import PART_BYTES, WrongPart, start_parts, take_part
from curating.models import BulkTask
from curating.sources.archives import is_archive
from curating.web.forms import LICENCES, AddForm, AnnouncedForm, ArchiveForm, FileForm, PartForm
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import redirect_to, render_partial_or_page
from superpixel_site.work_slots import work_slot

MAY_ADD = "gallery.add_galleryimage"
TASKS_SHOWN = 10
PIECE = 2**16


def _page() -> str:
    return reverse("curating:add")


@require_http_methods(["GET", "POST"])
@never_cache
@curators_only(MAY_ADD)
def add(request: HtmxHttpRequest) -> HttpResponse:
    """Where files are dropped, and what the curator has added of late; posting files lets the worker add them."""
    if request.method == "POST":
        return _add_sent(request)
    mine = BulkTask.objects.filter(kind=BulkTask.Kind.IMPORT, asked_by=cast(User, request.user))
    context = {
        "tasks": mine[:TASKS_SHOWN],
        "is_live": mine.open().exists(),
        "form": AddForm(),
        "licences": LICENCES,
        "megabytes": settings.MAX_UPLOAD_BYTES // 2**20,
        "request_megabytes": settings.MAX_REQUEST_BYTES // 2**20,
        "archive_gigabytes": settings.MAX_ARCHIVE_BYTES / 2**30,
    }
    return render_partial_or_page(request, "curating/_adding.html", "curating/add.html", context)


def _add_sent(request: HtmxHttpRequest) -> HttpResponse:
    """What a browser without JavaScript sends: each archive is an import, and so are all other files together."""
    wanted = valid(AddForm(request.POST, request.FILES), 400, _page()).wanted
    files = request.FILES.getlist("upload")
    user = cast(User, request.user)
    tasks = [start_from_upload(file, user, wanted) for file in files if is_archive(file.name or "")]
    if others := [file for file in files if not is_archive(file.name or "")]:
        tasks.append(_packed(others, user, wanted))
    return redirect_to(request, tasks[0].get_absolute_url() if len(tasks) == 1 else reverse("curating:tasks"))


def _packed(files: list[UploadedFile[bytes]], user: User, wanted: Wanted) -> BulkTask:
    """An import of files by the worker, so that no request takes as long as all of them."""
    names = unique(file.name or "Photo" for file in files)
    now = timezone.now()
    entries = (Entry(name, file.chunks(PIECE), now, is_packed=True) for name, file in zip(names, files, strict=True))
    title = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    return start_from_upload(StreamedFile(zipped(entries), title), user, wanted)  # type: ignore[arg-type]


@require_POST
@curators_only(MAY_ADD)
def start_files(request: HtmxHttpRequest) -> HttpResponse:
    """Which of some files a script is to send, each by which name, and what is left out for what reason."""
    form = valid(AnnouncedForm(request.POST), 422, _page())
    files = form.cleaned_data["announced"]
    task = start_dropping(cast(User, request.user), len(files), form.wanted)
    wanted, left_out = announce(task, files)
    return JsonResponse(
        {
            "task": task.get_absolute_url(),
            "file": reverse("curating:file", args=[task.pk]),
            "end": reverse("curating:end", args=[task.pk]),
            "send": wanted,
            "left_out": [[item.path, item.reason] for item in left_out],
        }
    )


@require_POST
@curators_only(MAY_ADD)
def start_archive(request: HtmxHttpRequest) -> HttpResponse:
    """Where a script is to send the parts of an archive."""
    form = valid(ArchiveForm(request.POST), 413, _page())
    given = form.cleaned_data
    task = start_parts(cast(User, request.user), given["name"], given["n_bytes"], form.wanted)
    return JsonResponse(
        {
            "part": reverse("curating:part", args=[task.pk]),
            "end": reverse("curating:end", args=[task.pk]),
            "part_bytes": PART_BYTES,
        }
    )


def _sending(request: HtmxHttpRequest, task_id: int) -> BulkTask:
    """An import whose files this curator is sending."""
    task = get_object_or_404(BulkTask, pk=task_id, kind=BulkTask.Kind.IMPORT, asked_by=cast(User, request.user))
    if not task.is_sending:
        raise Refusal(f"That import is {task.get_state_display()} already. Add the file again.", 409, _page())
    return task


@require_POST
@curators_only(MAY_ADD)
def file(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """Take one of the files that were announced; the answer says what became of it."""
    task = _sending(request, task_id)
    form = valid(FileForm(request.POST, request.FILES), 400, _page())
    with work_slot():
        item = take_dropped(task, form.cleaned_data["path"], form.cleaned_data["image"].read())
    return render(request, "curating/_taken.html", {"item": item})


@require_POST
@curators_only(MAY_ADD)
def part(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """Store a part of an archive; after the last one the worker goes on."""
    task = _sending(request, task_id)
    form = valid(PartForm(request.POST, request.FILES), 400, _page())
    try:
        is_last = take_part(task, form.cleaned_data["offset"], form.part)
    except WrongPart as problem:
        raise Refusal(str(problem), 409, _page()) from problem
    return render(request, "curating/_taken.html", {"task": task}) if is_last else HttpResponse(status=204)


@require_POST
@curators_only(MAY_ADD)
def end(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """Say that no more will come of an import: an archive that is not whole is given up."""
    task = _sending(request, task_id)
    if "n_bytes" in task.options:
        control.cancel(task)
    else:
        end_dropping(task)
    return HttpResponse(status=204)
