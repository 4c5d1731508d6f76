"""How often one account, or one network address without an account, may ask in a minute."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from superpixel_site.clients import network_of
from superpixel_site.refusals import Refusal

MINUTE = 60
NOTED = "api_allowance"


@dataclass(frozen=True)
class Allowance:
    """What is left of a minute.

    Attributes
    ----------
    limit, remaining : int
        Requests.
    seconds : int
        Until the next minute begins.
    """

    limit: int
    remaining: int
    seconds: int


class TooManyRequests(Refusal):
    """So much was asked within a minute that no more is answered."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(
            f"You have asked more than {allowance.limit} times within a minute. Go on in {allowance.seconds} seconds.",
            429,
            "",
        )
        self.retry_after = allowance.seconds


def count(request: HttpRequest, account: object = None) -> None:
    """Count a request, of an account or else of a network address.

    Raises
    ------
    TooManyRequests
    """
    limit = settings.API_REQUESTS_A_MINUTE
    if not limit:
        return
    whose = network_of(request) if account is None else f"account-{account}"
    now = now_in_seconds()
    asked = _one_more(f"api:{whose}:{now // MINUTE}")
    allowance = Allowance(limit, max(0, limit - asked), MINUTE - now % MINUTE)
    setattr(request, NOTED, allowance)
    if asked > limit:
        raise TooManyRequests(allowance)


def now_in_seconds() -> int:
    """The moment by which minutes are told."""
    return int(time.time())


def _one_more(key: str) -> int:
    # Twice as long: it must not end before the last question.
    if cache.add(key, 1, 2 * MINUTE):
        return 1
    with suppress(ValueError):  # a cache that was emptied meanwhile
        return cache.incr(key)
    return 1


def tell(request: HttpRequest, response: HttpResponse) -> None:
    """Say in the headers of an answer what is left of the minute, where that was counted."""
    allowance: Allowance | None = getattr(request, NOTED, None)
    if allowance is not None:
        response.headers["RateLimit-Limit"] = str(allowance.limit)
        response.headers["RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["RateLimit-Reset"] = str(allowance.seconds)
