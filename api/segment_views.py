"""`POST /api/v1/segment`: an image in, its superpixels out. It needs no account, and nothing is kept."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Router
from pydantic import ValidationError

from api import limits
from api.label_formats import as_png
from api.problems import Problem, sentence_about
from api.segmenting import Segmentation, Settings, described, labels_of
from selector.services.decoding import pixels_of
from superpixel_site.refusals import Refusal
from superpixel_site.work_slots import work_slot

router = Router(tags=["superpixels"])

# As text in JSON an image is held in memory three times over.
MOST_BYTES_IN_JSON = 20 * 1024 * 1024
TOO_LONG = f"In JSON an image may have {MOST_BYTES_IN_JSON // 2**20} MB. Send a larger one as multipart/form-data."
NO_IMAGE = "Send an image: as the file `image` of a form, or in base64 as `image` of a JSON object."
NO_BASE64 = "image: This is not base64."


class Image64(Settings):
    """An image in base64, and how it is to be cut."""

    image: str = Field(description="The file in base64, also as a data: URL.")


def _described_form() -> dict[str, Any]:
    """The two bodies that are taken, as OpenAPI describes them."""
    form = Settings.model_json_schema()
    image = {"type": "string", "format": "binary", "description": "The file."}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": Image64.model_json_schema(),
                    "example": {"image": "iVBORw0KGgo…", "n_segments": 200, "sigma": 1},
                },
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["image"],
                        "properties": {"image": image, **form["properties"]},
                    }
                },
            },
        },
        "responses": {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
    }


@router.post(
    "/segment",
    response={200: Segmentation, (400, 413, 415, 422, 429, 503): Problem},
    openapi_extra=_described_form(),
    summary="Cut an image into superpixels",
)
def segment(request: HttpRequest) -> HttpResponse:
    """Cut an image into superpixels. No account is needed, and nothing is kept.

    With `Accept: image/png` the answer is the label map alone, a PNG of 16-bit greys; else JSON with labels, areas,
    centroids, mean colours, neighbours and the merge tree.
    """
    limits.count(request)
    with work_slot():
        data, wanted = _what_was_sent(request)
        pixels = pixels_of(data, wanted.long_side)
        labels = labels_of(pixels, wanted)
        if request.get_preferred_type(["application/json", "image/png"]) == "image/png":
            return _kept_nowhere(HttpResponse(as_png(labels), content_type="image/png"))
        return _kept_nowhere(JsonResponse(described(pixels, labels, wanted)))


def _kept_nowhere(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


def _what_was_sent(request: HttpRequest) -> tuple[bytes, Settings]:
    """The file and the settings of a request.

    Raises
    ------
    Refusal
        With the sentence that says what is wrong with them.
    """
    try:
        if request.content_type == "multipart/form-data":
            file = request.FILES.get("image")
            if file is None or isinstance(file, list):
                raise Refusal(NO_IMAGE, 400, "")
            if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
                raise Refusal(f"That file is larger than {settings.MAX_UPLOAD_BYTES // 2**20} MB.", 413, "")
            return file.read(), Settings.model_validate(request.POST.dict())
        if request.content_type == "application/json":
            sent = Image64.model_validate_json(_body(request))
            return _decoded(sent.image), sent
    except ValidationError as problem:
        raise Refusal(sentence_about([dict(error) for error in problem.errors()]), 422, "") from None
    raise Refusal(NO_IMAGE, 415, "")


def _body(request: HttpRequest) -> bytes:
    """The body of a request, which may be longer than what Django holds in memory for others."""
    most = MOST_BYTES_IN_JSON * 4 // 3 + 4096
    body = request.read(most + 1)
    if len(body) > most:
        raise Refusal(TOO_LONG, 413, "")
    return body


def _decoded(text: str) -> bytes:
    """The bytes that are written in base64, after the head of a data: URL if there is one."""
    written = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode("".join(written.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(NO_BASE64, 422, "") from None
