"""A token for a program, made in a real browser."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.curating import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_is_made_copied_and_revoked(page: Page, alice: User, live_server: LiveServer) -> None:
    sign_in(page.context, alice, live_server.url)
    page.goto("/accounts/")
    page.get_by_role("main").get_by_role("link", name="Tokens For programs").click()
    page.get_by_label("Name").fill("Notebook")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_label("It is shown this once")).to_have_value(re.compile(r"^superpixel_"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("The token is copied.")).to_be_visible()
    page.get_by_role("button", name="Revoke Notebook").click()
    expect(page.get_by_role("status")).to_have_text("The token “Notebook” is revoked.")
    expect(page.get_by_text("You have none.")).to_be_visible()
