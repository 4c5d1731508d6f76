"""A page is painted once all of it has come: a row of pictures that is half there would move when the rest comes."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["library:start", "library:photos", "gallery:gallery", "gallery:searches"])
def test_a_page_waits_for_what_stands_below_its_pictures(client: Client, name: str) -> None:
    html = client.get(reverse(name)).content.decode()
    expected = re.search(r'<link rel="expect" href="#([^"]+)" blocking="render">', html)
    assert expected
    assert html.index(expected[0]) < html.index("<body")
    assert html.index("</main>") < html.index(f'id="{expected[1]}"')
