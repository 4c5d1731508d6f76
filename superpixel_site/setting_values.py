"""Values of settings that need more than a type: each is returned as Django wants it, or refused in a sentence."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zoneinfo
from collections.abc import Iterable
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import ValidationError

# How a model may describe regions; empty for what is usual for it.
MEANING_METHODS = ("", "feature-map", "summaries", "crops", "sum")

HOST_NAME = re.compile(r"\.?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]|\*", re.IGNORECASE)
SEGMENTS = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


class WrongSetting(ImproperlyConfigured):
    """A setting that cannot be used; the value is left out where it may hold a password."""

    def __init__(self, name: str, value: object, what_is_right: str) -> None:
        shown = f" is {str(value)!r}" if value is not None else ""
        super().__init__(f"Wrong setting: {name}{shown}. {what_is_right}")


def default_data_dir(checkout: Path) -> Path:
    """`var/` in the checkout; for root a folder outside its home, one for each checkout.

    The embedded PostgreSQL refuses to run as root, so it runs as a system user of its own, who must be able to pass
    through every folder above its data. Root's home lets nobody pass, and is not opened.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return checkout / "var"
    return Path("/var/lib/superpixel_site") / hashlib.sha256(str(checkout).encode()).hexdigest()[:8]


def not_empty(name: str, value: str) -> str:
    """A value that is there: an empty one would be taken for the current folder, or for every address."""
    if not value.strip():
        raise WrongSetting(name, value, "Give it a value, or leave it out altogether.")
    return value


def writable(name: str, folder: Path) -> None:
    """Refuse a folder in which no file can be made. It need not be there yet, and nothing is left behind."""
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not there.is_dir():
        raise WrongSetting(name, folder, f"It must be a folder, but {there} is none.")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as problem:
        raise WrongSetting(name, folder, f"It must be a folder to write to: {there}: {problem.strerror}.") from None


def empty_or_long(value: str) -> None:
    """Refuse a token that can be guessed."""
    if 0 < len(value) < 16:
        raise ValidationError("Must have 16 characters at least.")


def host_names(name: str, values: Iterable[str]) -> list[str]:
    """Names that a browser may ask for, without the other parts of an address."""
    hosts = [value.strip() for value in values if value.strip()]
    for host in hosts or [""]:
        if not HOST_NAME.fullmatch(host):
            raise WrongSetting(
                name, host, "Give host names alone, without http://, port or path: www.example.org,[::1]."
            )
    return hosts


def origins(name: str, values: Iterable[str]) -> list[str]:
    """Origins as browsers send them: scheme, host, and a port that is not the usual one."""
    found = [value.strip() for value in values if value.strip()]
    for origin in found:
        if not _is_origin(origin):
            raise WrongSetting(name, origin, "Give scheme and host, without a path: https://www.example.org.")
    return found


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text.replace("://*.", "://any."))
        _ = parts.port
    except ValueError:
        return False
    bare = text.partition("://")[2]
    return parts.scheme in ("http", "https") and parts.netloc == bare.replace("*.", "any.", 1) and "@" not in bare


def proxies(name: str, values: list[str]) -> int | list[IPv4Network | IPv6Network]:
    """How many proxies are in front of the site, or the networks that they are in."""
    given = [value.strip() for value in values if value.strip()]
    if len(given) == 1 and given[0].isdecimal():
        return int(given[0])
    try:
        return [ip_network(value) for value in given]
    except ValueError:
        right = "Give how many proxies there are, or their addresses and networks: 127.0.0.1,10.0.0.0/8."
        raise WrongSetting(name, ",".join(values), right) from None


def path_prefix(name: str, value: str) -> str:
    """The path under which the site lies: empty, or with a slash before it and none after."""
    bare = value.strip().strip("/")
    prefix = f"/{bare}" if bare else ""
    if not SEGMENTS.fullmatch(prefix):
        raise WrongSetting(name, value, "Give a path of letters, digits, dots and dashes, such as /images.")
    return prefix


def cookie_name(use: str, secret_key: str, *, https: bool, path: str) -> str:
    """The name of a cookie of this site's alone: it tells sites on one host apart by their keys.

    Over HTTPS the name begins as browsers want it for a cookie that only this very host may set, over HTTPS.

    Examples
    --------
    >>> cookie_name("session", "a", https=False, path="/")
    'superpixels_session_be894c'
    >>> cookie_name("session", "a", https=True, path="/")
    '__Host-superpixels_session_be894c'
    """
    prefix = ("__Host-" if path == "/" else "__Secure-") if https else ""
    return f"{prefix}superpixels_{use}_{hashlib.sha256(b'cookies ' + secret_key.encode()).hexdigest()[:6]}"


def static_files(package: str) -> Path:
    """The static files of a package that is no app, and is not imported for them."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed.")
    return Path(spec.origin).parent / "static" / package


def time_zone(name: str, value: str) -> str:
    """The name of a time zone that is known here."""
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise WrongSetting(name, value, "Give the name of a time zone, such as Europe/Vienna.") from None
    return value


def database(name: str, parsed: dict[str, Any]) -> dict[str, Any]:
    """A PostgreSQL database as Django describes one; a server that does not answer is given up after a while."""
    if not str(parsed.get("ENGINE", "")).endswith("postgresql"):
        raise WrongSetting(name, None, "Only PostgreSQL will do: postgres://user:password@host:5432/name.")
    return parsed | {"OPTIONS": {"connect_timeout": 10, **parsed.get("OPTIONS", {})}}


def email(name: str, parsed: dict[str, Any], debug: bool) -> dict[str, Any]:
    """How e-mails are sent, as Django's settings say it. A mail server that does not answer is given up."""
    if "EMAIL_BACKEND" not in parsed:
        raise WrongSetting(name, None, "Give for example submission://user:password@mail.example.org:587.")
    if parsed["EMAIL_BACKEND"].endswith("console.EmailBackend") and not debug:
        raise WrongSetting(
            name, "console:", "It writes links that open accounts to the log: only with DEBUG. Leave EMAIL_URL out."
        )
    return parsed | {"EMAIL_TIMEOUT": parsed["EMAIL_TIMEOUT"] or 20}
