"""The form of the log. Every record knows its request; none tells a path, which may hold a token or a name."""

from __future__ import annotations

import contextlib
import logging
from http import HTTPStatus
from http.client import responses
from typing import Any

from django.http import HttpRequest
from pythonjsonlogger import json

from superpixel_site.database_problems import is_cancelled, is_unreachable
from superpixel_site.watching.discretion import ExceptionInfo, discreet, traceback_of
from superpixel_site.watching.request_ids import current_request_id, request_id_of
from superpixel_site.watching.routes import method_of, route_of

# Its lines are put together from what tells nothing.
ACCESS = "superpixel_site.access"
PLAIN = "{levelname} {name}: {message}{of_request}"
JSON_FIELDS = ("levelname", "name", "message", "request_id", "process")


class PlainFormatter(logging.Formatter):
    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - logging's name
        return traceback_of(ei)


class JsonFormatter(json.JsonFormatter):
    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - logging's name
        return traceback_of(ei)


class RequestFilter(logging.Filter):
    """Adds the request's number to a record, and says anew what Django says of requests by their paths."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        known = request_id_of(request) if isinstance(request, HttpRequest) else ""
        number = known or current_request_id()
        vars(record).update(request_id=number, of_request=f" [{number}]" if number else "")
        if record.name.startswith("django.") and isinstance(request, HttpRequest):
            _say_anew(record, request)
        elif record.name != ACCESS:
            _leave_out(record)
        return True


def _leave_out(record: logging.LogRecord) -> None:
    """Write of a message what is discreet; of one that cannot be put together, logging complains by itself."""
    with contextlib.suppress(TypeError, ValueError, KeyError):
        record.msg, record.args = discreet(record.getMessage()), None


def _say_anew(record: logging.LogRecord, request: HttpRequest) -> None:
    """In place of Django's sentence the reason, the method and the route.

    What will pass, and what was sent to do harm, needs no trace.
    """
    status = getattr(record, "status_code", 500)
    problem = record.exc_info[1] if record.exc_info else None
    if is_unreachable(problem) or is_cancelled(problem):
        reason = "query took too long" if is_cancelled(problem) else "database not reached"
        record.exc_info = None
    elif record.name.startswith("django.security."):
        reason = record.name.rpartition(".")[2]
        record.exc_info = None
    else:
        reason = responses.get(status, "?")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.msg, record.args = "%s %s %s: %s", (status, method_of(request), route_of(request), reason)
    # A formatter that writes all fields of a record would write the request, path and all.
    del vars(record)["request"]


def configuration(kind: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to stderr, `kind` is ``plain`` or ``json``, one object a line."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": RequestFilter}},
        "formatters": {
            "plain": {"()": PlainFormatter, "fmt": PLAIN, "style": "{"},
            "json": {
                "()": JsonFormatter,
                "fmt": JSON_FIELDS,
                "style": ",",
                "timestamp": "time",
                "rename_fields": {"levelname": "level", "name": "logger"},
                "reserved_attrs": [*_usual_attributes(), "of_request", "status_code"],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": kind, "filters": ["request"]}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            # Its handlers would write the same once more, in a form of their own.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            **{
                name: {"handlers": ["console"], "level": level, "propagate": False}
                for name in ("selector", "gallery", "superpixel_site")
            },
        },
    }


def _usual_attributes() -> list[str]:
    return [*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"]
