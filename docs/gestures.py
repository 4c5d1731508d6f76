"""Counts the gestures and pages of ten tasks, played in a real browser on a running site: the table of `docs/ux.md`.

    python -m docs.gestures [--port N]

A click, a tap, a stroke, a key, a text that is typed and a file that is chosen are a gesture each; a page is a document
that the browser loads. Each task is done in the shortest way that the site offers, so the same script counts an older
site, too: start that one with the demo collection and give its port. Without --port the site of this folder is served.
Needs Chromium, in $CHROMIUM or on the path.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import skimage
from playwright.sync_api import Browser, Error, Locator, Page, expect

from docs.pictured_site import opened, until

PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"
# As shares of the photograph: in the space suit, in the flag, and under the chin.
SUIT, FLAG, MORE = (0.45, 0.8), (0.06, 0.4), (0.52, 0.62)
WIDE, PHONE, ENLARGED = (1280, 720), (390, 844), (720, 450)
MOST_TABS = 40
CALM = "!document.querySelector('.anticipating, .htmx-request, .htmx-swapping, .htmx-settling')"
# Tenths of a second.
PATIENCE = 900


class Hand:
    """What a person does on the site, counted while `counts` is set."""

    def __init__(self, browser: Browser, site: str, size: tuple[int, int] = WIDE) -> None:
        width, height = size
        self.page: Page = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
        ).new_page()
        self.gestures = self.pages = 0
        self.page.on("domcontentloaded", lambda _: self._loaded())

    def _loaded(self) -> None:
        self.pages += 1

    def begin(self) -> None:
        """From here on it counts."""
        self.gestures = self.pages = 0

    def press(self, where: Locator) -> None:
        where.first.click()
        self.gestures += 1
        self.rest()

    def key(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(name)
        self.gestures += times
        self.rest()

    def write(self, where: Locator, text: str) -> None:
        """Type where the focus has been put by a click before."""
        where.first.fill(text)
        self.gestures += 1

    def choose(self) -> None:
        self.page.set_input_files("input[type=file][name=image]", PHOTOGRAPH)
        self.gestures += 1
        self.page.wait_for_url("**/photos/*/**")
        self.ready()

    def at(self, place: tuple[float, float]) -> None:
        """Press a place of the photo."""
        self.rest()
        box = self.page.locator("#photo").bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])
        self.gestures += 1
        self.rest()

    def back(self) -> None:
        self.page.go_back()
        self.gestures += 1
        self.rest()

    def shows(self, selector: str) -> bool:
        """Whether there is such a thing, in view."""
        return self.page.locator(selector).first.is_visible()

    def ready(self) -> None:
        until(self.page, "document.querySelector('#workspace[data-ready]') !== null")
        self.rest()

    def rest(self) -> None:
        """Wait until all is answered; nothing that is on its way is pressed."""
        self.page.wait_for_timeout(250)
        for _ in range(PATIENCE):
            try:
                if self.page.evaluate(CALM):
                    return
            except Error:
                pass  # The page is on its way to another.
            self.page.wait_for_timeout(100)
        raise TimeoutError(CALM)

    def search(self) -> None:
        self.press(self.page.locator("#search"))
        self.has_hits()

    def update(self) -> None:
        """Ask for what is selected now."""
        self.press(self.page.locator("[data-update]" if self.shows("[data-update]") else "#search"))
        self.has_hits()

    def has_hits(self) -> None:
        expect(self.page.locator("#drawer article.hit").first).to_be_visible(timeout=90_000)
        self.rest()

    def uploaded(self) -> None:
        """A photo is open with something selected; nothing of it counts."""
        self.page.goto("/")
        self.choose()
        self.page.keyboard.press("c")
        self.at(SUIT)

    def asked(self) -> None:
        """And its hits are there."""
        self.uploaded()
        self.search()


def first_search(hand: Hand) -> None:
    """First visit to first search."""
    hand.begin()
    hand.page.goto("/")
    hand.rest()
    if hand.shows("#demo"):
        # The photo of the start page is live.
        hand.page.wait_for_load_state("networkidle")
        hand.press(hand.page.locator("#demo .demo-photo"))
        expect(hand.page.locator("#lifted img").first).to_be_visible(timeout=90_000)
        return
    hand.choose()
    hand.at(SUIT)
    hand.search()


def correct(hand: Hand) -> None:
    """Select a thing, add what is missing, take away a part."""
    hand.page.goto("/")
    hand.choose()
    hand.begin()
    hand.key("c")
    hand.at(SUIT)
    hand.at(FLAG)
    hand.at(FLAG)


def narrow(hand: Hand) -> None:
    """Narrow an answer to what has a tag."""
    hand.asked()
    hand.begin()
    chip = hand.page.locator("#drawer button.chip")
    if chip.count():
        hand.press(chip)
    else:
        hand.press(hand.page.locator("#drawer .filters summary"))
        field = hand.page.locator("#drawer input[name=tag]")
        hand.press(field)
        hand.write(field, "space")
        hand.key("Enter")
    hand.has_hits()


def there_and_back(hand: Hand) -> None:
    """Open a hit, select in it, come back to the hits."""
    hand.asked()
    hand.begin()
    hand.press(hand.page.locator("#drawer article.hit > a"))
    hand.press(hand.page.get_by_role("link", name="Select in this image"))
    hand.page.wait_for_url("**/photos/*/**")
    hand.ready()
    hand.back()
    hand.ready()
    if not hand.shows("#drawer:not([hidden])"):
        hand.search()
    hand.has_hits()


def yesterday(hand: Hand) -> None:
    """Find yesterday's search again, from the start page."""
    hand.asked()
    hand.page.goto("/")
    hand.rest()
    hand.begin()
    search = hand.page.locator("main a[href*='/searches/'], main a[href*='search=']").filter(
        has=hand.page.locator("img")
    )
    if not search.count():
        hand.press(hand.page.locator("nav a[href$='/searches/']"))
        search = hand.page.locator(".past-search > a")
    hand.press(search)
    hand.has_hits()


