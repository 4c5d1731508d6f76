"""Who is asking: an account, or a visitor known by a random id kept in the session.

The id is not the session key, which changes at sign-in: a visitor's photos can therefore follow them into the account.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SESSION_KEY = "visitor"


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
        raise ValueError("A person not yet known owns nothing; use known_person().")


def person_of(request: HttpRequest) -> Person:
    """The person behind a request, without making them known."""
    if request.user.is_authenticated:
        return Person(user=request.user)
    visitor = request.session.get(SESSION_KEY)
    return Person(visitor=uuid.UUID(visitor) if visitor else None)


def make_known(request: HttpRequest, person: Person) -> Person:
    """The person, who is about to own something: a first-time visitor gets their random id now."""
    if person.is_known:
        return person
    visitor = uuid.uuid4()
    request.session[SESSION_KEY] = str(visitor)
    return Person(visitor=visitor)


def known_person(request: HttpRequest) -> Person:
    """The person behind a request that is about to own something."""
    return make_known(request, person_of(request))
