"""What the browser tests do on a workspace, and what they read off it."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Error, FilePayload, FloatRect, Locator, Page, Request

from selector.models import Photo, Selection
from selector.rendering import layers
from selector.selection import gestures
from selector.selection.geometry import superpixels_at
from selector.selection.selection import Mode, SuperpixelSelection
from selector.selection.tree import cut_around, path_to_root
from selector.services import label_maps
from selector.services.photos import store_photo
from tests.browser import PATIENCE
from tests.pictures import eighths, image_file

Pixels = npt.NDArray[np.uint8]
Points = list[tuple[float, float]]
MODES: dict[str, Mode] = {"include": "include", "exclude": "exclude"}


def jpeg(name: str, data: bytes) -> FilePayload:
    """A file to choose in a form, called a JPEG whatever it is."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def upload(page: Page, file: bytes, name: str = "photo.jpg") -> None:
    """Upload on the start page and wait until the workspace follows the pointer."""
    page.goto("/")
    page.set_input_files("input[type=file][name=image]", jpeg(name, file))
    page.wait_for_url("**/photos/*/**")
    ready(page)


def ready(page: Page) -> None:
    page.wait_for_selector("#workspace[data-ready]", state="attached")
    until(page, "document.getElementById('photo').complete && document.getElementById('outline').complete")


def until(page: Page, expression: str) -> None:
    """Wait for a JavaScript expression to be true. Playwright's own way evaluates strings, which our CSP forbids."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"waited in vain for {expression}"
        page.wait_for_timeout(20)


def eventually(page: Page, look: Callable[..., object], *given: object) -> None:
    """Look until it is there: `look` asserts it of what the page shows then, or says whether it is so."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            found = look(*given)
            assert found is None or found, "waited in vain"
            return
        except (AssertionError, Error):
            # Playwright's own errors come from pages that others take the place of.
            if time.monotonic() > deadline:
                raise
        page.wait_for_timeout(50)


def resize(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    until(page, f"innerWidth === {width} && innerHeight === {height}")


def wired(page: Page) -> None:
    """Wait until scripts have run and htmx has wired what it has swapped in; no hand is as quick as these."""
    page.wait_for_load_state("domcontentloaded")
    until(page, "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')")


def box_of(locator: Locator) -> FloatRect:
    """Where an element is on the screen; it must be shown."""
    box = locator.bounding_box()
    assert box is not None, locator
    return box


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the working copy is on the screen."""
    box = box_of(page.locator("#photo"))
    width, height = page.evaluate("[photo.naturalWidth, photo.naturalHeight]")
    return box["x"] + x * box["width"] / width, box["y"] + y * box["height"] / height


def under(page: Page, client_x: float, client_y: float) -> tuple[float, float]:
    """The point of the working copy at a place on the screen."""
    (left, top), (right, bottom) = at(page, 0, 0), at(page, 1, 1)
    return (client_x - left) / (right - left), (client_y - top) / (bottom - top)


def click(page: Page, x: float, y: float) -> None:
    page.mouse.click(*at(page, x, y))


def settled(page: Page) -> None:
    """Wait until every gesture has been answered."""
    until(page, "!document.querySelector('.layers.anticipating')")


def layer(page: Page, selector: str) -> Pixels:
    """The pixels of a layer, uint8 (H, W, 4), in the photo's own size."""
    width, height, encoded = page.evaluate(
        """async (selector) => {
            const image = document.querySelector(selector);
            if (image.decode) await image.decode();
            const canvas = document.createElement("canvas");
            canvas.width = image.naturalWidth || image.width;
            canvas.height = image.naturalHeight || image.height;
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            let text = "";
            for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
            return [canvas.width, canvas.height, btoa(text)];
        }""",
        selector,
    )
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)


