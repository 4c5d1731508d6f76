"""What can go wrong between a program and a site."""

from __future__ import annotations

from typing import Any

import httpx


class CannotReach(Exception):
    """The site does not answer, or with something that is none of its answers. The text is a sentence."""


class Problem(Exception):
    """The site refuses a request. The text is its sentence.

    Attributes
    ----------
    status : int
        Of HTTP: 401 without a good token, 404 for what is not there, 412 for what has changed meanwhile ...
    detail : str
    body : dict
        All that the site says, by RFC 9457.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.detail = str(body.get("detail") or body.get("title") or f"The site answers {status}.")
        self.body = body
        super().__init__(self.detail)

    @classmethod
    def of(cls, response: httpx.Response) -> Problem:
        """What an answer says that is no success."""
        try:
            body = response.json()
        except ValueError:
            body = None
        return cls(response.status_code, body if isinstance(body, dict) else {})
