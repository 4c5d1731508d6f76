"""Where things are: nothing jumps while a page loads, the workspace fits the window, and a phone shows all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, Route, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from gallery.collection.importing import Details, add_public
from gallery.models import Search
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]

# https://wicg.github.io/layout-instability/: each shift with the elements that moved.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.shifts.push([entry.value, entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
}).observe({ type: "layout-shift", buffered: true });
"""
PIXELS_OUTSIDE = "[scrollingElement.scrollWidth - innerWidth, scrollingElement.scrollHeight - innerHeight]"
# What would move: transitions that take time, and animations that run.
MOTION = """[
  ...[...document.querySelectorAll("*")].filter((e) => !getComputedStyle(e).transitionDuration.match(/^(0s(, )?)+$/)),
  ...document.getAnimations().filter((a) => a.playState === "running" && a.effect.getTiming().duration > 0)
    .map((a) => a.effect.target),
].map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture
def collection() -> None:
    for pixels, name in ((eighths(), "wide.jpg"), (eighths(160, 240), "tall.jpg")):
        add_public(image_file(pixels), name, Details(creator="A. Painter", tags=("colours",)))
    call_command("index_gallery", verbosity=0)


def slowly(route: Route) -> None:
    """Images come well after the page that holds them has been drawn."""
    time.sleep(0.1)
    route.continue_()


@pytest.fixture
def slow(browser: Browser, live_server: LiveServer, compiled: None) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 720})
    context.add_init_script(WATCH_SHIFTS)
    for kind in ("**/*.jpg", "**/*.webp*", "**/*.png", "**/labels"):
        context.route(kind, slowly)
    yield context
    context.close()


def select_and_search(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")
    ws.click(page, 30, 40)
    ws.settled(page)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("aside#drawer article.hit").first).to_be_visible()


def test_nothing_jumps_while_a_page_loads(slow: BrowserContext, collection: None) -> None:
    page = slow.new_page()
    select_and_search(page)
    search = Search.objects.get().get_absolute_url()
    sizes: tuple[ViewportSize, ...] = ({"width": 1280, "height": 720}, {"width": 390, "height": 844})
    for size in sizes:
        ws.resize(page, **size)
        for url in ("/", "/gallery/", "/photos/", search, page.url):
            page.goto(url)
            page.wait_for_timeout(300)  # scripts and late images
            shifts = page.evaluate("window.shifts")
            assert sum(value for value, _ in shifts) < 0.01, f"{url} at {size['width']} px: {shifts}"


def rectangle(page: Page, selector: str) -> FloatRect:
    return ws.box_of(page.locator(selector).first)


# Width and height of the window, and the least share of both that the stage has.
WINDOWS = (
    (1440, 900, 0.6, 0.8),
    (1280, 720, 0.6, 0.78),
    (1024, 768, 0.9, 0.78),
    (720, 450, 0.65, 0.75),
    (740, 360, 0.65, 0.65),
    (390, 844, 0.95, 0.6),
    (360, 640, 0.95, 0.5),
)


def test_the_workspace_fits_the_window(page: Page) -> None:
    """The photo has most of every window: of one at 200% and of phones, upright and on their side, too."""
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    ws.click(page, 30, 40)
    ws.settled(page)
    for width, height, across, down in WINDOWS:
        ws.resize(page, width, height)
        ws.until(page, f"(({{scrollingElement}}) => {PIXELS_OUTSIDE})(document).every((outside) => outside <= 0)")
        # The rail may scroll: its last buttons, and on phones its last tools.
        scrolls = "#workspace :is(button:not([tabindex='-1']), a, label, select):visible:not(.rail *)"
        for control in page.locator(scrolls).all():
            box = ws.box_of(control)
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, (width, control.inner_html())
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, (height, control.inner_html())
        stage, preview = rectangle(page, "#stage"), rectangle(page, "#preview")
        assert stage["width"] >= across * width and stage["height"] >= down * height, (width, stage)
        assert rectangle(page, "#search")["y"] > height - 64, "where the thumb is"
        if width >= 1280:
            assert (stage["y"], stage["height"]) == (preview["y"], preview["height"]), "side by side"
            assert preview["width"] <= width / 3, "the cut-out has a third at most"


def test_the_workspace_in_forced_colours_and_with_large_text(page: Page) -> None:
    """Which tool is active, the slider and the white below the cut-out are told by backgrounds alone."""
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")
    ws.click(page, 30, 40)
    ws.settled(page)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    active, other = (
        page.locator(f".tools label:has(input{which})").first.evaluate("one => getComputedStyle(one).backgroundColor")
        for which in (":checked", ":not(:checked)")
    )
    assert active != other
    slider = ws.shown(page, "input[name=level]")
    assert np.ptp(slider.reshape(-1, 3).astype(int), axis=0).max() > 100, "its thumb is drawn"
    assert (ws.shown(page, "#preview .layers")[-3:, -3:] > 250).all(), "the cut-out lies on white"
    page.emulate_media(forced_colors="none")

    # As who has set 24 instead of 16 pixels.
    page.evaluate("document.documentElement.style.fontSize = '150%'")
    for width, height in ((1280, 720), (390, 844)):
        ws.resize(page, width, height)
        ws.until(page, f"(({{scrollingElement}}) => {PIXELS_OUTSIDE})(document).every((outside) => outside <= 0)")
        button = rectangle(page, "#search")
        assert button["x"] + button["width"] <= width and button["y"] + button["height"] <= height
        assert rectangle(page, "#stage")["height"] >= 0.45 * height


def test_an_inset_keeps_off_what_is_selected(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    ws.resize(page, 1024, 768)
    page.locator("input[name=level]").fill("8")
    ws.click(page, 210, 140)
    ws.settled(page)
    corner, inset = ws.at(page, 232, 152), page.locator("#cutout")
    ws.eventually(page, lambda: ws.box_of(inset)["y"] + ws.box_of(inset)["height"] < corner[1])
    assert ws.box_of(inset)["x"] < corner[0] < ws.box_of(inset)["x"] + ws.box_of(inset)["width"], "it lay there before"


def test_the_cut_out_gives_way(page: Page) -> None:
    ws.upload(page, image_file(eighths(1280, 960)), "eighths.jpg")
    ws.resize(page, 1280, 720)
    ws.click(page, 300, 300)
    ws.settled(page)
    splitter = page.get_by_role("separator", name="Width of the cut-out")
    before = rectangle(page, "#preview")["width"]
    splitter.press("ArrowLeft")
    ws.eventually(page, lambda: rectangle(page, "#preview")["width"] > before)
    box = ws.box_of(splitter)
    page.mouse.move(box["x"] + 6, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 106, box["y"] + 200, steps=3)
    page.mouse.up()
    narrow = rectangle(page, "#preview")["width"]
    assert narrow < before
    page.keyboard.press("p")
    expect(page.locator("#preview")).to_be_hidden()
    page.get_by_role("button", name="Cut-out").click()
    # Remembered, and there before anything is drawn.
    page.reload()
    ws.ready(page)
    assert rectangle(page, "#preview")["width"] == pytest.approx(narrow, abs=1)

    # With the drawer open there is no room for two: then it is an inset, and the photo has all of the stage.
    page.evaluate("document.getElementById('drawer').hidden = false")
    ws.eventually(page, lambda: rectangle(page, "#stage")["width"] >= 760)
    photo = rectangle(page, "#photo")
    assert photo["width"] * photo["height"] >= 2.5 * 432 * 324
    stage, inset = rectangle(page, "#stage"), rectangle(page, "#cutout")
    assert stage["x"] < inset["x"] and inset["x"] + inset["width"] <= stage["x"] + stage["width"]

    # In place, while the space bar is held.
    page.mouse.move(*ws.at(page, 700, 700))
    page.keyboard.down(" ")
    expect(page.locator("#in-place")).to_be_visible()
    page.keyboard.up(" ")
    expect(page.locator("#in-place")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Show or hide the outlines")
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.locator("#outline")).to_be_hidden()


def test_photo_and_hits_share_a_low_window(page: Page, collection: None) -> None:
    """At 200%, and on a phone on its side."""
    select_and_search(page)
    for width, height in ((720, 450), (844, 390), (667, 375)):
        ws.resize(page, width, height)
        ws.eventually(page, lambda height=height: rectangle(page, "#stage")["height"] >= 0.6 * height)
        # The stage moves aside for a moment.
        ws.until(page, "!document.querySelector('main').getAnimations().length")
        stage, drawer, hit = (rectangle(page, name) for name in ("#stage", "#drawer", "article.hit"))
        assert stage["width"] >= 0.52 * width and drawer["width"] >= 0.3 * width, (width, stage, drawer)
        assert hit["y"] < 0.65 * height, "hits are seen without scrolling"
        assert page.locator(".drawer-head h2").evaluate("one => one.scrollHeight <= one.clientHeight"), "not cut"
        button = rectangle(page, "#search")
        assert button["x"] + button["width"] <= width and button["y"] + button["height"] <= height
    page.get_by_role("button", name="Close", exact=True).click()
    ws.eventually(page, lambda: rectangle(page, ".bar")["x"] > rectangle(page, "#stage")["x"])


def test_ones_own_photos_are_seen_without_scrolling(page: Page) -> None:
    for name in ("first.jpg", "second.jpg"):
        ws.upload(page, image_file(eighths()), name)
    page.goto("/photos/")
    asked = page.locator("#finding_choice")
    expect(asked).to_be_visible()
    # How much of the window they have at least, and once the question has been answered.
    for width, height, least, later in ((390, 844, 0.2, 0.3), (720, 450, 0.1, 0.25)):
        for share in (least, later):
            ws.resize(page, width, height)
            photo = rectangle(page, ".own-photo img")
            assert photo["y"] <= (1 - share) * height, (width, photo)
            asked.evaluate_all("(forms, hidden) => forms.forEach((form) => { form.hidden = hidden; })", share == least)
    asked.get_by_role("button", name="No").click()
    expect(asked).to_have_count(0)
    # How many there are gives its line to what can be done with those that are chosen.
    page.locator(".choose input").first.check()
    expect(page.locator("#chosen").get_by_role("button", name="Delete")).to_be_visible()
    assert rectangle(page, "#chosen")["width"] <= 667


def test_what_an_older_answer_says_lies_below_the_head_of_a_low_drawer(page: Page, collection: None) -> None:
    select_and_search(page)
    ws.resize(page, 720, 450)
    ws.click(page, 200, 40)
    expect(page.locator(".changed")).to_be_visible()
    head, changed, options = (rectangle(page, name) for name in (".drawer-head", ".changed", ".search-options"))
    assert changed["y"] == pytest.approx(head["y"] + head["height"], abs=2), "no gap, and it covers nothing"
    assert options["y"] >= changed["y"] + changed["height"] - 1


def test_hits_lie_side_by_side(page: Page, collection: None) -> None:
    select_and_search(page)
    # Three by two, as cameras take them.
    page.evaluate("""() => {
        const hit = document.querySelector("#hits .hit");
        hit.dataset.shape = "15";
        hit.after(hit.cloneNode(true));
    }""")
    for width, height in ((1280, 720), (390, 844)):
        ws.resize(page, width, height)
        ws.until(page, "!document.getElementById('drawer').getAnimations().length")
        first, second = (ws.box_of(hit) for hit in page.locator("#drawer article.hit .thumb").all()[:2])
        assert second["y"] == pytest.approx(first["y"], abs=1) and second["x"] > first["x"], width


def test_what_an_answer_lacks_is_said_before_the_hits_only_where_there_is_room(page: Page, collection: None) -> None:
    select_and_search(page)
    note = '<p class="note">Not all of it can be searched.</p>'
    page.evaluate("note => document.querySelector('#feedback').insertAdjacentHTML('beforebegin', note)", note)
    for width, height, before in ((1280, 720, True), (1024, 768, False), (720, 450, False), (390, 844, False)):
        ws.resize(page, width, height)
        ws.eventually(
            page,
            lambda before=before: (rectangle(page, ".answer > .note")["y"] < rectangle(page, "#hits")["y"]) == before,
        )


def test_the_page_of_a_hit_shows_its_picture_in_a_low_window(page: Page, collection: None) -> None:
    select_and_search(page)
    page.locator("aside#drawer article.hit a").first.click()
    expect(page.locator("dialog#details[open] .picture img").first).to_be_visible()
    ws.resize(page, 720, 450)
    page.reload()
    for width, height in ((720, 450), (640, 360)):
        ws.resize(page, width, height)
        picture, foot = rectangle(page, "main .details .picture img"), rectangle(page, "main .details > footer")
        assert picture["y"] > 0 and picture["y"] + picture["height"] <= foot["y"] + 1, (picture, foot)
        assert picture["height"] >= 0.35 * height, "the picture itself, not what is around it"
        for button in page.locator("main .details > footer :is(.button, button)").all():
            assert ws.box_of(button)["x"] + ws.box_of(button)["width"] <= foot["x"] + foot["width"], button.inner_text()
        assert foot["height"] < 70 and foot["y"] + foot["height"] <= height, "what can be done takes one line"


def test_on_a_phone_the_drawer_is_a_sheet_with_two_stops(
    browser: Browser, live_server: LiveServer, collection: None
) -> None:
    phone = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )
    page = phone.new_page()
    select_and_search(page)
    edge, heights = page.locator(".drawer-edge"), []
    for stop in ("low", "high"):
        if stop == "high":
            edge.press("ArrowUp")
        ws.until(page, "!document.getElementById('drawer').getAnimations().length")
        sheet = rectangle(page, "#drawer")
        assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 360, 640)
        heights.append(sheet["height"])
    assert heights[0] < 300 and heights[1] > 560
    expect(page.locator("#cutout")).to_be_hidden()
    # The filters have no room at the low stop: while they are open it is at the high one.
    edge.press("ArrowDown")
    for height in (heights[1], heights[0]):
        page.get_by_text("Filters", exact=True).click()
        ws.eventually(page, lambda height=height: rectangle(page, "#drawer")["height"] == height)
    edge.press("ArrowUp")
    ws.eventually(page, lambda: rectangle(page, "#drawer")["height"] == heights[1])
    small = page.evaluate(
        """[...document.querySelectorAll("#drawer :is(a:not(p a), button), #workspace :is(button, .segmented label)")]
             .filter((control) => control.checkVisibility() && !control.matches(".visually-hidden"))
             .map((control) => [control, control.getBoundingClientRect()])
             .filter(([, { width, height }]) => width < 36 || height < 36)
             .map(([control, { width, height }]) => `${control.outerHTML.slice(0, 80)} ${width} x ${height}`)"""
    )
    assert small == []
    phone.close()


def on_top(page: Page, place: Locator) -> bool:
    """Whether a finger at the middle of it would meet it, and not what lies over it."""
    return bool(
        place.evaluate(
            """one => {
                const { x, y, width, height } = one.getBoundingClientRect();
                return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
            }"""
        )
    )


@pytest.mark.usefixtures("expects_refusal")
def test_on_a_phone_the_tools_give_their_room_to_the_stage_while_there_are_hits(
    browser: Browser, live_server: LiveServer, collection: None
) -> None:
    phone = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = phone.new_page()
    select_and_search(page)
    tools, rail = page.get_by_role("button", name="Tools"), page.locator(".rail")
    ws.eventually(page, lambda: rectangle(page, "#stage")["height"] >= 0.35 * 844)
    expect(rail).to_be_hidden()
    for name in ("#show-tools", "#summary", "#undo", "#clear", "#search"):
        box = rectangle(page, name)
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, name
        assert box["y"] >= rectangle(page, "#search")["y"] - 1, "one line, near the thumb"

    # What is said, and what opens, lies above the sheet.
    page.locator("#clear").click()
    ws.settled(page)
    page.locator("#search").click()
    ws.eventually(page, on_top, page, page.locator(".said .message"))
    tools.click()
    expect(tools).to_have_attribute("aria-expanded", "true")
    brush = page.locator(".tools label:has(input[value=paint])")
    ws.eventually(page, on_top, page, brush)
    brush.click()
    expect(page.locator("input[name=pointer][value=paint]")).to_be_checked()
    page.get_by_text("Exclude", exact=True).click()
    ws.eventually(page, on_top, page, page.get_by_role("button", name="Got it"))
    page.get_by_role("button", name="Got it").click()
    page.locator("summary[title^=Download]").click()
    ws.eventually(page, on_top, page, page.locator(".menu[open] a").first)
    tools.click()
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(rail).to_be_visible()
    phone.close()


@pytest.mark.usefixtures("expects_refusal")
def test_above_a_sheet_all_tools_are_seen(page: Page, collection: None) -> None:
    select_and_search(page)
    for width, height in ((1024, 768), (820, 1180), (900, 540)):
        ws.resize(page, width, height)
        ws.until(page, "!document.getElementById('drawer').getAnimations().length")
        sheet = rectangle(page, "#drawer")["y"]
        for place in page.locator(".rail :is(label, .rail-button)").all():
            ws.eventually(page, on_top, page, place)
            assert ws.box_of(place)["y"] + ws.box_of(place)["height"] <= sheet, place.inner_text()
    page.locator("summary[title^=Download]").click()
    ws.eventually(page, on_top, page, page.locator(".menu[open] a").first)
    page.locator("summary[title^=Download]").click()
    page.locator("#clear").click()
    ws.settled(page)
    page.locator("#search").click()
    told = page.locator(".said .message.error")
    ws.eventually(page, lambda: told.evaluate("one => one.scrollHeight <= one.clientHeight"))


def test_who_asks_for_less_motion_gets_none(page: Page, collection: None) -> None:
    select_and_search(page)
    page.locator("aside#drawer article.hit a").first.click()
    expect(page.locator("dialog#details")).to_be_visible()
    assert page.evaluate(MOTION)
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished)).then(() => null)")
    page.emulate_media(reduced_motion="reduce")
    ws.eventually(page, lambda: page.evaluate(MOTION) == [])