def shown(page: Page, selector: str) -> Pixels:
    """What a person sees there once its pictures have come, uint8 (h, w, 3).

    Masks and what scripts draw may come later still: ask `eventually` for what is to be seen.
    """
    page.locator(selector).scroll_into_view_if_needed()
    page.locator(selector).evaluate(
        "(element) => Promise.all([...element.querySelectorAll('img')].map((picture) => picture.decode()))"
    )
    return np.asarray(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB"))


def covers(page: Page, selector: str, mask: npt.NDArray[np.bool_]) -> None:
    """Wait until exactly this of a layer is drawn, bool (H, W)."""
    eventually(page, lambda: np.array_equal(layer(page, selector)[..., 3] > 0, mask))


def keep(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png")


def stroke(page: Page, *points: tuple[float, float], steps: int = 6) -> None:
    """Press at the first point, go through the others, let go at the last.

    Where they are is asked for beforehand: a button that stays down in one place for long means something else.
    """
    first, *others = [at(page, *point) for point in points]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=steps)
    page.mouse.up()


def announcements(page: Page) -> Callable[[], list[str]]:
    """Listen to the status line as a screen reader does; gives everything said so far."""
    page.evaluate(
        """() => {
            window.said = [];
            const status = document.querySelector("[role=status]");
            new MutationObserver((changes) => {
                const added = changes.some((change) => change.addedNodes.length);
                if (added && status.textContent.trim()) window.said.push(status.textContent.trim());
            }).observe(status, { childList: true, subtree: true, characterData: true });
        }"""
    )
    return lambda: list(page.evaluate("window.said"))


def public_photo(pixels: Pixels | None = None) -> Photo:
    """A photo that everyone may select on, eighths of colours by default; its superpixels are computed."""
    photo = store_photo(image_file(eighths() if pixels is None else pixels), "eighths.jpg")
    photo.is_public = True
    photo.save()
    label_maps.get_or_compute(photo)
    return photo


class Workspace:
    """A workspace in the browser, and beside it what each gesture must come to by `selector.selection.gestures`.

    Every gesture that the page sends is noted. `check` applies the ones since the last check to the expected selection
    and compares it with the layers on the screen and with the row in the database.
    """

    def __init__(self, page: Page, photo: Photo, level: int | None = 20) -> None:
        self.page, self.photo = page, photo
        self.label_map = label_maps.get_or_compute(photo)
        self.segmentation = label_maps.load(self.label_map)
        self.labels, self.tree = self.segmentation.labels, self.segmentation.hierarchy
        self.expected = SuperpixelSelection.empty(self.label_map.n_superpixels)
        self.sent: list[dict[str, str]] = []
        page.on("request", self._note)
        page.goto(photo.get_absolute_url() + (f"?level={level}" if level else ""))
        ready(page)

    def _note(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/selection/"):
            self.sent.append(dict(parse_qsl(request.post_data or "")))

    @property
    def level(self) -> int:
        return int(self.page.locator("input[name=level]").input_value())

    def set_level(self, level: int) -> None:
        self.page.locator("input[name=level]").fill(str(level))

    def middle(self, superpixel: int) -> tuple[float, float]:
        """A point well inside a superpixel: the pixel farthest from its border."""
        from scipy.ndimage import distance_transform_edt

        depth = distance_transform_edt(np.pad(self.labels == superpixel, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        return float(column) + 0.5, float(row) + 0.5

    def nodes_over(self, x: float, y: float) -> list[int]:
        """The nodes of the merge tree that hold a point, from its superpixel up to the whole photo."""
        return path_to_root(self.tree.parents, int(self.labels[int(y), int(x)]))

    def drag(self, *points: tuple[float, float], steps: int = 6) -> None:
        stroke(self.page, *points, steps=steps)

    def settle(self, count: int = 0) -> list[dict[str, str]]:
        """Wait for so many gestures and for all answers; the gestures sent since the last time, each once."""
        for number in range(count):
            # One is sent when the one before is answered: patience is with each, not with a long queue.
            eventually(self.page, lambda number: len(self._once()) > number, number)
        settled(self.page)
        new = self._once()
        self.sent.clear()
        return new

    def _once(self) -> list[dict[str, str]]:
        return list({gesture["number"]: gesture for gesture in self.sent}.values())

    def check(self, *tools: str, **fields: str) -> dict[str, str]:
        """Expect these gestures, the last with these fields, and what they come to; gives the last one."""
        new = self.settle(len(tools))
        assert [gesture["tool"] for gesture in new] == list(tools)
        assert {name: new[-1].get(name, "") for name in fields} == fields
        for gesture in new:
            self.expected = outcome(self.expected, gesture, self.label_map)
        self.shows(self.expected)
        return new[-1]

    def shows(self, expected: SuperpixelSelection) -> None:
        """The layers on the screen and the stored selection are exactly this, or will be in a moment."""
        striped = layers.tint_png(self.labels, expected.excluded, (0, 0, 0), striped=True)
        stripes = np.asarray(Image.open(io.BytesIO(striped)).convert("RGBA"))[..., 3] > 0
        covers(self.page, "#tint", expected.included[self.labels])
        covers(self.page, "#tint-excluded", stripes)
        stored = Selection.objects.get(label_map=self.label_map).superpixels
        assert np.array_equal(stored.included, expected.included)
        assert np.array_equal(stored.excluded, expected.excluded)


def points_of(gesture: dict[str, str]) -> Points:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in gesture.get("points", "").split())]


def outcome(state: SuperpixelSelection, gesture: dict[str, str], label_map: Any) -> SuperpixelSelection:
    """What a gesture comes to. The history is not known here, so it must be neither undo nor redo."""
    segmentation = label_maps.load(label_map)
    labels, tree = segmentation.labels, segmentation.hierarchy
    points, mode = points_of(gesture), MODES[gesture["mode"]]
    cut, add = tree.cut(int(gesture["level"])), not gesture.get("remove")
    if "node" in gesture:
        superpixel = int(superpixels_at(labels, points[:1])[0])
        cut = cut_around(cut, tree.parents, int(gesture["node"]), superpixel)
    colours = label_maps.mean_colours(label_map)
    tools: dict[str, Callable[[], SuperpixelSelection]] = {
        "toggle": lambda: gestures.toggle(state, labels, cut, points, mode),
        "paint": lambda: gestures.paint(state, labels, cut, points, mode, add=add),
        "cover": lambda: gestures.cover(state, labels, cut, points, mode, add=add),
        "grow": lambda: gestures.grow(state, labels, cut, points[0], mode, parents=tree.parents, colours=colours),
        "shrink": lambda: gestures.shrink(
            state, labels, points[0], mode, parents=tree.parents, cut=cut, colours=colours
        ),
        "similar": lambda: gestures.similar(
            state,
            labels,
            cut,
            points[0],
            mode,
            colours=colours,
            everywhere=bool(gesture.get("everywhere")),
        ),
        "invert": lambda: gestures.invert(state),
        "clear": lambda: gestures.clear(state),
    }
    return tools[gesture["tool"]]()
