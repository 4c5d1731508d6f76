"""Who is asking: an account, or a visitor known by a random id kept in the session.

The id is not the session key, which changes at sign-in: a visitor's photos can therefore follow them into the account.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SESSION_KEY = "visitor"
# The day on which the session was renewed last, so that it is once a day.
DAY_KEY = "day"
# The marker of a person who owns nothing yet.
NOBODY = "nobody"


@dataclass(frozen=True)
class Person:
    """The owner of photos, selections and searches: exactly one of the two, or neither for a first-time visitor."""

    user: User | None = None
    visitor: uuid.UUID | None = None

    @property
    def is_known(self) -> bool:
        return self.user is not None or self.visitor is not None

    def as_fields(self) -> dict[str, User | uuid.UUID]:
        """What to filter by, or to create with, on a model with `owner` and `visitor`."""
        if self.user is not None:
            return {"owner": self.user}
        if self.visitor is not None:
            return {"visitor": self.visitor}
        raise ValueError("A person not yet known owns nothing; see selector.web.visits.")


def marker_of(person: Person) -> str:
    """A word by which a page says whom it was made for: the same for a person always, and nothing to guess who from.

    Its first letter tells accounts (u) from visitors (v).
    """
    if not person.is_known:
        return NOBODY
    kind, key = ("u", person.user.pk) if person.user is not None else ("v", person.visitor)
    return kind + salted_hmac("selector.people.marker_of", f"{kind}{key}", algorithm="sha256").hexdigest()[:32]


def person_of(request: HttpRequest) -> Person:
    """The person behind a request, without making them known."""
    if request.user.is_authenticated:
        return Person(user=request.user)
    visitor = request.session.get(SESSION_KEY)
    return Person(visitor=uuid.UUID(visitor) if visitor else None)


def remember(request: HttpRequest, visitor: uuid.UUID) -> None:
    """Let the session of a request hold a visitor's id; `selector.web.visits` says when."""
    request.session[SESSION_KEY] = str(visitor)
    note_day(request.session)


def was_here_today(session: SessionBase) -> bool:
    """Whether today is the day that the session notes."""
    return bool(session.get(DAY_KEY) == _today())


def note_day(session: SessionBase) -> None:
    """Note today in a session, which renews it."""
    session[DAY_KEY] = _today()


def _today() -> str:
    return timezone.now().date().isoformat()
