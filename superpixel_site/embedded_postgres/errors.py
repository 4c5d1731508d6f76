"""What can go wrong with the embedded server, each time as one sentence for a person."""

from __future__ import annotations

import json


class ServerError(RuntimeError):
    """The server does not run, now: it did not start, or does not answer."""


class SetupError(ServerError):
    """The server cannot run here until a person changes something: a folder, a package, the machine."""


def to_report(problem: ServerError) -> bytes:
    """An error as the keeper sends it to the process that started it."""
    return json.dumps([type(problem).__name__, str(problem)]).encode()


def from_report(report: bytes) -> ServerError:
    """The error that `to_report` was given; what is no such report becomes a `ServerError` that quotes it."""
    try:
        name, sentence = json.loads(report)
    except ValueError:
        return ServerError(f"The keeper of PostgreSQL failed: {report.decode(errors='replace').strip()}")
    return SetupError(sentence) if name == SetupError.__name__ else ServerError(sentence)
