"""What the browser tests do on a workspace, and what they read off it."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Page

Pixels = npt.NDArray[np.uint8]


def upload(page: Page, file: bytes, name: str = "photo.jpg") -> None:
    """Upload on the start page and wait until the workspace follows the pointer."""
    page.goto("/")
    page.set_input_files("input[type=file][name=image]", {"name": name, "mimeType": "image/jpeg", "buffer": file})
    page.wait_for_url("**/photos/*/**")
    ready(page)


def ready(page: Page) -> None:
    page.wait_for_selector("#workspace[data-ready]", state="attached")
    until(page, "document.getElementById('photo').complete && document.getElementById('outline').complete")


def until(page: Page, expression: str) -> None:
    """Wait for a JavaScript expression to be true. Playwright's own way evaluates strings, which our CSP forbids."""
    deadline = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"waited in vain for {expression}"
        page.wait_for_timeout(20)


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the working copy is on the screen."""
    box = page.locator("#photo").bounding_box()
    assert box is not None
    width, height = page.evaluate("[photo.naturalWidth, photo.naturalHeight]")
    return box["x"] + x * box["width"] / width, box["y"] + y * box["height"] / height


def click(page: Page, x: float, y: float) -> None:
    page.mouse.click(*at(page, x, y))


def settled(page: Page) -> None:
    """Wait until every gesture has been answered."""
    until(page, "!document.querySelector('.layers.anticipating')")


def layer(page: Page, selector: str) -> Pixels:
    """The pixels of a layer, uint8 (H, W, 4), in the photo's own size."""
    words = page.evaluate(
        """async (selector) => {
            const image = document.querySelector(selector);
            if (image.decode) await image.decode();
            const canvas = document.createElement("canvas");
            canvas.width = image.naturalWidth || image.width;
            canvas.height = image.naturalHeight || image.height;
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const data = context.getImageData(0, 0, canvas.width, canvas.height);
            return [canvas.width, canvas.height, Array.from(data.data)];
        }""",
        selector,
    )
    width, height, flat = words
    return np.array(flat, np.uint8).reshape(height, width, 4)


def shown(page: Page, selector: str) -> Pixels:
    """What a person sees there, uint8 (h, w, 3)."""
    return np.asarray(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB"))


def keep(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press at one point of the working copy, move, and release at another."""
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end), steps=6)
    page.mouse.up()
