"""One request of one person to one address, and what of the answer tells something."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse

from tests.pictures import image_file
from tests.site.matrix.addresses import Address
from tests.site.matrix.light import answer_before_looking
from tests.site.matrix.world import WHOSE, World

Values = dict[str, str]
# What is sent along by POST, so that whoever may do something really does it; everything else gets an empty form.
SENT: dict[str, Callable[[Values], dict[str, Any]]] = {
    "/photos/": lambda things: {"image": SimpleUploadedFile("new.jpg", image_file())},
    "/photos/delete/": lambda things: {"photo": things["photo_id"], "confirmed": "on"},
    "/collection/add/": lambda things: {"photo": things["photo_id"]},
    "/collection/take-out/": lambda things: {"photo": things["photo_id"]},
    "/photos/<photo_id>/name/": lambda things: {"name": "Another name"},
    "/photos/<photo_id>/selection/": lambda things: {"label_map": things["label_map_id"], "points": "20,20"},
    "/photos/<photo_id>/search/": lambda things: {},
    "/gallery/<image_id>/edit/": lambda things: {"title": "Another title"},
    "/gallery/<image_id>/search/": lambda things: {"region": things["region_id"]},
    "/gallery/<image_id>/select/": lambda things: {"region": things["region_id"]},
    "/searches/<search_id>/options/": lambda things: {"balance": "50"},
    "/searches/<search_id>/feedback/": lambda things: {"forget": "on"},
    "/curating/duplicates/<pair_id>/": lambda things: {"decision": "different"},
}
# The same of the interface for programs, as JSON, by whatever method.
JSON: dict[str, Callable[[Values], dict[str, Any]]] = {
    "/api/v1/photos/<photo_id>": lambda things: {"name": "Another name"},
    "/api/v1/photos/<photo_id>/selection": lambda things: {"included": [1]},
    "/api/v1/photos/<photo_id>/selection/gestures": lambda things: {"tool": "toggle", "points": [[20, 20]]},
    "/api/v1/photos/<photo_id>/selection/anticipated": lambda things: {"tool": "object", "box": [5, 5, 90, 60]},
    "/api/v1/photos/<photo_id>/details": lambda things: {"box": [0, 0, 9, 9]},
    "/api/v1/gallery/changes": lambda things: {},
    "/api/v1/gallery/<image_id>": lambda things: {"title": "Another title"},
    "/api/v1/searches": lambda things: {},
    "/api/v1/searches/<search_id>": lambda things: {"name": "Another name"},
    "/api/v1/searches/<search_id>/feedback/<image_id>": lambda things: {
        "liked": True,
        "regions": [int(things["region_id"])],
    },
}
# Addresses that name their things in what is sent.
IN_WHAT_IS_SENT = ("/photos/delete/", "/collection/add/", "/collection/take-out/")
# The admin asks whether one is sure, and goes on when this comes back.
CONFIRMED = {"post": "yes"}
# Who asks by whole requests, through all of the site. The others ask a view itself, with little around it.
WHOLLY = ("stranger", "visitor", "user", "other_user")
# In the admin one without an account and one with; of others the view itself tells that it looks at no more of them.
WHOLLY_IN_THE_ADMIN = ("stranger", "other_user")
STAFF = ("curator", "admin")
# What is asked along in the address itself.
ASKED: dict[str, Callable[[Values], dict[str, str]]] = {
    "/photos/<photo_id>/selection/now/": lambda things: {"label_map": things["label_map_id"]},
    "/photos/<photo_id>/object/": lambda things: {
        "label_map": things["label_map_id"],
        "tool": "object",
        "points": "20,20",
    },
}
# Parameters of one name that are of different kinds at different addresses, by how the address begins.
KINDS = (
    ("/selections/", "version", "selection_version"),
    ("/admin/r/", "content_type_id", "type_id"),
    ("/admin/r/", "object_id", "photo"),
    ("/admin/auth/user/", "id", "user"),
)
# Parameters that name no thing of anybody's.
FIXED = {
    "/admin/<app_label>/": {"app_label": "selector"},
    "/admin/<url>": {"url": "nowhere"},
    "/accounts/confirm-email/<key>/": {"key": "no-such-key"},
    "/accounts/invitation/<token>/": {"token": "no-such-token"},
    "/accounts/password/reset/key/<uidb36>-<key>/": {"uidb36": "1", "key": "no-such-key"},
}
# Tokens against forged requests; other values of cookies do not matter, only that they are set.
TOKEN = re.compile(rb"\b[A-Za-z0-9]{64}\b|\b[A-Za-z0-9]{32}\b")


def values_of(address: Address, things: Values) -> Values:
    """The values of an address's parameters for these things."""
    return FIXED.get(address.name) or {name: things[_kind(address, name)] for name in address.parameters}


