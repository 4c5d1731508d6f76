"""A slow machine and a slow network around the browser tests, as far as they differ from one moment to the next.

Used as `pytest -p tests.disturbed --disturb SEED tests/browser`: answers come up to `LATEST` seconds late, the
browser's processor is `SLOWER` times as slow, and it takes its time to go back. A test that fails then, and not
without, trusts in one thing being quicker than another; or the site does.
"""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from django.core.servers.basehttp import ServerHandler
from playwright.sync_api import Browser, BrowserContext, Page

LATEST = 0.3
# Half of the answers come as they are, as they overtake others then.
SHARE_LATE = 0.5
SLOWER = 3
SLOW_BACK = """for (const name of ["back", "forward", "go"]) {
    const as_it_is = history[name].bind(history);
    history[name] = (...given) => setTimeout(() => as_it_is(...given), Math.random() * 400);
}"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--disturb", type=int, default=0, metavar="SEED", help="What is late, and by how much.")


def pytest_configure(config: pytest.Config) -> None:
    chance = random.Random(config.getoption("--disturb"))
    run, new_context, new_page = ServerHandler.run, Browser.new_context, BrowserContext.new_page

    def late(handler: ServerHandler, application: Any) -> None:
        if chance.random() < SHARE_LATE:
            time.sleep(chance.uniform(0, LATEST))
        run(handler, application)

    def disturbed_context(browser: Browser, **options: Any) -> BrowserContext:
        context = new_context(browser, **options)
        context.add_init_script(SLOW_BACK)
        return context

    def slow_page(context: BrowserContext) -> Page:
        page = new_page(context)
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        return page

    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    patch.setattr(ServerHandler, "run", late)
    patch.setattr(Browser, "new_context", disturbed_context)
    patch.setattr(BrowserContext, "new_page", slow_page)
