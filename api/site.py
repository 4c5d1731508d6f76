"""The interface: its versions, and what they have in common."""

from __future__ import annotations

from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Swagger

from api import problems
from api.segment_views import router as segment_router

DESCRIPTION = """
What a person does in the browser, by HTTP. Refusals are problem details (RFC 9457) with the sentences that people get.
"""

api = NinjaAPI(
    title="Superpixel Search",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=Swagger(settings={"persistAuthorization": False, "validatorUrl": None}),
    docs_url="/docs",
    openapi_url="/v1/openapi.json",
    docs_decorator=require_safe,
)
problems.connect(api)
api.add_router("/v1", segment_router)
