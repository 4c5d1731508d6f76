"""Pictures with much to hold on to: blots of many sizes, as different for each seed as photographs of things are."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Picture = npt.NDArray[np.uint8]


@cache
def texture(seed: int, width: int = 240, height: int = 180) -> Picture:
    """Random boxes over each other, a little blurred: uint8 (height, width, 3)."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width, 3), random.integers(60, 200, 3), np.uint8)
    for _ in range(width * height // 150):
        x, y = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(4, 26, 2)
        picture[y : y + h, x : x + w] = random.integers(0, 256, 3)
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(1.0)))


def set_into(
    scene: Picture,
    thing: Picture,
    at: tuple[int, int],
    *,
    scale: float = 1.0,
    turned: float = 0.0,
    mirrored: bool = False,
    light: float = 1.0,
) -> Picture:
    """A scene with a thing in it: scaled, turned (in degrees), mirrored, in another light, its corner `at` (x, y)."""
    cut = Image.fromarray(thing)
    cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else cut
    cut = cut.resize((round(cut.width * scale), round(cut.height * scale)), Image.Resampling.LANCZOS)
    mask = Image.new("L", cut.size, 255).rotate(turned, expand=True)
    cut = cut.rotate(turned, expand=True, resample=Image.Resampling.BICUBIC).point(lambda value: int(light * value))
    whole = Image.fromarray(scene)
    whole.paste(cut, at, mask)
    return np.asarray(whole)
