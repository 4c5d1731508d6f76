"""Who visits: when a person becomes known to the site, and that sessions in use do not end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix

from selector.models import Visitor
from selector.people import Person, note_day, person_of, remember, was_here_today
from selector.signals import renewed
from superpixel_site.clients import network_of
from superpixel_site.refusals import Refusal

logger = logging.getLogger(__name__)

MINUTE = 60


class TooManyVisitors(Refusal):
    """So many people have come from one address within a minute that no more are let in."""

    retry_after = MINUTE

    def __init__(self) -> None:
        sentence = "Too many new visitors have come from your network within a minute. Wait a minute, then try again."
        super().__init__(sentence, 429, get_script_prefix())


class VisitMiddleware:
    """Renews the session of a known person at most once a day, and notes when a visitor was here last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Who sends no cookie has no session: looking for one would only make answers depend on cookies.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not was_here_today(request.session):
            _renew(request)
        return self.get_response(request)


def _renew(request: HttpRequest) -> None:
    """Move the end of the session on: a session that changes is stored, and its cookie sent, with a new age."""
    person = person_of(request)
    if not person.is_known:
        return
    try:
        if person.visitor is not None:
            Visitor.objects.see(person.visitor)
        renewed.send(Visitor, request=request)
    except DatabaseError:
        # A full disk, say: what is there can still be looked at.
        logger.exception("That a visitor was here could not be noted; the next request tries again.")
    else:
        note_day(request.session)


@contextmanager
def known_person(request: HttpRequest) -> Iterator[Person]:
    """The person behind a request, who comes to own something in the block.

    A first-time visitor gets their row before it and their session after it: where the block fails, neither stays.

    Raises
    ------
    TooManyVisitors
        For a first-time visitor.
    """
    person = person_of(request)
    if person.is_known:
        yield person
        return
    came = _Arrivals(network_of(request))
    if 0 < settings.VISITORS_A_MINUTE <= came.count():
        raise TooManyVisitors
    visitor = Visitor.objects.create()
    try:
        yield Person(visitor=visitor.pk)
    except BaseException:
        visitor.delete()
        raise
    came.note_one_more()
    remember(request, visitor.pk)


class _Arrivals:
    """Those who became visitors from one address in this minute; who was refused something is none of them."""

    def __init__(self, address: str) -> None:
        self.key = f"visitors:{address}:{int(time.time()) // MINUTE}"

    def count(self) -> int:
        return int(cache.get(self.key, 0))

    def note_one_more(self) -> None:
        # Twice as long: it must not end before the last question.
        if not cache.add(self.key, 1, 2 * MINUTE):
            with suppress(ValueError):  # a cache that was emptied meanwhile
                cache.incr(self.key)
