"""Where a person is signed in: by allauth's rows of sessions, with a network instead of an address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from superpixel_site.clients import address_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNKNOWN_ADDRESS = "0.0.0.0"
LONGEST_USER_AGENT = UserSession._meta.get_field("user_agent").max_length
# The first that is found: browsers call themselves by the names of those that they are like.
BROWSERS = {
    "Edge": r"Edg(e|A|iOS)?/",
    "Opera": r"OPR/|Opera",
    "Samsung Internet": r"SamsungBrowser",
    "Firefox": r"Firefox/|FxiOS",
    "Chrome": r"Chrome/|Chromium/|CriOS",
    "Safari": r"Safari/",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac": "Macintosh|Mac OS X",
    "ChromeOS": "CrOS",
    "Linux": "Linux",
}


def device(user_agent: str) -> str:
    """What a person calls the device that a browser's header names.

    Examples
    --------
    >>> device("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    'Firefox on Linux'
    >>> device("curl/8.5.0")
    'An unknown browser'
    """
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    return f"{browser or 'A browser'} on {system}" if system else browser or "An unknown browser"


def _first(patterns: dict[str, str], text: str) -> str:
    return next((name for name, pattern in patterns.items() if re.search(pattern, text)), "")


def network(address: str) -> str:
    """The first address of the network that an address is in: enough to know one's own, too little to find a person.

    Examples
    --------
    >>> network("203.0.113.77"), network("2001:db8:1:2::3"), network("unix:")
    ('203.0.113.0', '2001:db8:1::', '0.0.0.0')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN_ADDRESS
    bits = 24 if known.version == 4 else 48
    return str(ipaddress.ip_network(f"{known}/{bits}", strict=False).network_address)


def note(request: HttpRequest, user: User) -> None:
    """Store that a session of a person is used, now and from here."""
    if request.session.session_key:
        used = {
            "user": user,
            "ip": network(address_of(request)),
            "user_agent": request.headers.get("User-Agent", "")[:LONGEST_USER_AGENT],
            "last_seen_at": timezone.now(),
        }
        UserSession.objects.update_or_create(session_key=request.session.session_key, defaults=used)


def sessions_of(user: User) -> list[UserSession]:
    """The sessions of a person that have not ended, the latest first."""
    going_on = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return list(UserSession.objects.filter(Exists(going_on), user=user).order_by("-last_seen_at", "-pk"))


def end(sessions: list[UserSession]) -> None:
    """End sessions: the next request by one of them is a stranger's."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in sessions:
        store.delete(session.session_key)
        session.delete()


def clear_ended() -> Iterator[None]:
    """Delete what is known of sessions that have ended."""
    stored = Session.objects.filter(session_key=OuterRef("session_key"))
    if UserSession.objects.filter(~Exists(stored)).delete()[0]:
        yield
