"""Asking and answering, in a real browser: where a thing is found, what moves an answer, and what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import call_command
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django import Settings

from gallery.collection import demo
from gallery.collection.importing import Details, add_public
from gallery.models import Feedback, GalleryImage, Search
from selector.models import Selection
from selector.rendering import highlights
from tests.browser import workspace as ws
from tests.models import use
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file
from tests.textures import set_into, texture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]
Box = tuple[float, float, float, float]


def open_in_selector(page: Page, image: GalleryImage, level: int = 8) -> None:
    page.goto(image.photo.get_absolute_url())
    ws.ready(page)
    page.locator("input[name=level]").fill(str(level))


def search(page: Page) -> Locator:
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#drawer article.hit").first).to_be_visible()
    ws.wired(page)
    # What is only loosely alike, too; the focus stays where it is.
    page.evaluate("() => { const loose = document.getElementById('loose'); if (loose) loose.open = true; }")
    return page.locator("#drawer article.hit")


def titles(page: Page) -> list[str]:
    """Of all hits, shown or not: what is only loosely alike may be folded away."""
    return [title.strip() for title in page.locator("#drawer .hit > a .title").all_text_contents()]


def has_titles(page: Page, expected: list[str]) -> None:
    """Wait until these are the hits, whatever their order."""
    ws.eventually(page, lambda: sorted(titles(page)) == sorted(expected))


def layer_of(page: Page, hit: Locator) -> npt.NDArray[np.bool_]:
    """Where the region of a hit is drawn, bool (h, w): clear inside, veiled outside."""
    hit.scroll_into_view_if_needed()
    hit.locator("img.highlight").evaluate("image => { image.loading = 'eager'; image.dataset.looked = ''; }")
    alpha = ws.layer(page, "img[data-looked]")[..., 3]
    hit.locator("img.highlight").evaluate("image => image.removeAttribute('data-looked')")
    drawn: npt.NDArray[np.bool_] = alpha != highlights.VEIL_ALPHA
    return drawn


def centre_is_in(drawn: np.ndarray, box: Box) -> bool:
    """Whether the middle of what is drawn lies in a box, given in shares of the picture."""
    rows, columns = np.nonzero(drawn)
    x, y = columns.mean() / drawn.shape[1], rows.mean() / drawn.shape[0]
    left, top, right, bottom = box
    return bool(left <= x <= right and top <= y <= bottom)


# The demo collection


@pytest.fixture
def demo_collection(settings: Settings) -> dict[str, GalleryImage]:
    settings.N_SUPERPIXELS = 300
    call_command("load_demo", verbosity=0)
    call_command("index_gallery", verbosity=0)
    return {image.title: image for image in GalleryImage.objects.select_related("photo")}


def test_the_cat_is_found_in_other_pictures_and_where_it_is(
    page: Page, demo_collection: dict[str, GalleryImage]
) -> None:
    left, top, right, bottom = cat = demo.BY_FILE["chelsea.png"].thing
    chelsea = demo_collection["Chelsea the cat"]
    open_in_selector(page, chelsea, 100)
    page.keyboard.press("r")
    ws.stroke(page, (left * 451, top * 300), (right * 451, bottom * 300))
    ws.settled(page)
    hits = search(page)
    # The cropped image is nothing but the thing. A whole image is never outlined: what is, is a good part of it.
    cropped = titles(page).index("Chelsea the cat, cropped")
    assert layer_of(page, hits.nth(cropped)).mean() > 0.25
    boxes = {
        "Chelsea the cat, cropped": (0, 0, 1, 1),
        "Chelsea the cat, mirrored": (1 - right, top, 1 - left, bottom),
        "Falcon 9 before the launch of DSCOVR, small in another picture": cat,
        "Chelsea the cat, small in another picture": set_in_box(demo.BY_FILE["chelsea.png"]),
    }
    assert set(titles(page)[:4]) == set(boxes)
    for number, title in enumerate(titles(page)[:4]):
        assert centre_is_in(layer_of(page, hits.nth(number)), boxes[title]), title


def set_in_box(photograph: demo.Photograph) -> Box:
    """Where a thing is that was put, small, into the picture of another."""
    host, thing = (demo.opened(demo.installed_photographs(), file) for file in (photograph.host, photograph.file))
    thing = demo.cropped(photograph, thing, thing)
    side = round(demo.SET_IN_SIDE * max(host.size))
    thing.thumbnail((side, side))
    (left, top), (width, height) = photograph.place, thing.size
    return left, top, left + width / host.width, top + height / host.height


# The very thing


def test_the_same_thing_is_looked_for_point_by_point(
    page: Page, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = texture(1, 200, 150)
    thing = photo[30:120, 50:160]
    there = set_into(texture(8, 220, 170), thing, (90, 60), scale=0.8, mirrored=True)
    for title, pixels in {"there": there, "one": texture(5, 200, 150), "another": texture(6, 200, 150)}.items():
        add_public(image_file(pixels, quality=92), f"{title}.jpg", Details(title=title))
    index()
    ws.upload(page, image_file(photo, quality=95), "question.jpg")
    page.keyboard.press("r")
    ws.stroke(page, (55, 35), (155, 115))
    ws.settled(page)
    search(page)
    page.get_by_text("The same thing", exact=True).click()
    # The first answer is there meanwhile; the checked one takes its place by itself.
    first = page.locator("#drawer .hit").first
    expect(first.locator(".same")).to_contain_text("matching points", timeout=60_000)
    expect(first.locator(".title")).to_have_text("there")
    expect(page.locator("#checking")).to_contain_text("1 shows the same thing")
    expect(page.locator("#drawer .hit .same")).to_have_count(1)
    assert Search.objects.get().options == {"preset": "thing"}
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        ws.keep(page, tmp_path, f"same-thing-{width}")
    first.locator("a").click()
    points = page.locator("#points")
    expect(points.locator("figcaption")).to_contain_text("mirrored")
    expect(points.locator("image")).to_have_count(2)
    ws.keep(page, tmp_path, "points-390")
    page.set_viewport_size({"width": 1440, "height": 900})
    ws.keep(page, tmp_path, "points-1440")


# A collection of discs


SEA, SAND, NIGHT, MOSS = (20, 90, 120), (200, 180, 140), (15, 15, 25), (70, 90, 40)


def discs(ground: tuple[int, int, int], *placed: tuple[tuple[int, int, int], int, int], radius: int = 32) -> np.ndarray:
    """Discs of some colours on a ground, 240 x 160, with a little noise."""
    y, x = np.mgrid[:160, :240]
    picture = np.empty((160, 240, 3), np.uint8)
    picture[:] = ground
    for colour, across, down in placed:
        picture[(x - across) ** 2 + (y - down) ** 2 < radius**2] = colour
    noise = np.random.default_rng(len(placed)).integers(-6, 7, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def add(db: None) -> Callable[..., GalleryImage]:
    """Adds an image of discs to the collection; `index_gallery` indexes it."""

    def add(title: str, ground: tuple[int, int, int], *placed: Any, quality: int = 92, **details: Any) -> GalleryImage:
        data = image_file(discs(ground, *placed), quality=quality)
        return add_public(data, f"{title}.jpg", Details(title=title, **details))[0]

    return add


def index() -> None:
    call_command("index_gallery", verbosity=0)


def add_three_pages(add: Callable[..., GalleryImage], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fourteen images, six of which are a page."""
    monkeypatch.setattr("gallery.search.answers.PAGE", 6)
    colours = (RED, GREEN, BLUE, YELLOW)
    for number in range(14):
        add(f"image {number}", (SEA, NIGHT, MOSS)[number % 3], (colours[number % 4], 45 + 11 * number, 50 + 4 * number))


