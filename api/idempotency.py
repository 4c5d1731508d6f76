"""Requests that may be sent twice: the second gets the answer of the first, and nothing is done again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse

from superpixel_site.refusals import Refusal

HEADER = "Idempotency-Key"
A_DAY = 24 * 3600
LONGEST = 200
MARK = "is_answered_once"
# How long it can take until there is an answer to a request, in seconds.
A_REQUEST = 120
TOO_LONG = f"{HEADER}: At most {LONGEST} letters."
ANOTHER = f"{HEADER}: Another request was sent with this key. Take a new key for each."


class StillUnderWay(Refusal):
    """The same request is being answered this moment."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__("The same request is being answered. Ask again in a moment for what becomes of it.", 409, "")


def once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a function answer a request with an `Idempotency-Key` of the same account once a day."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        if not given:
            return view(request, *args, **kwargs)
        if len(given) > LONGEST:
            raise Refusal(TOO_LONG, 422, "")
        key, fingerprint = _key(request, given), _fingerprint(request)
        if not cache.add(key, (fingerprint, None), A_REQUEST):
            return _again(cache.get(key), fingerprint)
        try:
            response = view(request, *args, **kwargs)
        except BaseException:
            # Nothing was done: the next one may try.
            cache.delete(key)
            raise
        answer = response.status_code, response.content, dict(response.items())
        cache.set(key, (fingerprint, answer), A_DAY)
        return response

    setattr(answered, MARK, True)
    return answered


def is_once(view: Callable[..., Any]) -> bool:
    """Whether a function takes an `Idempotency-Key`."""
    return getattr(view, MARK, False)


def _key(request: HttpRequest, given: str) -> str:
    asked = f"{request.user.pk} {request.method} {request.path} {given}"
    return f"answered-once:{hashlib.sha256(asked.encode()).hexdigest()}"


def _fingerprint(request: HttpRequest) -> str:
    """What is the same of a request that is sent again: a form may be written with another boundary."""
    if request.content_type != "multipart/form-data":
        said: Any = hashlib.sha256(request.body).hexdigest()
    else:
        files = ((name, file) for name, those in request.FILES.lists() for file in those)
        said = [*request.POST.lists(), *((name, file.name, _hash_of(file)) for name, file in files)]
    return hashlib.sha256(repr((request.GET.urlencode(), said)).encode()).hexdigest()


def _hash_of(file: UploadedFile[Any]) -> str:
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def _again(stored: Any, fingerprint: str) -> HttpResponse:
    """The answer that a key has had; refuses it to another request, and while there is none."""
    of, answer = stored or (fingerprint, None)
    if of != fingerprint:
        raise Refusal(ANOTHER, 422, "")
    if answer is None:
        raise StillUnderWay
    status, content, headers = answer
    return HttpResponse(content, status=status, headers={**headers, "Idempotent-Replayed": "true"})
