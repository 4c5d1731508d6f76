"""How the selection is seen on the photo: in its own colours, the rest dimmed; or under a veil."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from selector.models import Photo, Selection
from selector.rendering.matte import alpha_matte
from selector.services import label_maps
from selector.services.photos import working_copy
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db(transaction=True)

RED, GREEN = (30, 40), (90, 40)


def choose_look(page: Page, label: str) -> None:
    page.get_by_label("Look").click()
    page.get_by_role("link", name=label).click()


def colours(picture: ws.Pixels, mask: Any) -> Any:
    """How far the channels of pixels lie apart: how colourful they are, on average."""
    return float(np.ptp(picture, axis=2)[mask].mean())


def on_screen(mask: Any, picture: ws.Pixels) -> Any:
    """A mask of the working copy, in the size in which it is seen, without what is near its border."""
    from scipy.ndimage import binary_erosion

    rows = np.arange(picture.shape[0]) * mask.shape[0] // picture.shape[0]
    columns = np.arange(picture.shape[1]) * mask.shape[1] // picture.shape[1]
    return binary_erosion(mask[rows[:, None], columns], iterations=20)


def included_mask() -> Any:
    selection = Selection.objects.get()
    return selection.superpixels.included[label_maps.load(selection.label_map).labels]


def rest_is_grey(page: Page, before: ws.Pixels) -> None:
    after = ws.shown(page, "#stage .layers")
    inside, outside = on_screen(included_mask(), after), on_screen(~included_mask(), after)
    assert np.abs(after[inside].astype(int) - before[inside]).max() <= 2
    assert colours(after, outside) < 0.35 * colours(before, outside)
    assert after[outside].mean() < 0.75 * before[outside].mean()


def test_what_is_selected_keeps_its_colours_and_the_rest_loses_them(page: Page) -> None:
    ws.Workspace(page, ws.public_photo(), level=8)
    before = ws.shown(page, "#stage .layers")
    ws.click(page, *RED)
    ws.settled(page)
    page.mouse.move(0, 0)
    ws.eventually(page, rest_is_grey, page, before)

    page.get_by_role("button", name="Undo").click()
    ws.settled(page)
    page.mouse.move(0, 0)

    def nothing_is_dimmed() -> None:
        # Layers that lie one over the other are drawn a little otherwise.
        cleared = ws.shown(page, "#stage .layers").astype(int)
        assert np.abs(cleared - before).mean() < 0.5, "nothing selected, nothing dimmed"

    ws.eventually(page, nothing_is_dimmed)
    assert not ws.layer(page, "#own").any()


def test_the_rest_drawn_in_the_browser_is_that_of_the_server(page: Page) -> None:
    ws.upload(page, image_file(eighths(603, 401)), "odd.jpg")
    page.locator("input[name=level]").fill(str(Photo.objects.get().label_maps.get().n_superpixels))
    page.get_by_text("Exclude", exact=True).click()
    ws.click(page, 380, 250)
    ws.settled(page)
    drawn = [ws.layer(page, "#own")]
    page.get_by_text("Include", exact=True).click()
    # Each gesture paints a part of the canvas anew; the last takes one away again.
    for x, y in [(30, 40), (45, 40), (30, 60), (602, 400), (300, 200), (310, 200), (30, 40)]:
        ws.click(page, x, y)
    ws.settled(page)
    drawn += [ws.layer(page, canvas) for canvas in ("#own", "#own-grey")]
    page.reload()
    ws.ready(page)
    whole = ws.layer(page, "#rest")
    assert np.unique(whole.reshape(-1, 4), axis=0).shape[0] == 4, "clear, grey, light and dark"
    assert np.array_equal(drawn[1], whole) and np.array_equal(drawn[2], whole)
    assert np.array_equal(drawn[0][..., 3] > 0, excluded_mask())
    # What is excluded is striped in full colour above the grey.
    page.mouse.move(0, 0)

    def is_striped() -> None:
        seen = ws.shown(page, "#stage .layers")
        x, y = int(380 * seen.shape[1] / 603), int(250 * seen.shape[0] / 401)
        orange = seen[y - 8 : y + 9, x - 8 : x + 9].astype(int)
        assert (orange[..., 0] - orange[..., 2]).max() > 120

    ws.eventually(page, is_striped)


def excluded_mask() -> Any:
    selection = Selection.objects.get()
    return selection.superpixels.excluded[label_maps.load(selection.label_map).labels]


def test_the_veil_is_a_choice_that_is_remembered(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=8)
    before = ws.shown(page, "#stage .layers")
    ws.click(page, *RED)
    work.check("toggle")
    page.mouse.move(0, 0)
    ws.eventually(page, rest_is_grey, page, before)
    own = ws.shown(page, "#stage .layers")
    inside, outside = on_screen(included_mask(), own), on_screen(~included_mask(), own)
    choose_look(page, "Under a blue veil")
    page.mouse.move(0, 0)

    def is_veiled() -> None:
        veiled = ws.shown(page, "#stage .layers")
        assert veiled[inside][:, 2].mean() > own[inside][:, 2].mean() + 50
        assert colours(veiled, outside) > 2 * colours(own, outside)

    ws.eventually(page, is_veiled)
    ws.click(page, *GREEN)
    work.check("toggle")

    page.reload()
    ws.ready(page)
    expect(page.locator("#workspace")).to_have_attribute("data-look", "veil")
    choose_look(page, "In its own colours")
    page.mouse.move(0, 0)
    # Drawn at once, though the page came with the veil.
    ws.eventually(page, lambda: ws.shown(page, "#stage .layers")[inside][:, 2].mean() < own[inside][:, 2].mean() + 25)


def test_without_javascript_it_looks_the_same(browser: Any, live_server: Any, compiled: None) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    photo = ws.public_photo()
    page.goto(f"{photo.get_absolute_url()}?level=8")
    before = ws.shown(page, "#stage .layers")
    page.locator("input[type=image]").click(position={"x": 30, "y": 40})
    expect(page.locator("#summary")).not_to_have_text("Nothing is selected.")
    page.mouse.move(0, 0)
    ws.eventually(page, rest_is_grey, page, before)

    choose_look(page, "Under a blue veil")
    expect(page.locator("#workspace")).to_have_attribute("data-look", "veil")
    page.goto(photo.get_absolute_url())
    expect(page.locator("#workspace")).to_have_attribute("data-look", "veil")
    context.close()


def test_the_preview_gets_the_soft_edge_of_the_file(page: Page) -> None:
    work = ws.Workspace(page, ws.public_photo(), level=8)
    ws.click(page, *RED)
    work.check("toggle")
    ws.until(page, "'soft' in portion.dataset")
    address = page.locator("#portion").evaluate("(portion) => portion.style.maskImage.slice(5, -2)")
    assert address.startswith("blob:")
    page.evaluate("(address) => { window.matte = new Image(); matte.id = 'matte'; matte.src = address; }", address)
    page.evaluate("async () => { await matte.decode(); document.body.append(matte); }")
    alpha = ws.layer(page, "#matte")[..., 3]
    assert np.array_equal(alpha, alpha_matte(working_copy(work.photo), included_mask()))
    assert np.count_nonzero((alpha > 0) & (alpha < 255)) > 0

    ws.click(page, *GREEN)
    work.check("toggle")
    ws.until(page, "!('soft' in portion.dataset) || portion.style.maskImage.slice(5, -2) !== matte.src")


def test_where_the_system_chooses_the_colours_what_is_pressed_and_the_background_are_seen(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    work = ws.Workspace(page, ws.public_photo(), level=20)

    def background(selector: str) -> str:
        found: str = page.locator(selector).first.evaluate("element => getComputedStyle(element).backgroundColor")
        return found

    group = "#object-options .segmented"
    assert background(f"{group} > :has(:checked)") != background(f"{group} > :not(:has(:checked))")
    ws.click(page, *RED)
    work.settle()
    white = "getComputedStyle(document.querySelector('#preview .layers')).backgroundColor === 'rgb(255, 255, 255)'"
    ws.until(page, white)
