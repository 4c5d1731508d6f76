"""What a wrong setting or an unreachable service looks like at start: one sentence, without the way we came upon it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from environs import EnvError, EnvValidationError

from superpixel_site.database_problems import is_unreachable

VARIABLE = re.compile(r'"(\w+)"')
# What may hold a password is not shown.
PRIVATE = re.compile(r"URL|SECRET|PASSWORD|TOKEN")


@contextmanager
def problems_as_sentences() -> Iterator[None]:
    """End the process with a sentence on stderr and status 1 when what is around it is wrong; faults keep their trace.

    `--traceback` on the command line shows the trace in any case.
    """
    try:
        yield
    except Exception as problem:
        sentence = None if "--traceback" in sys.argv else sentence_for(problem)
        if sentence is None:
            raise
        sys.exit(sentence)


def sentence_for(problem: Exception) -> str | None:
    """What is wrong around the site; None for a fault of the site itself."""
    if isinstance(problem, EnvError):
        return _of_the_environment(problem)
    if isinstance(problem, ImproperlyConfigured):
        return str(problem)
    if isinstance(problem, DatabaseError) and is_unreachable(problem):
        return f"The database cannot be reached: {' '.join(str(problem).split())}"
    if type(problem).__module__.startswith("botocore."):
        return f"The photos' storage (MEDIA_BUCKET) cannot be used: {' '.join(str(problem).split())}"
    return None


def _of_the_environment(problem: EnvError) -> str:
    found = VARIABLE.search(str(problem))
    name = found[1] if found else "environment"
    value = "" if PRIVATE.search(name) else f" is {os.environ.get(name, '')!r}"
    said = problem.error_messages if isinstance(problem, EnvValidationError) else [problem]
    return f"Wrong setting: {name}{value}. {' '.join(str(message) for message in said)}"
