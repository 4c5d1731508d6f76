"""Pictures of the pages for curators, for the guide in `docs/curating.md`: taken by `docs.screenshots`.

A curator adds an archive with a manifest, somebody offers two photos, and the real worker indexes and finds copies.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import skimage
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page

from benchmarks.served_site import ROOT

Picture = Callable[[Page], None]
PASSWORD = "a-long-passphrase"
FOLDER = Path(skimage.__file__).parent / "data"
IMAGES = "/admin/gallery/galleryimage/"
# All of these are free of rights.
ADDED = ("brick.png", "camera.png", "clock_motion.png", "coins.png", "gravel.png", "moon.png")
MANIFEST = """path,title,description,tags,creator,licence,date
brick.png,A wall of bricks,,"wall; texture",Rob Tuytel,CC0,2017-03-02
camera.png,The photographer,A man with a camera on a tripod,"person; camera",Lav Varshney,CC0,2020-01-15
clock_motion.png,A clock that was moved,,"clock; blurred",Stefan van der Walt,Public domain,2014-09-21
coins.png,Coins from Pompeii,Greek coins on a dark ground,"coin; museum",Brooklyn Museum,Public domain,1931-05-01
coffee-small.jpg,A cup of coffee,,"cup; table",,CC0,
gravel.png,Gravel,,"stone; texture",Rob Tuytel,CC0,2017-03-04
moon.png,The surface of the moon,,"moon; space",,Public domain,1966-11-24
"""
OFFERED = {
    "motorcycle_left.png": ("A motorcycle in a workshop", "motorcycle, workshop"),
    "grass.png": ("A lawn from above", "grass, texture"),
}
PAGES = {
    "curating-offers": "/curating/offers/",
    "curating-duplicates": "/curating/duplicates/",
    "curating-health": "/curating/health/",
    "curating-list": f"{IMAGES}?where=public",
    "curating-add": "/curating/add/",
    "curating-tasks": "/curating/tasks/",
}


def take_all(browser: Browser, site: str, data_dir: str, take: Callable[[Page, str], None]) -> None:
    """Take every page wide and light, and on a phone in the dark.

    Parameters
    ----------
    browser : Browser
    site : str
        The address of a site that serves `data_dir`, with the demo collection.
    data_dir : str
    take : callable
        What takes a page, by a name without the ending.
    """
    with working(data_dir):
        curator = signed_up(browser, site, "carol")
        manage(data_dir, "curator", "carol")
        offer(signed_up(browser, site, "dave").pages[0])
        add(curator.pages[0])
        cookies = curator.cookies()
        for width, height, scheme in ((1440, 900, "light"), (390, 844, "dark")):
            context = browser.new_context(
                base_url=site,
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
                is_mobile=width < 720,
                has_touch=width < 720,
            )
            context.add_cookies(cookies)  # type: ignore[arg-type]
            page = context.new_page()
            for name, go in pictures().items():
                go(page)
                take(page, f"{name}-{width}-{scheme}")
            context.close()


def pictures() -> dict[str, Picture]:
    """How each picture is come to, by its name."""
    plain = {name: opener(address) for name, address in PAGES.items()}
    return plain | {"curating-task": task, "curating-image": image, "curating-import": preview}


def opener(address: str) -> Picture:
    def go(page: Page) -> None:
        page.goto(address)

    return go


def task(page: Page) -> None:
    """The files of the import."""
    page.goto("/curating/tasks/")
    page.get_by_role("link", name="museum.zip").click()
    page.locator("#task table").wait_for()


def image(page: Page) -> None:
    """One image whose title was corrected."""
    page.goto(f"{IMAGES}?q=photographer")
    title = page.locator("[name=form-0-title]")
    title.fill("The photographer" if title.input_value() != "The photographer" else "The photographer, 1978")
    page.get_by_role("button", name="Save").click()
    page.locator("#result_list a:has(img)").first.click()


def preview(page: Page) -> None:
    """What a CSV file would change."""
    page.goto(f"{IMAGES}?where=public&q=texture")
    keys = page.locator("[name=_selected_action]").evaluate_all("all => all.map((one) => one.value).reverse()")
    titles = ("A wall of red bricks", "Gravel of a path")
    rows = "".join(f"{key},{title},CC BY 4.0\n" for key, title in zip(keys, titles, strict=False))
    page.goto(f"{IMAGES}import/")
    page.set_input_files("[name=import_file]", file("captions.csv", ("id,title,licence\n" + rows).encode()))
    page.get_by_role("button", name="Submit").click()
    page.locator(".import-preview").wait_for()


def signed_up(browser: Browser, site: str, name: str) -> BrowserContext:
    """A new person, on a page of their own."""
    context = browser.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/accounts/signup/")
    page.fill("input[name=username]", name)
    for field in ("password1", "password2"):
        page.fill(f"input[name={field}]", PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/")
    return context


def offer(page: Page) -> None:
    """Offer photos to the collection."""
    for name, (title, tags) in OFFERED.items():
        page.goto("/")
        page.set_input_files("input[type=file][name=image]", FOLDER / name)
        page.wait_for_url("**/photos/*/**")
        page.goto(f"{page.url.partition('?')[0]}offer/")
        page.fill("[name=title]", title)
        page.fill("[name=tags]", tags)
        page.fill("[name=creator]", "Dave Example")
        page.fill("[name=licence]", "CC0")
        page.get_by_label("I may publish it").check()
        page.get_by_role("button", name="Offer it").click()
        page.wait_for_load_state("networkidle")


def add(page: Page) -> None:
    """Add an archive, and wait until all of it is indexed and compared."""
    page.goto("/curating/add/")
    page.fill("[name=tags]", "gift of 2026")
    page.set_input_files("#upload", file("museum.zip", archive()))
    wait_until(page, "/curating/tasks/", lambda: page.locator("#tasks .badge").first.inner_text().lower() == "done")
    wait_until(page, "/curating/duplicates/", lambda: not page.get_by_text("not been compared").count())


def wait_until(page: Page, address: str, is_so: Callable[[], bool]) -> None:
    """Open a page again and again until it says what it should."""
    deadline = time.monotonic() + 120
    page.goto(address)
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(address)
        page.wait_for_timeout(500)
        page.goto(address)


def archive() -> bytes:
    """Pictures with a manifest; among them a copy of one of the demo, and what is none."""
    out = io.BytesIO()
    small = io.BytesIO()
    with Image.open(FOLDER / "coffee.png") as coffee:
        coffee.convert("RGB").resize((coffee.width // 2, coffee.height // 2)).save(small, "JPEG", quality=70)
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("manifest.csv", MANIFEST)
        made.writestr("coffee-small.jpg", small.getvalue())
        made.writestr("letter.jpg", "Dear Sir, here are the pictures that we spoke of.")
        made.writestr("Thumbs.db", "small copies")
        for name in ADDED:
            made.write(FOLDER / name, name)
    return out.getvalue()


def file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def environment(data_dir: str) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": data_dir, "MEANING_ENABLED": "false", "LOG_LEVEL": "ERROR"}


def manage(data_dir: str, *command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment(data_dir), check=True)


@contextmanager
def working(data_dir: str) -> Iterator[None]:
    """A worker runs until the block ends."""
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment(data_dir))
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(timeout=30)
