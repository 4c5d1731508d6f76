"""A live site with a small collection, and a client with a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from superpixel_search import Site

from accounts.models import ApiToken
from gallery.models import GalleryImage
from tests.gallery.conftest import add_image, add_indexed, light, two_kinds
from tests.gallery.discs import AddImage
from tests.pictures import BLUE, RED

__all__ = ["add_image", "add_indexed", "light", "two_kinds"]
WHITE = (240, 240, 240)


@pytest.fixture
def token(alice: User) -> str:
    return ApiToken.objects.make(alice, "a client", ["read", "write"], None)[1]


@pytest.fixture
def site(live_server: LiveServer, token: str) -> Iterator[Site]:
    with Site(live_server.url, token, attempts=2) as site:
        yield site


@pytest.fixture
def images(live_server: LiveServer, add_indexed: AddImage) -> list[GalleryImage]:
    return [
        add_indexed(RED, BLUE, seed=1, title="Red on blue", creator="Ada"),
        add_indexed(BLUE, WHITE, seed=2, title="Blue on white", licence="CC0"),
        add_indexed(RED, WHITE, seed=3, title="Red on white"),
    ]
