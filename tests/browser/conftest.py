"""A real Chromium in front of the real site."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

# No sandbox (it does not work for root in a container), and no word to anybody outside this machine.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module, not of the session: its event loop would be in the way of tests elsewhere that start their own."""
    from tests.browser import chromium

    path = os.environ.get("CHROMIUM") or chromium.installed()
    assert path, "The browser tests need Chromium: install one, or set CHROMIUM to its path."
    # Playwright keeps an event loop in this thread, which Django takes for a sign of asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chrome
        chrome.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def compiled() -> None:
    """No page of a test waits for a compiler, as no user's does (`manage.py warmup`)."""
    call_command("warmup", verbosity=0)


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, compiled: None) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test on any script error or refusal by the content security policy."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note(message, problems))
    yield page
    assert problems == []


def _note(message: Any, problems: list[str]) -> None:
    # A refused request (4xx) is logged as an error too, by the browser and by htmx; tests of refusals expect those.
    refused = ("the server responded with a status of 4", "Response Status Error Code 4")
    if message.type == "error" and not any(words in message.text for words in refused):
        problems.append(message.text)
