"""Bulk tasks: those there are, live; one with the files of its import; pausing, resuming and cancelling."""

from __future__ import annotations

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Export
from curating import control
from curating.access import bulk_task, curators_only
from curating.importing.reports import report
from curating.models import BulkTask, ImportItem
from curating.observing import observe
from curating.web.forms import FilesForm
from superpixel_site.forms import PageForm
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import Refusal
from superpixel_site.responses import only_to_save, redirect_to, render_partial_or_page

TASKS_A_PAGE = 25
FILES_A_PAGE = 100
UNDER_WAY = (Export.State.WAITING, Export.State.WORKING)


@require_GET
@never_cache
@curators_only()
def tasks(request: HtmxHttpRequest) -> HttpResponse:
    """All tasks, the newest first, and how many people wait for what is theirs."""
    observe()
    page = Paginator(BulkTask.objects.select_related("asked_by"), TASKS_A_PAGE).get_page(PageForm(request.GET).number)
    context = {
        "page": page,
        "is_live": BulkTask.objects.open().exists(),
        # Whose they are is nobody's business here.
        "n_exports": Export.objects.filter(state__in=UNDER_WAY).count(),
    }
    return render_partial_or_page(request, "curating/_tasks.html", "curating/tasks.html", context)


@require_GET
@never_cache
@curators_only()
def task(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """One task; of an import what became of its files."""
    found = bulk_task(task_id)
    form = FilesForm(request.GET)
    state = form.given("state")
    files = found.items.select_related("image").order_by("pk")
    counts = found.items.counts() if found.kind == BulkTask.Kind.IMPORT else {}
    context = {
        "task": found,
        "page": Paginator(files.filter(state=state) if state else files, FILES_A_PAGE).get_page(form.number),
        "state": state,
        "query": form.query,
        "counts": [(name, ImportItem.State(name).label, n) for name, n in counts.items() if n],
    }
    return render_partial_or_page(request, "curating/_task.html", "curating/task.html", context)


@require_GET
@never_cache
@curators_only()
def task_report(request: HtmxHttpRequest, task_id: int) -> HttpResponseBase:
    """All files of an import that did not become images, and why, as CSV."""
    found = bulk_task(task_id)
    lines = report(found.items.left_out().order_by("pk").iterator(1000))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="import-{found.pk}.csv"'
    return only_to_save(answer)


def _moved(request: HtmxHttpRequest, task_id: int, move: Callable[[BulkTask], bool], moved: str) -> HttpResponse:
    found = bulk_task(task_id)
    if not move(found):
        raise Refusal(f"That task is {found.get_state_display()}: it cannot be {moved}.", 409, found.get_absolute_url())
    return redirect_to(request, found.get_absolute_url())


@require_POST
@curators_only("curating.change_bulktask")
def pause(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """Let a task stop for now."""
    return _moved(request, task_id, control.pause, "paused")


@require_POST
@curators_only("curating.change_bulktask")
def resume(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """Let a task go on."""
    return _moved(request, task_id, control.resume, "gone on with")


@require_POST
@curators_only("curating.change_bulktask")
def cancel(request: HtmxHttpRequest, task_id: int) -> HttpResponse:
    """End a task as it is."""
    return _moved(request, task_id, control.cancel, "cancelled")
