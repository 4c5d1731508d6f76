"""A full disk, the site's or the database server's, is a sentence and no server error."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import get_script_prefix

from superpixel_site.refusals import Refusal, answer_to

logger = logging.getLogger(__name__)

# No space, over the quota of the disk, and over the largest size of a file that the process may write.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
INSUFFICIENT_STORAGE = 507
SENTENCE = "The site has no room left for files just now. Nothing was stored; try again later."


def is_no_room(error: BaseException) -> bool:
    """Whether an error, or one that it comes from, says that a disk is full."""
    return any(
        isinstance(one, psycopg.errors.DiskFull) or (isinstance(one, OSError) and one.errno in FULL)
        for one in _with_causes(error)
    )


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


class NoRoomMiddleware:
    """Answers when a disk is full. It stands before whatever reads what was sent: that is put on disk as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Read a form with files here: Django answers no exception of the middlewares that come next."""
        if request.method != "POST" or request.content_type != "multipart/form-data":
            return None
        try:
            _ = request.FILES
        except UnreadablePostError:
            return None  # Whoever sent it is gone; what comes next deals with that.
        except OSError as error:
            if is_no_room(error):
                return no_room(request, error)
            raise
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return no_room(request, exception) if is_no_room(exception) else None


def no_room(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The answer, and a line in the log for those who run the site."""
    logger.error("There is no room left: %s", error)
    return answer_to(request, Refusal(SENTENCE, INSUFFICIENT_STORAGE, get_script_prefix()))
