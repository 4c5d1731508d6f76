"""Pictures made in memory, a few lines each."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 160, 60), (40, 70, 200), (230, 200, 50)


def quarters(width: int = 240, height: int = 160) -> npt.NDArray[np.uint8]:
    """Red and green above blue and yellow, with a little noise: four objects that no segmentation can miss."""
    picture = np.empty((height, width, 3), np.uint8)
    y, x = height // 2, width // 2
    picture[:y, :x], picture[:y, x:], picture[y:, :x], picture[y:, x:] = RED, GREEN, BLUE, YELLOW
    noise = np.random.default_rng(7).integers(-6, 7, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


EIGHT = (RED, GREEN, BLUE, YELLOW, (240, 240, 240), (30, 30, 30), (150, 60, 170), (60, 190, 200))


def eighths(width: int = 240, height: int = 160) -> npt.NDArray[np.uint8]:
    """Four columns by two rows of colours with a little noise: eight objects, as many as the coarsest level shows."""
    picture = np.empty((height, width, 3), np.uint8)
    for i, colour in enumerate(EIGHT):
        row, column = divmod(i, 4)
        rows = slice(row * height // 2, (row + 1) * height // 2)
        picture[rows, column * width // 4 : (column + 1) * width // 4] = colour
    noise = np.random.default_rng(7).integers(-6, 7, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def image_file(pixels: npt.NDArray[np.uint8] | None = None, fmt: str = "JPEG", **options: Any) -> bytes:
    """A picture as an image file; the quarters by default."""
    out = io.BytesIO()
    Image.fromarray(quarters() if pixels is None else pixels).save(out, fmt, **options)
    return out.getvalue()


def dated(original: str | None = None, changed: str | None = None, fmt: str = "JPEG") -> bytes:
    """A picture with the dates that a camera and an editor write."""
    exif = Image.Exif()
    if original is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = original
    if changed is not None:
        exif[ExifTags.Base.DateTime] = changed
    return image_file(fmt=fmt, exif=exif.tobytes())
