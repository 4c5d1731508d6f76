"""Pictures of the site for `docs/img`: the real site over a data folder of its own, with the demo collection.

    python -m docs.screenshots docs/img [--port N]

Takes a workspace with a selection, the drawer open with hits, the pop-up, the gallery, the page to sign in, and those
of an account, each 1440 and 390 pixels wide, light and dark: `workspace-1440-light.jpg` and so on; then the pages for
curators (`docs.screenshots_of_curating`), which --curating takes alone. Needs Chromium, in $CHROMIUM or on the path.
With --port the site that already runs there is shown, with the images it has, and without the pages for curators.
"""

from __future__ import annotations

import argparse
import io
import uuid
from collections.abc import Callable
from pathlib import Path

import skimage
from PIL import Image
from playwright.sync_api import Browser, Page

from docs import screenshots_of_curating
from docs.pictured_site import opened, still, until

WINDOWS = {1440: 900, 390: 844}
PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"
LEVEL = 60
# Of a JPEG, the next one where a picture would be larger than so many bytes.
QUALITIES, LARGEST = (88, 80, 72, 64), 150_000
PASSWORD = "a-long-passphrase"
# A box around the space suit, from corner to corner, as shares of the photograph's width and height.
BOX = [(0.002, 0.285), (0.3, 0.7), (0.707, 0.998)]


def workspace(page: Page) -> None:
    """A photo with a part of it selected; the later pictures go on from here."""
    page.goto("/")
    page.set_input_files("input[type=file][name=image]", PHOTOGRAPH)
    page.wait_for_url("**/photos/*/**")
    page.goto(f"{page.url.partition('?')[0]}?level={LEVEL}")
    until(page, "document.querySelector('#workspace[data-ready]')")
    still(page)
    box = page.locator("#photo").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in BOX]
    page.keyboard.down("Shift")
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=12)
    page.mouse.up()
    page.keyboard.up("Shift")
    until(page, "!document.querySelector('.anticipating')")
    page.mouse.move(0, 0)


def drawer(page: Page) -> None:
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("aside#drawer article.hit").first.wait_for()


def popup(page: Page) -> None:
    page.locator("aside#drawer article.hit a").first.click()
    page.locator("dialog#details[open] img").first.wait_for()
    page.mouse.move(0, 0)  # under the pointer the matching region would not be drawn


def gallery(page: Page) -> None:
    page.goto("/gallery/")


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")


def account(page: Page) -> None:
    """The account of a new person, with the photo from before; the later pictures are of the same."""
    page.goto("/accounts/signup/")
    page.fill("input[name=username]", f"carol-{uuid.uuid4().hex[:4]}")
    for field in ("password1", "password2"):
        page.fill(f"input[name={field}]", PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/")
    page.goto("/accounts/")


def sessions(page: Page) -> None:
    page.goto("/accounts/sessions/")


def security(page: Page) -> None:
    page.goto("/accounts/2fa/")


def export(page: Page) -> None:
    page.goto("/accounts/export/")
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_load_state("networkidle")


def deletion(page: Page) -> None:
    page.goto("/accounts/delete/")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Delete my account").wait_for()


SHOTS: dict[str, Callable[[Page], None]] = {
    "workspace": workspace,
    "drawer": drawer,
    "popup": popup,
    "gallery": gallery,
    "sign-in": sign_in,
    "account": account,
    "sessions": sessions,
    "security": security,
    "export": export,
    "deletion": deletion,
}


def take_all(browser: Browser, site: str, out: Path) -> None:
    for width, height in WINDOWS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=site,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
                has_touch=width < 720,
                is_mobile=width < 720,
            )
            page = context.new_page()
            for name, go in SHOTS.items():
                go(page)
                take(page, out / f"{name}-{width}-{scheme}.jpg")
            context.close()


def take(page: Page, file: Path) -> None:
    """What is in the window, as a file."""
    still(page)
    file.write_bytes(as_jpeg(page.screenshot()))


def as_jpeg(png: bytes) -> bytes:
    """The same picture in a fifth of the bytes; without chroma subsampling, which would blur coloured text."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
        if out.tell() < LARGEST:
            break
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--curating", action="store_true", help="the pages for curators alone")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with opened(arguments.port) as (site, data_dir, browser):
        if not arguments.curating:
            take_all(browser, site, arguments.folder)
        if data_dir:
            screenshots_of_curating.take_all(
                browser, site, data_dir, lambda page, name: take(page, arguments.folder / f"{name}.jpg")
            )


if __name__ == "__main__":
    main()
