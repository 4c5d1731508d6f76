"""Views that belong to no app."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the site is alive. Its web server says so by itself, before a request comes here."""
    return HttpResponse("ok", content_type="text/plain")