def ask_for_the_red_disc(page: Page) -> Locator:
    ws.upload(page, image_file(discs(SAND, (RED, 60, 50))), "question.jpg")
    page.locator("input[name=level]").fill("8")
    expect(page).to_have_url(re.compile("level=8"))
    ws.click(page, 60, 50)
    ws.settled(page)
    return search(page)


@pytest.fixture
def warm_and_cold(add: Callable[..., GalleryImage]) -> None:
    add("red", SEA, (RED, 80, 80), tags=("warm",), creator="Painter")
    add("green", SEA, (GREEN, 150, 60), tags=("cold",))
    add("blue", NIGHT, (BLUE, 90, 70), tags=("cold",))
    add("yellow", MOSS, (YELLOW, 120, 90), tags=("warm",))
    index()


def test_likes_and_filters_move_the_answer(page: Page, warm_and_cold: None) -> None:
    ask_for_the_red_disc(page)
    before = titles(page)
    assert before[0] == "red" and len(before) == 4

    # What is liked moves up, at once; the focus stays; the same click takes it back.
    last = before[-1]
    like = page.get_by_role("button", name=f"More like {last}")
    like.focus()
    page.keyboard.press("Enter")
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like).to_be_focused()
    ws.eventually(page, lambda: titles(page).index(last) < 3)
    assert Feedback.objects.get().liked
    like.click()
    expect(like).to_have_attribute("aria-pressed", "false")
    ws.eventually(page, lambda: titles(page) == before)
    assert not Feedback.objects.exists()

    # A filter narrows; one that leaves nothing says so and can be dropped.
    drawer = page.locator("aside#drawer")
    drawer.get_by_text("Filters", exact=True).click()
    expect(page.locator("#tag_choices option")).to_have_count(2)
    drawer.get_by_label("Tag").fill("cold")
    page.keyboard.press("Enter")
    expect(drawer.locator(".sentence")).to_contain_text("tagged “cold”")
    has_titles(page, ["blue", "green"])
    drawer.get_by_label("Creator").fill("nobody")
    page.keyboard.press("Tab")
    expect(drawer.locator(".sentence")).to_have_text("No image passes the filters: tagged “cold”, by nobody.")
    drawer.get_by_role("button", name="Search without the filters").click()
    expect(drawer.locator("article.hit")).to_have_count(4)
    expect(drawer.get_by_label("Tag")).to_be_hidden()


