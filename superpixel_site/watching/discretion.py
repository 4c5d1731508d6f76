"""What the log leaves out of messages and errors: what a request named, and what rows hold.

Errors are written by libraries, in sentences that nobody here has seen: with the address that could not be found, or
the row that could not be stored.
"""

from __future__ import annotations

import re
import traceback
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import TypeAlias
from urllib.parse import unquote

import psycopg
from django.db import Error as DatabaseError
from django.http import HttpRequest, QueryDict

from superpixel_site.watching.request_ids import current_request

ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
LEFT_OUT = "..."
BETWEEN_PARTS = re.compile(r"[/?&=#]+")
# Shorter parts of addresses are words of ours, and shorter values say nothing.
LEAST_PART, LEAST_VALUE = 12, 4
# waitress writes of a request by its path, when the request is over for all others.
SERVING = re.compile(r"(while serving|when servicing) .*", re.DOTALL)


def discreet(text: str) -> str:
    """A text without what the request of this thread has named."""
    text = SERVING.sub(r"\1 a request", text)
    request = current_request()
    # The longest first: one may be a part of another.
    for named in sorted(set(_named_by(request)), key=len, reverse=True) if request else ():
        text = text.replace(named, LEFT_OUT)
    return text


def traceback_of(info: ExceptionInfo) -> str:
    """The traceback of an exception as Python writes it, but with discreet sentences."""
    problem = info[1]
    if problem is None:
        return ""
    return "".join(_discreet_lines(problem)).rstrip("\n")


def _discreet_lines(problem: BaseException) -> Iterator[str]:
    # What follows the first line are the values of a row, or the statement with those that were given.
    of_database = [str(one) for one in _chain(problem) if isinstance(one, DatabaseError | psycopg.Error)]
    for part in traceback.format_exception(problem):
        if part.startswith("  File"):
            yield part  # Our code, and what it calls.
            continue
        sentence = part
        for whole in of_database:
            sentence = sentence.replace(whole, whole.partition("\n")[0])
        yield discreet(sentence)


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [problem]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _named_by(request: HttpRequest) -> Iterator[str]:
    """What a request has named that may be a key, a name or a word: never an id, by which nobody gets in."""
    addresses = (request.get_full_path(), request.META.get("HTTP_REFERER", ""))
    values = [*_values(request.GET), *_values(getattr(request, "_post", None))]
    for address in (*addresses, *values):
        for way in (address, unquote(address)):
            yield from (part for part in BETWEEN_PARTS.split(way) if _is_telling(part, LEAST_PART))
    yield from (value for value in values if _is_telling(value, LEAST_VALUE))
    if request.resolver_match:
        named = request.resolver_match.kwargs.values()
        yield from (value for value in named if isinstance(value, str) and _is_telling(value, LEAST_VALUE))


def _values(given: QueryDict | None) -> list[str]:
    """Of what was posted only what has been read: reading it here might fail, or wait for the client."""
    return [value for _, values in given.lists() for value in values] if given else []


def _is_telling(text: str, least: int) -> bool:
    if len(text) < least or text.isdecimal():
        return False
    try:
        uuid.UUID(text)
    except ValueError:
        return True
    return False
