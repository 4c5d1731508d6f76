"""Layers compared pixel by pixel with arrays a reader can check by eye."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from images import decoded
from PIL import Image

from selector.rendering.highlights import VEIL_ALPHA, highlight_png, portion_highlight_png
from selector.rendering.layers import DARK_ALPHA, LIGHT_ALPHA, outline_png, tint_png
from selector.rendering.masks import MASK_SIDE, bounding_box, mask_bits, mask_from_bits, region_mask
from selector.rendering.png import palette_png
from selector.rendering.previews import preview_png

# Superpixel 1 is the square in the upper right, 2 the row below everything.
LABELS = np.array(
    [
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 0, 0],
        [2, 2, 2, 2, 2],
    ],
    np.uint16,
)
CUT = np.array([0, 1, 2], np.uint16)
BLUE = (0, 90, 200)

PHOTO = np.arange(60, dtype=np.uint8).reshape(4, 5, 3) + np.uint8(100)


def only(superpixel: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.isin(np.arange(3), superpixel)


NOTHING = np.zeros(3, bool)


def indices(png: bytes) -> list[list[int]]:
    image = Image.open(io.BytesIO(png))
    assert image.mode == "P"
    return [list(row) for row in np.asarray(image)]


def test_an_outline_is_a_light_line_with_a_dark_one_beside_it() -> None:
    assert indices(outline_png(LABELS, CUT)) == [
        [0, 0, 1, 2, 0],
        [0, 0, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [2, 2, 2, 2, 2],
    ]


def test_an_outline_follows_the_cut_and_not_the_superpixels() -> None:
    assert indices(outline_png(LABELS, np.array([0, 0, 1], np.uint16))) == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1],
        [2, 2, 2, 2, 2],
    ]
    assert not np.any(indices(outline_png(LABELS, np.zeros(3, np.uint16))))


def test_an_outline_is_clear_white_and_black() -> None:
    rgba = decoded(outline_png(LABELS, CUT), "RGBA")
    assert rgba[0, 0, 3] == 0
    assert rgba[0, 2].tolist() == [255, 255, 255, LIGHT_ALPHA]
    assert rgba[0, 3].tolist() == [0, 0, 0, DARK_ALPHA]


def test_a_tint_colours_the_selected_superpixels_and_is_clear_elsewhere() -> None:
    png = tint_png(LABELS, only(1), BLUE)
    assert indices(png) == [
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    rgba = decoded(png, "RGBA")
    assert rgba[0, 4].tolist() == [*BLUE, 255]
    assert rgba[0, 0, 3] == 0


def test_a_striped_tint_shows_diagonal_bands_of_four_pixels() -> None:
    labels = np.zeros((10, 12), np.uint16)
    labels[:, 10:] = 1
    png = tint_png(labels, np.array([True, False]), BLUE, striped=True)
    expected = [[int((x + y) % 8 < 4 and x < 10) for x in range(12)] for y in range(10)]
    assert indices(png) == expected


def test_a_tint_of_one_pixel_is_a_png_too() -> None:
    assert indices(tint_png(np.zeros((1, 1), np.uint16), np.array([True]), BLUE)) == [[1]]
    assert indices(outline_png(np.zeros((1, 1), np.uint16), np.zeros(1, np.uint16))) == [[0]]


# Sizes around the multiples of eight and four pixels that share a byte.
image_shapes = st.tuples(st.integers(1, 9), st.integers(1, 19))


@given(st.sampled_from([1, 2]), st.data())
def test_palette_images_of_any_size_round_trip(bit_depth: Any, data: st.DataObject) -> None:
    n_colours = data.draw(st.integers(2 ** (bit_depth - 1) + 1, 2**bit_depth))
    image = data.draw(arrays.arrays(np.uint8, image_shapes, elements=st.integers(0, n_colours - 1)))
    palette = [(i, 2 * i, 3 * i) for i in range(n_colours)]
    png = palette_png(image, palette, [255 - i for i in range(n_colours)], bit_depth)
    assert indices(png) == image.tolist()
    expected = [[[i, 2 * i, 3 * i, 255 - i] for i in row] for row in image.tolist()]
    assert decoded(png, "RGBA").tolist() == expected


def test_a_palette_that_does_not_fit_is_refused() -> None:
    black, two = (0, 0, 0), np.full((1, 1), 2, np.uint8)
    with pytest.raises(ValueError):
        palette_png(two, [black] * 2, [255] * 2, 2)
    with pytest.raises(ValueError):
        palette_png(two, [black] * 3, [255] * 3, 1)
    with pytest.raises(ValueError):
        palette_png(two, [black] * 3, [255] * 2, 2)


# Previews


def test_a_preview_shows_the_selection_on_white() -> None:
    expected = np.full((4, 5, 3), 255, np.uint8)
    expected[:2, 3:] = PHOTO[:2, 3:]
    assert np.array_equal(decoded(preview_png(PHOTO, LABELS, only(1)), "RGB"), expected)


def test_a_transparent_preview_hides_nothing_under_its_clear_pixels() -> None:
    rgba = decoded(preview_png(PHOTO, LABELS, only(1), background="transparent"), "RGBA")
    assert np.array_equal(rgba[:2, 3:, :3], PHOTO[:2, 3:])
    assert np.array_equal(rgba[..., 3] == 255, region_mask(LABELS, only(1)))
    assert not rgba[~region_mask(LABELS, only(1))].any()


def test_a_dimmed_preview_keeps_the_rest_in_the_dark() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(2), background="dimmed"), "RGB")
    assert np.array_equal(rgb[3], PHOTO[3])
    assert np.array_equal(rgb[:3], PHOTO[:3] // 4)


def test_a_cropped_preview_is_the_bounding_box() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(1), crop=True), "RGB")
    assert np.array_equal(rgb, PHOTO[:2, 3:])


def test_padding_ends_at_the_edges_of_the_photo() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(1), crop=True, padding=0.5), "RGB")
    assert rgb.shape == (3, 3, 3)
    assert np.array_equal(rgb[:2, 1:], PHOTO[:2, 3:])
    assert np.all(rgb[2] == 255)
    assert np.all(rgb[:, 0] == 255)


def test_padding_is_a_share_of_the_longer_side() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(2), crop=True, padding=0.4), "RGB")
    assert rgb.shape == (3, 5, 3)


def test_a_cropped_preview_of_nothing_is_the_empty_photo() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, NOTHING, crop=True), "RGB")
    assert rgb.shape == PHOTO.shape
    assert np.all(rgb == 255)


def test_a_preview_can_be_shrunk_and_is_never_enlarged() -> None:
    labels = np.zeros((40, 80), np.uint16)
    photo = np.full((40, 80, 3), 77, np.uint8)
    small = decoded(preview_png(photo, labels, np.array([True]), long_side=20), "RGB")
    assert small.shape == (10, 20, 3)
    assert np.all(small == 77)
    assert decoded(preview_png(PHOTO, LABELS, only(1), long_side=20), "RGB").shape == PHOTO.shape


def test_shrinking_does_not_darken_the_edges_of_a_transparent_preview() -> None:
    labels = (np.arange(64) >= 27).astype(np.uint16)[None].repeat(64, axis=0)
    photo = np.full((64, 64, 3), 200, np.uint8)
    png = preview_png(photo, labels, np.array([True, False]), background="transparent", long_side=16)
    rgba = decoded(png, "RGBA")
    assert 0 < rgba[8, 6, 3] < 255
    assert abs(int(rgba[8, 6, 0]) - 200) <= 2


def test_a_preview_of_another_photo_or_background_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        preview_png(PHOTO[:3], LABELS, NOTHING)
    unknown: Any = "pink"
    with pytest.raises(ValueError, match="background"):
        preview_png(PHOTO, LABELS, NOTHING, background=unknown)


# Masks


def test_the_bounding_box_ends_after_the_last_pixel() -> None:
    assert bounding_box(LABELS, only(1)) == (3, 0, 5, 2)
    assert bounding_box(LABELS, only(2)) == (0, 3, 5, 4)
    assert bounding_box(LABELS, np.ones(3, bool)) == (0, 0, 5, 4)
    assert bounding_box(LABELS, NOTHING) is None


def test_mask_bits_are_the_region_stretched_to_a_square() -> None:
    labels = np.array([[0, 1], [0, 0]], np.uint16)
    bits = mask_bits(labels, np.array([True, False]))
    mask = mask_from_bits(bits)
    assert len(bits) == 512
    assert mask.shape == (MASK_SIDE, MASK_SIDE)
    assert not mask[:32, 32:].any()
    assert mask[:, :32].all()
    assert mask[32:].all()


def test_mask_bits_follow_the_majority_of_each_cell() -> None:
    labels = np.zeros((16, 16), np.uint16)
    labels[:, 7:] = 1  # one column more than the left half of two cells has
    right = mask_from_bits(mask_bits(labels, np.array([False, True]), side=8), side=8)
    assert right.astype(int)[0].tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert np.all(right == right[0])


def test_mask_bits_of_a_thin_region_are_never_empty() -> None:
    labels = np.zeros((700, 1024), np.uint16)
    labels[123, 456:459] = 1
    mask = mask_from_bits(mask_bits(labels, np.array([False, True])))
    assert np.argwhere(mask).tolist() == [[123 * 64 // 700, 456 * 64 // 1024]]


def test_mask_bits_of_nothing_are_empty() -> None:
    assert mask_bits(LABELS, NOTHING) == bytes(512)


def test_mask_bits_agree_with_the_average_over_all_pixels() -> None:
    rows, columns = np.mgrid[:300, :500]
    labels = (np.hypot(rows - 150, columns - 200) < 90).astype(np.uint16)
    mask = mask_from_bits(mask_bits(labels, np.array([False, True])))
    image = Image.fromarray(labels.astype(np.uint8) * 255)
    averages = np.asarray(image.resize((64, 64), Image.Resampling.BOX))
    assert np.all(mask[averages > 160])
    assert not np.any(mask[averages < 96])


def test_bits_of_a_wrong_length_are_refused() -> None:
    with pytest.raises(ValueError, match="512"):
        mask_from_bits(bytes(511))


def test_a_highlight_veils_what_lies_outside_and_lines_the_region() -> None:
    mask = np.zeros((64, 64), bool)
    mask[:32, 32:] = True
    png = highlight_png(np.packbits(mask).tobytes(), 16, 8)
    expected = np.zeros((8, 16), int)
    expected[:4, 8:] = 1
    expected[:4, 8] = expected[3, 8:] = 2
    assert indices(png) == expected.tolist()
    rgba = decoded(png, "RGBA")
    assert rgba[7, 0].tolist() == [0, 0, 0, VEIL_ALPHA]
    assert rgba[0, 15, 3] == 0
    assert rgba[0, 8].tolist() == [255, 255, 255, LIGHT_ALPHA]


def test_a_highlight_of_the_whole_image_is_clear() -> None:
    assert np.all(np.array(indices(highlight_png(b"\xff" * 512, 30, 20))) == 1)


def test_a_portion_over_its_thumbnail_is_veiled_and_lined_alike() -> None:
    selected = np.array([False, True, False])
    assert indices(portion_highlight_png(LABELS, selected, 5, 4)) == [
        [0, 0, 0, 2, 1],
        [0, 0, 0, 2, 2],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    half = indices(portion_highlight_png(LABELS.repeat(2, 0).repeat(2, 1), selected, 5, 4))
    assert half == indices(portion_highlight_png(LABELS, selected, 5, 4))
