"""Wrong passwords for one account from many addresses: they slow guessing down and never keep the owner out.

Attempts from one address are limited by `ACCOUNT_RATE_LIMITS`. Somebody with many addresses gets round that. So when an
account has seen many wrong passwords within an hour, each address has one attempt in five minutes instead of five; one
that has not failed is always let try.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress

from django.core.cache import cache

HOUR = 3600
MANY_IN_AN_HOUR = 20
PAUSE_SECONDS = 300


def must_wait(login: str, address: str) -> bool:
    """Whether an address has failed at an account at which many fail just now."""
    failed = cache.get_many([_of_both(login, address), _of_account(login)])
    return _of_both(login, address) in failed and failed.get(_of_account(login), 0) >= MANY_IN_AN_HOUR


def note_failure(login: str, address: str) -> None:
    """Count a wrong password, by whatever the account was named: whether there is one makes no difference."""
    cache.set(_of_both(login, address), True, PAUSE_SECONDS)
    # Twice as long: it must not end before the last question.
    if not cache.add(_of_account(login), 1, 2 * HOUR):
        with suppress(ValueError):  # a cache that was emptied meanwhile
            cache.incr(_of_account(login))


def forget(login: str, address: str) -> None:
    """Let an address try an account again as if it had not failed."""
    cache.delete(_of_both(login, address))


def _of_both(login: str, address: str) -> str:
    return f"sign-in:{_hashed(login)}:{address}"


def _of_account(login: str) -> str:
    return f"sign-in:{_hashed(login)}:{int(time.time()) // HOUR}"


def _hashed(login: str) -> str:
    # Any characters at all may be typed, and a table of the database is no place for addresses of strangers.
    return hashlib.sha256(login.strip().lower().encode()).hexdigest()
