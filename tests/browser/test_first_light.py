"""The whole way of a user, in a real browser: upload, hover, select, search, look closer, sign up."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import Page, expect

from gallery.collection.importing import Details, add_public
from selector.models import Photo, Selection
from selector.services import label_maps
from tests.browser import workspace as ws
from tests.pictures import BLUE, GREEN, RED, eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


@pytest.fixture
def collection() -> None:
    """Four public images, one of which has the photo's red in a corner."""
    rng = np.random.default_rng(3)
    for name, colour in {"sea": (20, 90, 120), "sand": (200, 180, 140), "night": (15, 15, 25)}.items():
        pixels = np.full((160, 240, 3), colour, np.uint8) + rng.integers(0, 9, (160, 240, 3), np.uint8)
        add_public(image_file(pixels.astype(np.uint8)), f"{name}.jpg", Details(licence="CC0"))
    post = np.full((160, 240, 3), (15, 15, 25), np.uint8)
    post[80:, 120:] = eighths()[:80, 60:61]  # green
    post[80:, :120] = eighths()[:80, :1]  # red
    add_public(image_file(post), "red corner.jpg", Details(licence="CC BY 4.0", creator="A. Painter"))
    call_command("index_gallery", verbosity=0)


def expected_mask(*colours: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
    """Where the photo has these colours, bool (160, 240)."""
    pixels = eighths().astype(int)
    mask: npt.NDArray[np.bool_] = np.logical_or.reduce([np.abs(pixels - colour).max(axis=2) < 20 for colour in colours])
    return mask


def agrees(mask: np.ndarray, expected: np.ndarray) -> bool:
    """The same but for a pixel or two along a border."""
    return bool((mask ^ expected).mean() < 0.015)


def covers(page: Page, layer: str, *colours: tuple[int, int, int]) -> bool:
    return agrees(ws.layer(page, layer)[..., 3] > 0, expected_mask(*colours))


def is_previewed(page: Page, colours: dict[float, tuple[int, int, int]]) -> None:
    """A quarter down the preview, at shares of its width."""
    preview = ws.shown(page, "#preview .layers")
    height, width = preview.shape[:2]
    for across, colour in colours.items():
        assert np.abs(preview[height // 4, int(across * width)].astype(int) - colour).max() < 25


def test_from_an_upload_to_similar_images(page: Page, collection: Any) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")

    # Hovering lights the region under the pointer, and nothing else.
    page.mouse.move(*ws.at(page, 30, 40))
    ws.eventually(page, covers, page, "#hover", RED)

    # A click tints it and shows it on white; three clicks, three objects.
    before = ws.shown(page, "#preview .layers")
    assert np.ptp(before, axis=2).max() < 20, "nothing colourful before the first click"
    for (x, y), colours in [((30, 40), [RED]), ((90, 40), [RED, GREEN]), ((150, 40), [RED, GREEN, BLUE])]:
        ws.click(page, x, y)
        ws.settled(page)
        ws.eventually(page, covers, page, "#tint", *colours)
    ws.eventually(page, is_previewed, page, {0.12: RED, 0.37: GREEN, 0.62: BLUE, 0.87: (255, 255, 255)})
    selection = Selection.objects.get()
    labels = label_maps.load(selection.label_map).labels
    assert np.array_equal(selection.superpixels.included[labels], ws.layer(page, "#tint")[..., 3] > 0)

    # A click on a selected region takes it back; and all of it is there after a reload.
    ws.click(page, 90, 40)
    ws.click(page, 150, 40)
    ws.settled(page)
    page.reload()
    ws.ready(page)
    ws.eventually(page, covers, page, "#tint", RED)

    # Search slides the drawer in, with the image that has that red first.
    page.get_by_role("button", name="Search", exact=True).click()
    drawer = page.locator("aside#drawer")
    expect(drawer.locator("article.hit").first).to_be_visible()
    expect(drawer.locator("article.hit").first).to_contain_text("red corner", ignore_case=True)
    expect(drawer.locator("article.hit")).to_have_count(4)
    ws.until(page, "document.getElementById('drawer').getBoundingClientRect().x === 0")

    # A hit opens the pop-up with its metadata, and from there the image opens in the selector.
    drawer.locator("article.hit a").first.click()
    dialog = page.locator("dialog#details")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("CC BY 4.0")
    expect(dialog).to_contain_text("A. Painter")
    of_the_hit = dialog.get_by_role("link", name="Select in this image").get_attribute("href")
    dialog.get_by_role("link", name="Select in this image").click()
    page.wait_for_url(f"**{of_the_hit}**")
    ws.ready(page)
    assert of_the_hit != Photo.objects.get(is_public=False).get_absolute_url()


def test_signing_up_keeps_a_visitors_photo(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    url = page.url
    page.goto("/accounts/signup/")
    page.fill("input[name=username]", "carol")
    page.fill("input[name=password1]", "correct horse battery")
    page.fill("input[name=password2]", "correct horse battery")
    page.locator("main form button[type=submit], main form button:not([type])").first.click()
    expect(page.locator("header")).to_contain_text("carol")
    assert Photo.objects.get().owner == User.objects.get(username="carol")
    page.goto(url)
    ws.ready(page)


def test_twenty_quick_clicks_are_all_counted(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    label_map = Photo.objects.get().label_maps.get()
    finest = label_map.n_superpixels
    page.locator("input[name=level]").fill(str(finest))
    labels = label_maps.load(label_map).labels
    points = [(x, y) for x in range(15, 240, 48) for y in range(20, 160, 40)]
    wanted = {int(labels[y, x]) for x, y in points}
    assert len(wanted) == len(points) == 20
    for point in points:
        ws.click(page, *point)
    ws.settled(page)
    selection = Selection.objects.get()
    assert set(np.flatnonzero(selection.superpixels.included).tolist()) == wanted
    assert selection.position == 20


def test_a_stroke_of_the_brush_and_undo_by_keyboard(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")
    page.keyboard.press("b")
    page.mouse.move(*ws.at(page, 30, 40))
    page.mouse.down()
    page.mouse.move(*ws.at(page, 90, 120), steps=12)
    page.mouse.up()
    ws.settled(page)
    tint = ws.layer(page, "#tint")[..., 3] > 0
    assert tint[40, 30] and tint[120, 90]
    page.keyboard.press("Control+z")
    ws.until(page, "document.getElementById('summary').textContent.includes('Nothing')")
    ws.covers(page, "#tint", np.zeros_like(tint))
    page.keyboard.press("Control+Shift+Z")
    ws.until(page, "!document.getElementById('summary').textContent.includes('Nothing')")
    ws.covers(page, "#tint", tint)


def test_excluding_paints_stripes_and_leaves_the_preview(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.locator("input[name=level]").fill("8")
    excluded = page.locator("#tint-excluded")
    expect(excluded).to_be_hidden()
    page.get_by_text("Exclude", exact=True).click()
    ws.click(page, 90, 40)
    expect(page.locator("#summary")).to_contain_text("excluded")
    ws.settled(page)
    expect(excluded).to_be_visible()
    striped = ws.layer(page, "#tint-excluded")[..., 3] > 0
    assert 0.03 < striped.mean() < 0.12
    assert not striped[~expected_mask(GREEN)].mean() > 0.01
    assert not (ws.layer(page, "#tint")[..., 3] > 0).any()
    page.reload()
    expect(excluded).to_be_visible()
    page.keyboard.press("Control+z")
    expect(excluded).to_be_hidden()


def test_what_the_browser_anticipates_is_what_the_server_answers(page: Page) -> None:
    """The tint drawn before the answer equals the answer, superpixel by superpixel, for a click and for a stroke."""
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    for tool, points in [("toggle", [[100, 60]]), ("paint", [[20, 20], [200, 140]]), ("invert", []), ("clear", [])]:
        page.evaluate(
            """async ([tool, points]) => {
                const lib = (name) => import(`/static/js/lib/${name}.js`);
                const module = {...await lib("segmentation"), ...await lib("selection")};
                const form = document.getElementById("workspace");
                const words = async (url) => new Uint16Array(await (await fetch(url)).arrayBuffer());
                const segmentation = new module.Segmentation(
                    await words(form.dataset.labelsUrl), await words(form.dataset.treeUrl), 240, 160);
                const before = document.getElementById("state").value;
                window.anticipated = module.unpackState(before, segmentation.count);
                module.anticipate(window.anticipated, segmentation, {tool, points, mode: "include", level: 20});
                const values = {label_map: form.dataset.labelMap, tool, mode: "include", level: 20,
                                points: points.map((p) => p.join(",")).join(" ")};
                const source = document.getElementById("channel");
                await htmx.ajax("POST", form.action, {source, values, swap: "none"});
                const after = document.getElementById("state").value;
                window.answered = module.unpackState(after, segmentation.count);
            }""",
            [tool, points],
        )
        anticipated, answered = page.evaluate("[Array.from(window.anticipated), Array.from(window.answered)]")
        assert anticipated == answered, tool
        assert any(answered) == (tool != "clear")


def test_the_tints_drawn_in_the_browser_are_those_of_the_server(page: Page) -> None:
    ws.upload(page, image_file(eighths(243, 161)), "odd.jpg")
    finest = Photo.objects.get().label_maps.get().n_superpixels
    page.locator("input[name=level]").fill(str(finest))
    for x, y in [(30, 40), (100, 60), (242, 160)]:
        ws.click(page, x, y)
    page.get_by_text("Exclude", exact=True).click()
    for x, y in [(150, 100), (240, 10)]:
        ws.click(page, x, y)
    ws.settled(page)
    drawn = [ws.layer(page, layer) for layer in ("#tint", "#tint-excluded")]
    page.reload()
    ws.ready(page)
    sent = [ws.layer(page, layer) for layer in ("#tint", "#tint-excluded")]
    for ours, servers in zip(drawn, sent, strict=True):
        assert ours[..., 3].any()
        assert np.array_equal(ours, servers)


@pytest.mark.usefixtures("expects_refusal")
def test_a_bad_upload_says_so_and_keeps_the_page(page: Page) -> None:
    page.goto("/")
    page.set_input_files("input[type=file][name=image]", ws.jpeg("notes.jpg", b"no picture"))
    expect(page.locator("[role=status]")).to_contain_text("This is a text file")
    expect(page).to_have_url("/")
    assert not Photo.objects.exists()


@pytest.mark.usefixtures("expects_refusal")
def test_a_search_for_nothing_says_so(page: Page) -> None:
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("[role=status]")).to_contain_text("Select what you are looking for")


@pytest.mark.parametrize("width", [360, 1024])
def test_without_javascript_it_works_the_same(browser: Any, live_server: Any, width: int) -> None:
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.goto("/")
    file = ws.jpeg("eighths.jpg", image_file(eighths()))
    page.set_input_files("input[type=file][name=image]", file)
    page.locator("form:has(input[name=image]) button:visible").first.click()
    page.wait_for_url("**/photos/*/**")
    page.goto(f"{page.url}?level=8")
    page.locator("input[type=image]").click(position={"x": 150, "y": 40})
    expect(page.locator("#summary")).not_to_have_text("Nothing is selected.")
    labels = label_maps.load(Selection.objects.get().label_map).labels
    assert agrees(Selection.objects.get().superpixels.included[labels], expected_mask(BLUE))
    preview = page.locator("#preview noscript img, #preview img").last
    expect(preview).to_have_attribute("src", re.compile(re.escape("preview.png")))

    # Enter presses the first button, which changes nothing.
    page.locator("input[name=mode]").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Selection.objects.get().position == 1

    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#summary")).to_have_text("Nothing is selected.")
    assert Selection.objects.get().position == 0
    context.close()
