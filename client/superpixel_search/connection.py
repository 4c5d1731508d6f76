"""Requests to a site: with a token, again where that may help, and pages of a list one after the other."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from superpixel_search.errors import CannotReach, Problem

ATTEMPTS = 5
# Busy, or asked too often, or on the way to somewhere that does not answer: all of that passes.
PASSING = {429, 502, 503, 504}
LONGEST_WAIT = 60.0
FIRST_WAIT = 0.5


class Connection:
    """Requests to the interface of one site. May be used by several threads at once.

    Parameters
    ----------
    url : str
        Of the site, with the path below which it lives.
    token : str, optional
        Not for what needs none.
    timeout : float
        In seconds, for each request.
    attempts : int
        How often a request is sent at most, while the site cannot be reached, is busy, or has been asked too often.
        Those that make something carry an `Idempotency-Key`: it is never made twice.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60, attempts: int = ATTEMPTS) -> None:
        self.url = httpx.URL(url.rstrip("/") + "/")
        self.attempts = attempts
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=True)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        file: tuple[str, bytes] | None = None,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer to a request.

        Parameters
        ----------
        method : str
        path : str
            Below `/api/v1/`, or an address that the site has told.
        params : dict, optional
            Behind the address.
        json : optional
            The body.
        file : tuple of a name and bytes, optional
            A picture, sent as the field `image` of a form.
        form : dict, optional
            Further fields beside it.
        headers : dict, optional

        Raises
        ------
        Problem
            When the site refuses.
        CannotReach
        """
        sent = {name: value for name, value in (headers or {}).items() if value}
        if method == "POST":
            sent["Idempotency-Key"] = str(uuid.uuid4())
        asked = {name: value for name, value in (params or {}).items() if value not in (None, "")}
        for attempt in range(1, self.attempts + 1):
            is_last = attempt == self.attempts
            try:
                response = self._client.request(
                    method,
                    self.address(path),
                    params=asked or None,
                    json=json,
                    files={"image": file} if file else None,
                    data=form,
                    headers=sent,
                )
            except httpx.TransportError as problem:
                if is_last:
                    raise CannotReach(f"{self.url.host} cannot be reached: {problem}") from problem
                time.sleep(_pause(attempt))
                continue
            if response.is_success:
                return response
            if is_last or not _passes(response):
                raise Problem.of(response)
            time.sleep(_pause(attempt, response.headers.get("Retry-After", "")))
        raise AssertionError("The last attempt ends in one way or the other.")

    def json(self, method: str, path: str, **request: Any) -> Any:
        """What an answer tells; None where it has no content."""
        response = self.ask(method, path, **request)
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        try:
            return response.json()
        except ValueError:
            raise CannotReach(f"{self.url} answers with something else. Is it the address of a site?") from None

    def rows(self, path: str, what: str, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """The rows of a long list, asked for page by page as they are needed."""
        for page in self.pages(path, params):
            yield from page[what]

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The pages of a long list, each asked for when it is needed."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.json("GET", path, params={**(params or {}), "cursor": cursor})
            yield page
            cursor = page["next"]

    def address(self, path: str) -> httpx.URL:
        """The whole address of a path of the interface, or of an address that the site has told."""
        if path.startswith("/"):
            return self.url.join(path)
        return self.url.join(f"api/v1/{path}")

    def close(self) -> None:
        """Close what is still open to the site."""
        self._client.close()


def _passes(response: httpx.Response) -> bool:
    """Whether the same request may be answered well in a moment."""
    # 409 with a time to wait: the same request is being answered.
    return response.status_code in PASSING or (response.status_code == 409 and "Retry-After" in response.headers)


def _pause(attempt: int, asked: str = "") -> float:
    """Seconds to wait before the next attempt: as long as the site says, else longer each time."""
    if asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    return min(FIRST_WAIT * 2.0 ** (attempt - 1), LONGEST_WAIT) * random.uniform(0.5, 1)  # nosec B311 # not a secret
