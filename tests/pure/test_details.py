"""Details cut from pictures: the same pixels, upright, in a file that tells nothing else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFilter

from selector.imaging.containers import InvalidImage
from selector.rendering.details import write_detail
from tests.pictures import eighths, image_file

LIMITS: dict[str, Any] = {"max_bytes": 2**22, "max_pixels": 10**6}
BOX = (20, 30, 150, 120)


def detail(tmp_path: Path, data: bytes, box: Any = BOX, quarter_turns: int = 0, **limits: Any) -> Image.Image:
    file = tmp_path / "detail"
    write_detail(str(file), data, box, quarter_turns=quarter_turns, **LIMITS | limits)
    return Image.open(io.BytesIO(file.read_bytes()))


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
@pytest.mark.parametrize(("fmt", "options"), [("PNG", {}), ("WebP", {"lossless": True})])
def test_what_is_stored_without_loss_stays_so(
    tmp_path: Path, fmt: str, options: dict[str, Any], quarter_turns: int
) -> None:
    pixels = eighths()
    found = detail(tmp_path, image_file(pixels, fmt, **options), quarter_turns=quarter_turns)
    x0, y0, x1, y1 = BOX
    assert found.format == "PNG"
    assert np.array_equal(np.asarray(found), np.rot90(pixels, -quarter_turns)[y0:y1, x0:x1])


@pytest.mark.parametrize(("fmt", "options"), [("JPEG", {"quality": 95}), ("WebP", {"quality": 95})])
def test_a_photograph_becomes_a_good_jpeg(tmp_path: Path, fmt: str, options: dict[str, Any]) -> None:
    data = image_file(fmt=fmt, **options)
    found = detail(tmp_path, data)
    assert (found.format, found.size, found.mode) == ("JPEG", (130, 90), "RGB")
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB").crop(BOX), int)
    assert np.abs(np.asarray(found, int) - expected).mean() < 2
    assert {component[1:3] for component in found.layer} == {(1, 1)}  # type: ignore[attr-defined]  # no subsampling


def test_a_detail_is_upright_and_tells_nothing_of_where_it_comes_from(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret Camera"  # orientation, maker
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = detail(tmp_path, image_file(eighths(), "PNG", exif=exif, icc_profile=profile))
    x0, y0, x1, y1 = BOX
    assert np.array_equal(np.asarray(found), np.rot90(eighths(), -1)[y0:y1, x0:x1])
    assert found.info == {} and not found.getexif()


def test_a_png_that_would_be_too_large_becomes_a_jpeg(tmp_path: Path) -> None:
    """One of a grey picture, say, which has three channels as a detail."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8)
    data = image_file(np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))), "PNG")
    everything = (0, 0, 300, 300)
    assert detail(tmp_path, data, everything).format == "PNG"
    assert detail(tmp_path, data, everything, max_bytes=len(data)).format == "JPEG"


def test_what_is_too_large_as_a_jpeg_as_well_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    data = image_file(noise, quality=50)
    with pytest.raises(InvalidImage, match="Draw a smaller box"):
        detail(tmp_path, data, (0, 0, 300, 300), max_bytes=len(data))


@pytest.mark.parametrize("box", [(0, 0, 241, 10), (-1, 0, 10, 10), (10, 10, 10, 20), (0, 0, 10, 161)])
def test_what_lies_outside_is_refused(tmp_path: Path, box: Any) -> None:
    with pytest.raises(InvalidImage, match="outside the picture"):
        detail(tmp_path, image_file(), box)
