"""What describes the interface for programs, in a real browser and under our security policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import workspace as ws

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_documentation_is_readable(page: Page, tmp_path: Path) -> None:
    page.goto("/api/docs")
    expect(page.get_by_text("Cut an image into superpixels")).to_be_visible()
    page.get_by_text("Cut an image into superpixels").click()
    expect(page.get_by_text("No account is needed").first).to_be_visible()
    ws.keep(page, tmp_path, "docs")
