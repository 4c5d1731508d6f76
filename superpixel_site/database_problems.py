"""What a failure of the database means: that it cannot be reached now, or that a query took too long."""

from __future__ import annotations

import psycopg
from django.db import InterfaceError, OperationalError

# Classes of SQLSTATE: connection, authorization, no such database, resources, and the server being stopped. An error
# without a state comes from the client: no server, or a connection that broke.
UNREACHABLE = ("08", "25P03", "28", "3D", "53", "57P")
CANCELLED = "57014"


def is_unreachable(problem: BaseException | None) -> bool:
    """Whether the database cannot be had at the moment."""
    if not isinstance(problem, OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = _state(problem)
    return state is None or state.startswith(UNREACHABLE)


def is_cancelled(problem: BaseException | None) -> bool:
    """Whether a query was ended because it took longer than it may."""
    return isinstance(problem, OperationalError | psycopg.OperationalError) and _state(problem) == CANCELLED


def _state(problem: BaseException) -> str | None:
    """The SQLSTATE; Django wraps the error of the driver that has it."""
    driver = problem if isinstance(problem, psycopg.Error) else problem.__cause__
    return driver.sqlstate if isinstance(driver, psycopg.Error) else None
