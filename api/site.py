"""The interface: its versions, and what they have in common."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Swagger

from api import (
    gallery_views,
    job_views,
    label_map_views,
    photo_views,
    problems,
    search_views,
    segment_views,
    selection_views,
    workspace_views,
)
from api.document import Interface
from api.parsing import JsonParser


class Documentation(Swagger):
    """The page about the interface: Ninja is no app here, so it does not find its own."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        settings = {**self.settings, "url": self.get_openapi_url(api, kwargs)}
        return render(request, "api/docs.html", {"api": api, "settings": settings})


DESCRIPTION = """
What a person does in the browser, by HTTP. Refusals are problem details (RFC 9457) with the sentences that people get.
"""

api = Interface(
    title="Superpixel Search",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=Documentation(settings={"persistAuthorization": False, "validatorUrl": None}),
    docs_url="/docs",
    openapi_url="/v1/openapi.json",
    docs_decorator=require_safe,
    parser=JsonParser(),
)
problems.connect(api)
for _views in (
    segment_views,
    photo_views,
    label_map_views,
    selection_views,
    workspace_views,
    search_views,
    gallery_views,
    job_views,
):
    api.add_router("/v1", _views.router)

_patterns, _app, _namespace = api.urls
# Ninja lists an address once for each method.
urls = (list({str(pattern.pattern): pattern for pattern in reversed(_patterns)}.values())[::-1], _app, _namespace)
