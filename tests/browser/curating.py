"""What the browser tests do as a curator: signing in, and captions out and in as CSV."""

from __future__ import annotations

import csv
import io

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, Page

IMAGES = "/admin/gallery/galleryimage/"
Rows = list[dict[str, str]]


def sign_in(context: BrowserContext, user: User, address: str) -> None:
    client = Client()
    client.force_login(user)
    for name, cookie in client.cookies.items():
        context.add_cookies([{"name": name, "value": cookie.value, "url": address}])


def take_out(page: Page) -> Rows:
    """The images that the list of the admin shows, as its CSV file has them."""
    page.get_by_role("link", name="Export").click()
    page.locator("[name=format]").select_option(label="csv")
    with page.expect_download() as download:
        page.get_by_role("button", name="Submit").click()
    return list(csv.DictReader(download.value.path().open()))


def bring_in(page: Page, rows: Rows) -> None:
    """Give a CSV file to the admin, which then shows what would change."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    page.goto(f"{IMAGES}import/")
    page.set_input_files(
        "[name=import_file]", {"name": "images.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    )
    page.get_by_role("button", name="Submit").click()
