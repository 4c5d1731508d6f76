"""People at the door: requests from network addresses behind a proxy, as they come in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.test import Client
from django.urls import reverse

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

PASSWORD = "a-long-passphrase"


def at(address: str) -> Client:
    """A browser at an address; the proxy in front adds it to what the browser says itself."""
    return Client(headers={"X-Forwarded-For": f"203.0.113.77, {address}"})


def sign_in(client: Client, login: str, password: str = PASSWORD, **more: str) -> Response:
    return client.post(reverse("account_login"), {"login": login, "password": password} | more)


def is_let_in(client: Client, login: str, password: str = PASSWORD) -> bool:
    return sign_in(client, login, password).status_code == 302


def sentence(response: Response) -> str:
    """What a form says that was not taken."""
    found = re.search(r'class="errorlist[^>]*>(.*?)</ul>', response.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]*>", "", found[1]).strip() if found else ""
