"""A real Chromium in front of the real site."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser import PATIENCE

if TYPE_CHECKING:
    from django.contrib.auth.models import User
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
expect.set_options(timeout=1000 * PATIENCE)


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


@pytest.fixture(scope="session")
def at_work() -> Iterator[set[int]]:
    """The threads of servers that are answering a request just now."""
    threads: set[int] = set()

    def begin(**_: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            threads.add(threading.get_ident())

    def end(**_: object) -> None:
        threads.discard(threading.get_ident())

    request_started.connect(begin)
    request_finished.connect(end)
    yield threads
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, compiled: None) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def curator(page: Page, bob: User, live_server: LiveServer) -> Page:
    """The page of a curator who is signed in."""
    from accounts.signing_in.roles import make_curator
    from tests.browser.curating import sign_in

    make_curator(bob)
    sign_in(page.context, bob, live_server.url)
    # The admin's pages name no icon, and browsers ask for one all the same.
    page.context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    return page


# What the browser itself and htmx write when the server refuses a request, and when it cannot be reached.
REFUSED = ("the server responded with a status of 4", "Response Status Error Code 4")
UNAVAILABLE = ("the server responded with a status of 503", "Response Status Error Code 503")
UNREACHABLE = ("net::ERR_", "htmx:sendError", "htmx:afterRequest")
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`);
});"""


@pytest.fixture
def expected() -> list[str]:
    """Words of the messages that this test brings about on purpose."""
    return []


@pytest.fixture
def expects_refusal(expected: list[str]) -> None:
    """For tests in which the server is to refuse something."""
    expected.extend(REFUSED)


@pytest.fixture
def expects_unavailable(expected: list[str]) -> None:
    """For tests in which the server says that it cannot do something just now."""
    expected.extend(UNAVAILABLE)


@pytest.fixture
def expects_bad_network(expected: list[str]) -> None:
    """For tests that break the connection to the server."""
    expected.extend(UNREACHABLE)


@pytest.fixture(autouse=True)
def nothing_goes_wrong(
    browser: Browser, expected: list[str], at_work: set[int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Every page, in whatever window, fails its test by an error on it or by what its security policy forbids."""
    problems: list[str] = []
    opened: list[BrowserContext] = []
    new_context = browser.new_context

    def watched_context(**options: Any) -> BrowserContext:
        context = new_context(**options)
        opened.append(context)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on("console", lambda message: _note(message, problems))
        return context

    monkeypatch.setattr(browser, "new_context", watched_context)
    monkeypatch.setattr(browser, "new_page", lambda **options: watched_context(**options).new_page())
    yield
    for context in opened:
        context.close()
    # What is being answered still would write into the database of the next test.
    deadline = time.monotonic() + PATIENCE
    while at_work and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [problem for problem in problems if not any(words in problem for words in expected)] == []


def _note(message: ConsoleMessage, problems: list[str]) -> None:
    if message.type == "error":
        problems.append(message.text)
