"""What those who watch the site ask."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from superpixel_site.watching import figures, readiness


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every part of the site can do its work, else 503; each part with ``ok`` or what is wrong."""
    parts = readiness.parts()
    ready = all(said == readiness.FINE for said in parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever has the token; without one in the settings there are none."""
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound("There are no figures here: METRICS_TOKEN is not set.", content_type="text/plain")
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        headers = {"WWW-Authenticate": "Bearer"}
        return HttpResponse("The token is missing or wrong.", status=401, headers=headers, content_type="text/plain")
    text, media_type = figures.text()
    return HttpResponse(text, content_type=media_type)