def _kind(address: Address, parameter: str) -> str:
    for beginning, name, kind in KINDS:
        if address.name.startswith(beginning) and parameter == name:
            return kind
    if parameter == "object_id":  # /admin/app/model/<object_id>/...
        return address.name.split("/")[3]
    return parameter


def names_things(address: Address) -> bool:
    """Whether the answer may depend on whose a thing is."""
    return address.name not in FIXED and bool(address.parameters or address.name in IN_WHAT_IS_SENT)


def kinds_of(world: World, address: Address) -> list[str]:
    """Whose things can be asked for there; "-" where an address names none."""
    if not names_things(address):
        return ["-"]
    needed = address.parameters or ("photo_id",)
    # The admin makes no difference between things of visitors and of users.
    asked = [whose for whose in WHOSE if not (address.name.startswith("/admin/") and whose == "visitor")]
    return [whose for whose in asked if all(_kind(address, name) in world.things[whose] for name in needed)]


@dataclass(frozen=True)
class Answer:
    """What comes back: in the table's words, and all of it as far as it may tell something."""

    status: str
    content: tuple[object, ...]


def ask(world: World, person: str, method: str, address: Address, whose: str) -> Answer:
    """The answer to a request that changes nothing: all is rolled back, and the person's cookies are as before."""
    things = world.things.get(whose, {})
    values = values_of(address, things)
    path = address.path(values)
    sent = _sent(method, address, things)
    mask = _mask(f"{path}?{urlencode(sent)}", path, {*values.values(), *map(str, sent.values())})
    in_the_admin = address.name.startswith("/admin/")
    wholly = method in ("GET", "POST") and person in (WHOLLY_IN_THE_ADMIN if in_the_admin else WHOLLY)
    early = answer_before_looking(path, method, "nobody")
    if early is None and in_the_admin and not wholly and person not in STAFF:
        early = answer_before_looking(path, method, "visitor" if "visitor" in person else "user")
    if early is not None:
        return _answer(early, mask)
    client = (world.clients if wholly else world.light)[person]
    before = client.cookies.output(header="", sep="\r\n")
    with transaction.atomic():
        as_json = {"content_type": "application/json"} if address.name in JSON and method != "GET" else {}
        answer = _answer(getattr(client, method.lower())(path, sent, **as_json), mask)
        transaction.set_rollback(True)
    client.cookies = SimpleCookie(before)
    return answer


def _sent(method: str, address: Address, things: Values) -> dict[str, Any]:
    """What goes along with a request, in its body or after its address."""
    if address.name in JSON and method in ("POST", "PUT", "PATCH"):
        return JSON[address.name](things)
    if method == "POST":
        if address.name in SENT:
            return SENT[address.name](things)
        return CONFIRMED if address.name.startswith("/admin/") else {}
    if method in ("GET", "HEAD") and address.name in ASKED:
        return ASKED[address.name](things)
    return {}


def _answer(response: Any, mask: Callable[[bytes], bytes]) -> Answer:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return Answer(_status(response), (response.status_code, _headers(response, mask), mask(body)))


def _status(response: HttpResponse) -> str:
    """A number; "login" where one has to sign in first, and "again" where the password is asked for once more."""
    if response.status_code != 302:
        return str(response.status_code)
    path = urlsplit(response["Location"]).path
    return {
        "/accounts/login/": "login",
        "/admin/login/": "login",
        "/accounts/reauthenticate/": "again",
        "/accounts/2fa/reauthenticate/": "again",
    }.get(path, "302")


def _mask(address: str, path: str, values: set[str]) -> Callable[[bytes], bytes]:
    """Takes out of an answer what it only repeats of the request, and tokens."""
    # The longest first: a short key may be a part of another.
    written = {form for text in (address, path) for form in (text, quote(text), quote(text, safe=""))}
    repeated = sorted({*written, *(value for value in values if len(value) > 4)}, key=len)[::-1]

    def mask(text: bytes) -> bytes:
        for value in repeated:
            text = text.replace(value.encode(), b"<asked>")
        return TOKEN.sub(b"<token>", text)

    return mask


# Of the moment, of the length of what is repeated, or of how often one has asked.
VARYING = ("Content-Length", "Date", "Expires", "RateLimit-Remaining", "RateLimit-Reset")


def _headers(response: HttpResponse, mask: Callable[[bytes], bytes]) -> tuple[object, ...]:
    sent = {name: mask(value.encode()) for name, value in response.items() if name not in VARYING}
    cookies = {name: {**cookie, "expires": ""} for name, cookie in response.cookies.items()}
    return tuple(sorted(sent.items())), tuple(sorted((name, str(cookie)) for name, cookie in cookies.items()))
