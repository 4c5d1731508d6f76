"""Whatever is sent to any address, in any method: it is refused or understood, never an error of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from selector.models import Photo
from selector.people import Person
from selector.services import label_maps
from tests.gallery.discs import AddImage, SearchOf

# What forms, lists, sign-in and the admin read, somewhere.
FIELDS = re.findall(
    r"\S+",
    """
    page tag mine region drawer also full kept like dislike forget shown balance apart words licence creator first last
    drop_filters label_map tool mode level points tab number shown_width at.x at.y version background crop size photo
    confirmed stay name title description source_url taken tags username email login password next q o p all e action
    preset same_thing search checked begun
    index _selected_action status__exact id__exact key code
    """,
)
# As they stand in an address: a NUL, an endless number, one too large for a column, half of a letter, a long word.
BAD_VALUES = ("%00", "x%00y", "9" * 5000, str(2**63), "-1", "%ff%fe", "%ed%a0%80", "x" * 300, "1e309", "nan,nan")
BAD_PARTS = {
    "int": (str(2**31), str(2**63), "9" * 5000),
    "slug": ("x" * 500,),
    "str": ("%00", "x" * 500, "9" * 5000, "%ff"),
}
FORM = "application/x-www-form-urlencoded"
BAD_TYPES = (
    f"{FORM}; charset=klingon",
    f"{FORM}; charset=rot13",
    "multipart/form-data",
    "multipart/form-data; boundary=a; charset=klingon",
    "multipart/form-data; boundary=a",
    "; ;;",
)
NAMED = '--a\r\nContent-Disposition: form-data; name="image"; filename{}\r\nContent-Type: {}\r\n\r\nx\r\n--a--\r\n'
PARTS = (
    NAMED.format("*=klingon''x", "image/jpeg"),
    NAMED.format('="x\0.jpg"', "image/jpeg"),
    NAMED.format('="x.jpg"', "text/plain; charset=klingon"),
    NAMED.replace("; filename{}", "").format("text/plain; charset=klingon"),
)
BROKEN_BODY = b'--a\r\nContent-Disposition: form-data; name="image"; filename="\x00"\r\n\r\n\x00'


def routes(resolver: Any = None, before: str = "") -> Iterator[str]:
    """All addresses of the site, with `<kind:name>` where they vary."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern):
            named = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<str:\1>", route)
            yield re.sub(r"[\^$\\]|\\Z|/\?", "", named)


def addresses(route: str, known: dict[str, str]) -> Iterator[str]:
    """A route with values that it takes, then with a bad one in each place."""
    places = re.findall(r"<(?:(\w+):)?(\w+)>", route)
    values = {name: known.get(name, "1") for _, name in places}
    yield filled(route, values)
    for kind, name in places:
        for bad in BAD_PARTS.get(kind or "str", ()):
            yield filled(route, values | {name: bad})


def filled(route: str, values: dict[str, str]) -> str:
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda place: values[place[1]], route)


@pytest.fixture
def client(alice: User) -> Client:
    """Alice, who may use the admin as well."""
    User.objects.update(is_staff=True, is_superuser=True)
    return signed_in(alice)


def signed_in(person: User) -> Client:
    made = Client(raise_request_exception=False)
    made.force_login(person)
    return made


# No worker runs here, so the site is not ready, which is a 503.
ROUTES = sorted({route for route in routes() if "logout" not in route and route != "readyz"})


@pytest.mark.django_db
def test_no_address_and_no_form_is_an_error_of_the_server(
    client: Client, photo: Photo, alice: User, add_indexed: AddImage, search_of: SearchOf
) -> None:
    image = add_indexed(owner=alice)
    known = {
        "photo_id": str(photo.pk),
        "label_map_id": str(label_maps.get_or_compute(photo).pk),
        "image_id": str(image.pk),
        "region_id": str(image.regions.latest("pk").pk),
        "search_id": str(search_of(photo, Person(user=alice)).pk),
        "object_id": str(image.pk),
    }
    errors = set()

    def send(method: str, path: str, body: bytes | str = "", kind: str = FORM, query: str = "") -> None:
        for _ in range(5):
            status = client.generic(method, path, body, kind, QUERY_STRING=query).status_code
            if status != 503:  # which a machine that is busy with other tests may answer; it asks to come back
                break
        if status >= 500:
            errors.add((method, path, str(body or query)[:20], kind))

    for route in ROUTES:
        good, *bad = addresses(route, known)
        is_ours = not route.startswith(("admin/", "accounts/"))
        for path in bad:
            send("GET", path)
        for value in BAD_VALUES if is_ours else BAD_VALUES[:1]:
            given = "&".join(f"{field}={value}" for field in FIELDS)
            send("GET", good, query=given)
            send("POST", good, given)
        for kind in BAD_TYPES if is_ours else BAD_TYPES[:1]:
            send("POST", good, BROKEN_BODY, kind)
        for part in PARTS if is_ours else PARTS[:1]:
            send("POST", good, part, "multipart/form-data; boundary=a")
            send("POST", good, part, "multipart/form-data; boundary=a; charset=utf-16")
    assert len(ROUTES) > 60 and errors == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.MESSAGES_COOKIE_NAME, "sessionid"],
    ids=["session", "csrf", "messages", "former session"],
)
@pytest.mark.parametrize(
    "value",
    ["\0" * 40, "x" * 5000, "\xff" * 40, "%00" * 40, '"' + r"\000" * 40 + '"'],
    ids=["NUL", "endless", "Latin", "as in an address", "as in a cookie"],
)
def test_no_cookie_is_an_error_of_the_server(photo: Photo, name: str, value: str) -> None:
    for path in ("/", "/photos/", photo.get_absolute_url()):
        visitor = Client(raise_request_exception=False)
        assert visitor.get(path, headers={"Cookie": f"{name}={value}"}).status_code < 500


@pytest.mark.django_db
def test_what_cannot_be_read_is_told_in_a_sentence(alice_client: Client) -> None:
    for answer in (
        alice_client.get("/gallery/", QUERY_STRING="tag=%00"),
        alice_client.get("/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}=" + "\0" * 40}),
        alice_client.generic("POST", "/photos/", b"name=x", f"{FORM}; charset=klingon"),
        alice_client.generic("POST", "/photos/", b"x=1&" * 2000, FORM),
    ):
        assert answer.status_code == 400
        assert "The server did not understand what the browser sent." in answer.content.decode()
