"""How the collection is, live, and trying again what has failed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from curating.access import curators_only
from curating.health.failures import retry
from curating.health.page import content
from curating.web.forms import RetryForm
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.responses import redirect_to, render_partial_or_page


@require_GET
@never_cache
@curators_only()
def health(request: HtmxHttpRequest) -> HttpResponse:
    """Figures and plots of the collection, the queue and the index."""
    return render_partial_or_page(request, "curating/_health.html", "curating/health.html", content())


@require_POST
@curators_only("gallery.change_galleryimage")
def retry_failures(request: HtmxHttpRequest) -> HttpResponse:
    """Let images be indexed once more that failed for one reason."""
    n = retry(RetryForm(request.POST).chosen)
    messages.success(request, f"{n} image{'' if n == 1 else 's'} will be tried again.")
    return redirect_to(request, reverse("curating:health"))
