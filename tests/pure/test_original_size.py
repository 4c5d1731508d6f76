"""The portion in original size: strips give the very pixels that the whole would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from selector.imaging.turns import Turning
from selector.imaging.upright_picture import UprightPicture
from selector.rendering import original_size
from selector.rendering.original_size import Enlarged, write_portion
from selector.rendering.previews import composed
from tests.pure.images import DISPLAY_P3, cmyk_profile, encoded, exif, rgb_profile

SIZE = (301, 187)
LIMITS: dict[str, Any] = {"max_bytes": 2**24, "max_pixels": 10**6}


def noise(mode: str, size: tuple[int, int] = SIZE) -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 4), np.uint8)
    return Image.fromarray(pixels, "RGBA").convert(mode)


@pytest.fixture(autouse=True)
def small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(original_size, "STRIP_PIXELS", 3_000)


def alpha_of(width: int, height: int) -> Any:
    """All kinds of values in the middle, nothing around."""
    alpha = np.zeros(width * height, np.uint8)
    third, half = len(alpha) // 3, len(alpha) // 2
    alpha[third:half] = np.random.default_rng(2).choice([0, 255, 255, 90, 1], half - third)
    return alpha.reshape(height, width)


def enlarged(alpha: Any, size: tuple[int, int]) -> Any:
    """As Pillow enlarges an array of fractions, rounded."""
    return np.asarray(Image.fromarray(alpha.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))


def written(path: Path, data: bytes, small: tuple[int, int], **options: Any) -> Any:
    """The picture that is written strip by strip, and the one made of the whole."""
    alpha = alpha_of(*small)
    turns = options.pop("quarter_turns", 0)
    write_portion(str(path), data, alpha, quarter_turns=turns, **options, **LIMITS)
    picture = UprightPicture(data, quarter_turns=turns, **LIMITS)
    rgb = picture.pixels((0, 0, *picture.size))
    whole = Enlarged(alpha, picture.size)
    x0, y0, x1, y1 = whole.box() if options["crop"] else (0, 0, *picture.size)
    expected = composed(rgb, whole.pixels((0, 0, *picture.size)), options["background"])
    return np.asarray(Image.open(path)), expected[y0:y1, x0:x1]


def test_between_the_pixels_of_the_copy_the_edge_is_interpolated() -> None:
    alpha = alpha_of(100, 62)
    ours, exact = Enlarged(alpha, SIZE), enlarged(alpha, SIZE)
    assert np.abs(ours.pixels((0, 0, *SIZE)) - exact).max() <= 0.51
    x0, y0, x1, y1 = ours.box()
    assert exact[y0:y1, x0:x1].sum() == pytest.approx(exact.sum())
    assert exact[:, [x0, x1 - 1]].any() and exact[[y0, y1 - 1]].any()
    assert np.array_equal(Enlarged(alpha, (100, 62)).pixels((0, 0, 100, 62)), alpha)
    assert Enlarged(np.zeros((3, 4), np.uint8), (40, 30)).box() == (0, 0, 40, 30)


@pytest.mark.parametrize("background", ["white", "transparent", "dimmed"])
@pytest.mark.parametrize("crop", [False, True])
def test_strips_are_the_whole(tmp_path: Path, background: str, crop: bool) -> None:
    data = encoded(noise("RGB"), "PNG", icc_profile=rgb_profile(DISPLAY_P3))
    strips, whole = written(tmp_path / "a.png", data, (100, 62), background=background, crop=crop)
    assert np.array_equal(strips, whole)
    assert (strips.shape[:2] == SIZE[::-1]) is not crop


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("quarter_turns", range(4))
def test_strips_lie_as_the_upright_picture_does(tmp_path: Path, orientation: int, quarter_turns: int) -> None:
    stored = noise("RGB")
    data = encoded(stored, "PNG", exif=exif(orientation))
    turning = Turning(orientation, quarter_turns)
    small = turning.size((100, 62))
    options = {"background": "dimmed", "crop": False, "quarter_turns": quarter_turns}
    strips, whole = written(tmp_path / "a.png", data, small, **options)
    assert np.array_equal(strips, whole)
    mask = enlarged(alpha_of(*small), turning.size(SIZE)) == 255
    assert mask.any()
    assert np.array_equal(strips[mask], np.asarray(turning.picture(stored))[mask])


KINDS = {
    "palette": encoded(noise("P"), transparency=3),
    "16 bits": encoded(Image.fromarray(np.arange(301 * 187, dtype=np.uint16).reshape(187, 301))),
    "grey with alpha": encoded(noise("LA")),
    "CMYK": encoded(noise("CMYK"), "JPEG", icc_profile=cmyk_profile({(1, 0, 0, 0): (60, -30, -40)})),
    "WebP": encoded(noise("RGBA"), "WEBP", lossless=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_strips_of_every_kind_are_the_whole(tmp_path: Path, kind: str) -> None:
    strips, whole = written(tmp_path / "a.png", KINDS[kind], (100, 62), background="dimmed", crop=False)
    assert np.array_equal(strips, whole)


def test_a_large_side_is_the_same_in_strips(tmp_path: Path) -> None:
    """Adding up steps of a fraction would come out at another pixel now and then."""
    data = encoded(noise("L", (4001, 3)), "PNG")
    strips, whole = written(tmp_path / "a.png", data, (1024, 1), background="transparent", crop=True)
    assert np.array_equal(strips, whole)
