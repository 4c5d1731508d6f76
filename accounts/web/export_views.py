"""Taking along all that is one's own: asking for it, watching it being made, downloading and deleting it."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import jobs
from accounts.models import Export
from selector.people import Person, person_of
from selector.services.quotas import readable, usage_of
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import Refusal
from superpixel_site.responses import redirect_to, render_partial_or_page
from superpixel_site.stored_files import stream


@require_GET
@never_cache
def export(request: HtmxHttpRequest) -> HttpResponse:
    """The person's export: none yet, being made, or ready. The page asks for itself while it is being made."""
    return _shown(request, person_of(request))


@require_POST
def ask(request: HtmxHttpRequest) -> HttpResponse:
    """Let the worker make one, instead of the one there is."""
    person = person_of(request)
    if not person.is_known:
        raise Refusal("There is nothing of yours here yet. Add a photo first.", 409, reverse("accounts:export"))
    jobs.defer_export(person)
    return redirect_to(request, reverse("accounts:export"))


@require_POST
def cancel(request: HtmxHttpRequest) -> HttpResponse:
    """Stop making the export, or delete the one there is."""
    for row in Export.objects.owned_by(person_of(request)):
        row.delete()
    return redirect_to(request, reverse("accounts:export"))


@require_GET
@never_cache
def download(request: HttpRequest) -> HttpResponseBase:
    """The file, to its owner alone: its address is the same for everybody."""
    found = Export.objects.of(person_of(request))
    if found is None or found.state != Export.State.READY:
        raise Http404
    file = stream(found.file)
    name = f"superpixel-search-{timezone.localtime(found.created):%Y-%m-%d}.zip"
    answer = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    answer.headers["Content-Length"] = str(found.n_bytes)
    return answer


def _shown(request: HtmxHttpRequest, person: Person) -> HttpResponse:
    usage = usage_of(person)
    context = {
        "export": Export.objects.of(person),
        "is_known": person.is_known,
        "usage": usage,
        "usage_words": readable(usage.n_bytes),
    }
    return render_partial_or_page(request, "accounts/_export.html", "accounts/export.html", context)