def test_controls_are_kept_when_more_is_selected_and_the_history_has_both_searches(
    page: Page, warm_and_cold: None
) -> None:
    ask_for_the_red_disc(page)
    drawer = page.locator("aside#drawer")
    page.get_by_role("button", name="Less like red").click()
    expect(page.get_by_role("button", name="Less like red")).to_have_attribute("aria-pressed", "true")

    # Searching for more keeps the controls; the history has both questions, and what was said about them.
    drawer.get_by_text("Filters", exact=True).click()
    drawer.get_by_label("Tag").fill("warm")
    page.keyboard.press("Enter")
    expect(drawer.locator("article.hit")).to_have_count(2)
    ws.click(page, 30, 140)
    ws.settled(page)
    search(page)
    has_titles(page, ["red", "yellow"])
    drawer.get_by_role("link", name="All my searches").click()
    expect(page.locator(".searches .card")).to_have_count(2)
    expect(page.locator(".searches .card").nth(1)).to_contain_text("tagged “warm”, 1 judged")
    page.locator(".searches .card a").nth(1).click()
    expect(page.get_by_role("button", name="Less like red")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    page.get_by_role("button", name="Delete the search").first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.reload()
    expect(page.locator(".searches .card")).to_have_count(1)
    assert Search.objects.kept().count() == 1


def test_more_follow_on_scrolling_without_repeats_and_copies_share_a_place(
    page: Page, add: Callable[..., GalleryImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_three_pages(add, monkeypatch)
    add("saved again", SEA, (RED, 45, 50), quality=70)
    index()
    hits = ask_for_the_red_disc(page)
    expect(hits).to_have_count(6)
    expect(page.locator("#drawer .copies")).to_have_count(1)
    page.get_by_text("1 copy", exact=True).click()
    expect(page.locator("#drawer .copies a")).to_be_visible()
    # Somebody adds a better match, and another image goes, before the next page comes.
    add("new", SAND, (RED, 70, 60))
    index()
    shown = set(titles(page))
    gone = next(image for image in GalleryImage.objects.exclude(title__in=[*shown, "new", "saved again", "image 0"]))
    gone.delete()
    for expected in (11, 13):
        page.locator("#drawer").evaluate("drawer => { drawer.scrollTop = drawer.scrollHeight; }")
        expect(hits).to_have_count(expected)
    everything = {f"image {number}" for number in range(14)} - {gone.title}
    found = titles(page)
    assert len(found) == len(set(found)) == 13
    assert {title.replace("saved again", "image 0") for title in found} == everything


def test_two_things_are_asked_for_one_by_one(page: Page, add: Callable[..., GalleryImage]) -> None:
    add("red alone", SEA, (RED, 80, 80))
    add("green alone", SEA, (GREEN, 160, 70))
    add("both", NIGHT, (RED, 60, 60), (GREEN, 180, 100))
    add("neither", MOSS, (BLUE, 100, 80))
    index()
    ws.upload(page, image_file(discs(SAND, (RED, 60, 50), (GREEN, 180, 110))), "question.jpg")
    page.locator("input[name=level]").fill("8")
    ws.click(page, 60, 50)
    ws.click(page, 180, 110)
    ws.settled(page)
    hits = search(page)
    page.get_by_text("As 2 separate parts").click()
    expect(hits.first).to_contain_text("both")
    expect(hits.first.locator("img.highlight")).to_have_attribute("src", re.compile("also="))
    ws.wired(page)
    drawn = layer_of(page, hits.first)
    across = drawn.shape[1] / 240
    assert drawn[round(60 * across), round(60 * across)] and drawn[round(100 * across), round(180 * across)]
    assert not drawn[round(80 * across), round(120 * across)]
    hits.first.locator(".why summary").click()
    expect(hits.first.locator(".why")).to_contain_text("Part 2")


def test_the_drawer_and_the_popup_work_by_keyboard(page: Page, add: Callable[..., GalleryImage]) -> None:
    red = add("red", SEA, (RED, 80, 80), tags=("warm",))
    add("blue", NIGHT, (BLUE, 90, 70))
    index()
    hits = ask_for_the_red_disc(page)
    expect(page.locator("#drawer h2")).to_be_focused()

    # A hit opens the pop-up: the focus goes in, and back when Escape closes it.
    hits.first.locator("a").first.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#details")
    expect(dialog).to_be_visible()
    ws.until(page, "document.getElementById('details').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(hits.first.locator("a").first).to_be_focused()

    # Another search from the pop-up is answered in the drawer; Escape closes that, and the focus is back at Search.
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    ws.wired(page)
    dialog.get_by_role("button", name="More like this region").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#drawer h2")).to_be_focused()
    expect(hits).to_have_count(1)
    assert Search.objects.count() == 2
    page.keyboard.press("Escape")
    expect(page.locator("#drawer h2")).to_be_hidden()
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_focused()
    tab = page.get_by_role("button", name="Show 1 hit")
    tab.press("Enter")
    expect(page.locator("#drawer h2")).to_be_focused()
    # Its edge is moved by keys, and that is remembered.
    page.locator(".drawer-edge").press("ArrowRight")
    ws.eventually(page, lambda: ws.box_of(page.locator("#drawer"))["width"] == 444)

    # The region of a hit is selected where it is opened; the hits stay beside it.
    search(page)
    page.locator("#drawer article.hit", has_text="red").locator("a").first.press("Enter")
    expect(dialog).to_be_visible()
    ws.wired(page)
    dialog.get_by_role("link", name="Select in this image").press("Enter")
    page.wait_for_url(f"**{red.photo.get_absolute_url()}**")
    ws.ready(page)
    expect(page.locator("#status")).to_have_text("The region that matched is selected.")
    ws.settled(page)
    selected = ws.layer(page, "#tint")[..., 3] > 0
    assert selected[80, 80] and not selected[20, 200]
    expect(hits.first).to_be_visible()
    assert ws.box_of(page.locator("#drawer"))["width"] == 444
    page.get_by_role("button", name="Undo").click()
    ws.settled(page)
    assert not Selection.objects.get(label_map__photo=red.photo).superpixels.included.any()


def test_back_leads_through_hits_and_the_popup(page: Page, add: Callable[..., GalleryImage]) -> None:
    add("red", SEA, (RED, 80, 80))
    add("blue", NIGHT, (BLUE, 90, 70))
    index()
    hits, dialog = ask_for_the_red_disc(page), page.locator("dialog#details")
    asked = page.url
    assert "search=" in asked
    hits.first.locator("a").first.click()
    ws.wired(page)
    dialog.get_by_role("link", name="Select in this image").click()
    page.wait_for_url(lambda url: "/photos/" in url and url != asked)
    ws.ready(page)
    expect(hits.first).to_be_visible()
    ws.wired(page)
    page.get_by_role("button", name="Undo").click()
    # They answer another selection than this, and say so.
    expect(page.locator("#changed")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(asked)
    expect(hits.first).to_be_visible()
    expect(dialog).to_be_hidden()
    # The pop-up has an address, and Back closes it.
    ws.wired(page)
    page.get_by_text("Show all 2").click()
    hits.first.locator("a").first.click()
    expect(page).to_have_url(re.compile("/gallery/"))
    first = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(first)
    page.keyboard.press("m")
    expect(dialog.get_by_role("button", name="Show the matching part")).to_have_attribute("aria-pressed", "false")
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(asked)


def test_a_closed_popup_stays_closed(page: Page, add: Callable[..., GalleryImage]) -> None:
    """What it had asked for before may come later."""
    add("red", SEA, (RED, 80, 80))
    add("blue", NIGHT, (BLUE, 90, 70))
    index()
    hits, dialog = ask_for_the_red_disc(page), page.locator("dialog#details")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for leave in (page.go_back, lambda: page.keyboard.press("Escape")):
        ws.wired(page)
        hits.first.locator("a").first.click()
        expect(dialog.locator("[data-step='1']:enabled")).to_be_visible()
        page.route("**/gallery/**", hold)
        page.keyboard.press("ArrowRight")
        ws.eventually(page, lambda: held)
        leave()
        expect(dialog).to_be_hidden()
        with page.expect_response("**/gallery/**"):
            held.pop().continue_()
        page.unroute("**/gallery/**")
        ws.settled(page)
        expect(dialog).to_be_hidden()


def test_the_address_has_both_the_level_and_the_search(page: Page, add: Callable[..., GalleryImage]) -> None:
    add("red", SEA, (RED, 80, 80))
    index()
    hits = ask_for_the_red_disc(page)
    expect(page).to_have_url(re.compile(r"level=8&search="))
    page.locator("input[name=level]").fill("9")
    expect(page).to_have_url(re.compile(r"level=9&search="))
    page.reload()
    ws.ready(page)
    expect(hits).to_have_count(1)
    assert page.locator("input[name=level]").input_value() == "9"
    # Another question, asked from the pop-up, goes on from here.
    ws.wired(page)
    hits.first.locator("a").first.click()
    page.locator("dialog#details").get_by_role("button", name="More like this region").click()
    expect(page).to_have_url(re.compile(r"/photos/.*level=9&search="))


HELD_BACK = """const back = history.back.bind(history);
history.back = () => {
    window.arrive = () => new Promise((arrived) => {
        delete window.arrive;
        addEventListener("popstate", () => setTimeout(arrived), { once: true });
        back();
    });
};"""


def test_a_popup_opened_while_the_browser_goes_back_stays_open(page: Page, add: Callable[..., GalleryImage]) -> None:
    """A closed pop-up takes its address out of the history, for which a busy browser needs its time."""
    add("red", SEA, (RED, 80, 80))
    add("blue", NIGHT, (BLUE, 90, 70))
    index()
    page.add_init_script(HELD_BACK)
    hits, dialog = ask_for_the_red_disc(page), page.locator("dialog#details")
    link, asked = hits.first.locator("a").first, page.url

    def close_and_open_again() -> None:
        link.press("Enter")
        expect(page).to_have_url(re.compile("/gallery/"))
        page.keyboard.press("Escape")
        ws.until(page, "window.arrive !== undefined")
        link.press("Enter")
        expect(dialog.get_by_role("button", name="More like this region")).to_be_visible()
        ws.wired(page)

    close_and_open_again()
    page.evaluate("window.arrive()")
    expect(page).to_have_url(re.compile("/gallery/"))
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    ws.until(page, "window.arrive !== undefined")
    page.evaluate("window.arrive()")
    expect(page).to_have_url(asked)

    # What is asked from it then has its own address, behind which the first one is.
    close_and_open_again()
    dialog.get_by_role("button", name="More like this region").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#drawer")).not_to_have_attribute("data-search", asked.partition("search=")[2])
    page.evaluate("window.arrive()")
    ws.until(page, f"location.pathname.startsWith('/photos/') && location.href !== '{asked}'")
    page.go_back()
    expect(page).to_have_url(asked)
    expect(dialog).to_be_hidden()
    expect(hits).to_have_count(2)


def test_enter_in_a_filter_asks_once(page: Page, warm_and_cold: None) -> None:
    ask_for_the_red_disc(page)
    drawer, asked = page.locator("aside#drawer"), []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/options/") else None)
    drawer.get_by_text("Filters", exact=True).click()
    expect(page.locator("#tag_choices option")).to_have_count(2)
    for number, (label, value, key, expected) in enumerate(
        # Enter changes the field and sends the form; leaving another one changes it alone. (With the space no choice is
        # offered, which Enter would take.)
        [("Tag", "warm ", "Enter", 2), ("Creator", "Painter", "Tab", 1)],
        start=1,
    ):
        drawer.get_by_label(label).fill(value)
        page.keyboard.press(key)
        expect(drawer.locator("article.hit")).to_have_count(expected)
        page.wait_for_timeout(300)  # A second request would be sent once the first is answered.
        assert len(asked) == number


def test_judging_far_down_keeps_what_is_shown_and_can_be_forgotten(
    page: Page, add: Callable[..., GalleryImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_three_pages(add, monkeypatch)
    index()
    hits, drawer = ask_for_the_red_disc(page), page.locator("#drawer")
    for expected in (12, 14):
        drawer.evaluate("drawer => { drawer.scrollTop = drawer.scrollHeight; }")
        expect(hits).to_have_count(expected)
    ws.wired(page)
    before = titles(page)

    # Everything is still there, ranked anew, at the same height; the button keeps the focus.
    dislike = page.get_by_role("button", name=f"Less like {before[7]}", exact=True)
    dislike.scroll_into_view_if_needed()
    # As a click does, which would scroll else.
    dislike.hover()
    height = drawer.evaluate("drawer => drawer.scrollTop")
    assert height > 100
    dislike.click()
    expect(dislike).to_have_attribute("aria-pressed", "true")
    ws.wired(page)
    expect(hits).to_have_count(14)
    has_titles(page, before)
    ws.until(page, f"document.getElementById('drawer').scrollTop === {height}")
    expect(dislike).to_be_focused()

    page.get_by_role("button", name=f"More like {before[-1]}", exact=True).click()
    expect(drawer.locator(".judged")).to_contain_text("1 liked, 1 disliked")
    ws.wired(page)
    page.get_by_role("button", name="Forget likes and dislikes").press("Enter")
    expect(drawer.locator(".judged")).to_have_count(0)
    ws.wired(page)
    has_titles(page, before)
    assert not Feedback.objects.exists()
    # The button that was pressed is gone: the focus is still in the answer.
    expect(page.locator("#answer")).to_be_focused()


def test_the_slider_moves_the_answer_from_looks_to_meaning(
    page: Page, add: Callable[..., GalleryImage], settings: Any, tiny_models: tuple[dict[str, str], dict[str, str]]
) -> None:
    use(settings, tiny_models[0])
    add("red", SEA, (RED, 80, 80))
    add("green", SEA, (GREEN, 150, 60))
    add("blue", NIGHT, (BLUE, 90, 70))
    add("yellow", MOSS, (YELLOW, 120, 90))
    index()
    hits = ask_for_the_red_disc(page)

    def scores(space: str) -> list[tuple[int, int]]:
        """Of each hit its score, and that in one space."""
        of_space = hits.locator(".why dl > div", has_text=space).locator("dd").all_text_contents()
        wholes = hits.locator(".why dl > div", has_text="All in all").locator("dd").all_text_contents()
        assert len(wholes) == len(of_space) == 4
        return [(int(whole.split()[0]), int(part)) for whole, part in zip(wholes, of_space, strict=True)]

    def is_ranked_by(space: str) -> None:
        found = scores(space)
        assert all(whole == part for whole, part in found), space
        assert found == sorted(found, reverse=True)

    page.get_by_text("Own mix", exact=True).click()
    slider = page.get_by_role("slider", name="From looks like to means like")
    expect(slider).to_have_value("80")
    for key, balance, space in (("Home", 0, "Looks like"), ("End", 100, "Means like")):
        slider.press(key)
        ws.until(page, f"document.getElementById('balance').value === '{balance}'")
        ws.eventually(page, lambda balance: Search.objects.get().options == {"balance": balance}, balance)
        ws.eventually(page, is_ranked_by, space)
        ws.wired(page)
        expect(slider).to_be_focused()
    # Whoever comes back finds the slider where it was left.
    page.goto(Search.objects.get().get_absolute_url())
    expect(slider).to_have_value("100")