def change_and_ask_again(hand: Hand) -> None:
    """Search, see hits, select more, search again: the photo must be in reach while hits are shown."""
    hand.page.goto("/")
    hand.choose()
    hand.page.keyboard.press("c")
    hand.begin()
    hand.at(SUIT)
    hand.search()
    if not photo_is_free(hand):
        hand.press(hand.page.locator("#drawer [data-close]"))
    hand.at(MORE)
    hand.update()


def photo_is_free(hand: Hand) -> bool:
    """Whether the place to press next is under nothing else."""
    free: bool = hand.page.evaluate(
        """() => {
            const box = document.getElementById("photo").getBoundingClientRect();
            const [x, y] = [box.x + 0.52 * box.width, box.y + 0.62 * box.height];
            return box.width > 0 && document.elementFromPoint(x, y)?.closest("#stage") !== null;
        }"""
    )
    return free


def by_keyboard(hand: Hand) -> None:
    """By keyboard: look at three hits, one after the other."""
    hand.asked()
    hits = hand.page.locator("#drawer article.hit > a")
    hits.first.focus()
    hand.begin()
    hand.key("Enter")
    expect(hand.page.locator("dialog[open]")).to_be_visible()
    has_neighbours = hand.page.locator("[data-step]").count() > 0
    for number in (1, 2):
        if has_neighbours:
            hand.key("ArrowRight")
            continue
        hand.key("Escape")
        for _ in range(MOST_TABS):
            hand.key("Tab")
            if hits.nth(number).evaluate("link => link === document.activeElement"):
                break
        hand.key("Enter")
        expect(hand.page.locator("dialog[open]")).to_be_visible()


def offline(hand: Hand) -> None:
    """Offline and back: what was selected without a connection arrives."""
    hand.uploaded()
    hand.begin()
    hand.page.context.set_offline(True)
    box = hand.page.locator("#photo").bounding_box()
    assert box is not None
    hand.page.mouse.click(box["x"] + FLAG[0] * box["width"], box["y"] + FLAG[1] * box["height"])
    hand.gestures += 1
    hand.page.wait_for_timeout(1500)
    hand.page.context.set_offline(False)
    hand.rest()


def from_the_collection(hand: Hand) -> None:
    """Select in an image of the public collection."""
    hand.page.goto("/gallery/")
    hand.rest()
    hand.begin()
    if hand.page.locator(".select-here").count():
        hand.page.locator(".card").first.hover()
        hand.press(hand.page.locator(".select-here"))
    else:
        hand.press(hand.page.locator(".card > a"))
        hand.press(hand.page.get_by_role("link", name="Select in this image"))
    hand.page.wait_for_url("**/photos/*/**")
    hand.ready()


TASKS: list[tuple[str, Callable[[Hand], None], tuple[int, int]]] = [
    ("First visit to first search", first_search, WIDE),
    ("Select, add what is missing, take a part away", correct, WIDE),
    ("Narrow an answer by a tag", narrow, WIDE),
    ("Open a hit, select in it, come back to the hits", there_and_back, WIDE),
    ("Find yesterday's search from the start page", yesterday, WIDE),
    ("On a phone: search, select more, search again", change_and_ask_again, PHONE),
    ("By keyboard: look at three hits", by_keyboard, WIDE),
    ("At 200%: search, select more, search again", change_and_ask_again, ENLARGED),
    ("Offline and back", offline, WIDE),
    ("Select in an image of the collection", from_the_collection, WIDE),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int)
    parser.add_argument("--only", help="tasks whose names have this in them")
    arguments = parser.parse_args()
    with opened(arguments.port) as (site, _, browser):
        print("| task | gestures | pages |\n|---|---|---|")
        for name, task, size in TASKS:
            if not re.search(arguments.only or "", name):
                continue
            hand = Hand(browser, site, size)
            task(hand)
            print(f"| {name} | {hand.gestures} | {hand.pages} |", flush=True)
            hand.page.context.close()


if __name__ == "__main__":
    main()
