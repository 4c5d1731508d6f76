"""Pictures: bytes and files as arrays, and parts of them shown."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from superpixel_search.masks import Mask

Rgb = npt.NDArray[np.uint8]
# A file, its bytes, or its pixels (H, W, 3) or (H, W).
Picture = str | Path | bytes | Rgb
OUTLINE = (255, 255, 255), (20, 20, 20)
DIMMED = 0.45


def file_of(picture: Picture) -> tuple[str, bytes]:
    """The name and the bytes of a picture as they are sent; pixels as a PNG.

    Raises
    ------
    OSError
        If it is a file that cannot be read.
    """
    if isinstance(picture, bytes):
        return "picture", picture
    if isinstance(picture, np.ndarray):
        return "picture.png", as_png(Image.fromarray(picture))
    path = Path(picture)
    return path.name, path.read_bytes()


def pixels_in(data: bytes) -> Rgb:
    """The pixels of a picture: uint8 (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def as_png(picture: Image.Image) -> bytes:
    """A picture as notebooks show it."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def cut_out(rgb: Rgb, mask: Mask) -> Image.Image:
    """What lies in a mask, on white, cut to its box."""
    shown = np.where(mask[..., None], rgb, 255).astype(np.uint8)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size:
        shown = shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Image.fromarray(shown)


def outlined(rgb: Rgb, mask: Mask | None) -> Image.Image:
    """A picture with a light and dark line around a mask, and all else dimmed."""
    if mask is None:
        return Image.fromarray(rgb)
    grey = rgb.mean(axis=2, keepdims=True)
    shown = np.where(mask[..., None], rgb, DIMMED * grey + (1 - DIMMED) * 128).astype(np.uint8)
    inner, outer = _grown(mask) & ~mask, _grown(_grown(_grown(mask))) & ~_grown(mask)
    shown[outer], shown[inner] = OUTLINE[1], OUTLINE[0]
    return Image.fromarray(shown)


def _grown(mask: Mask) -> Mask:
    """A mask and the pixels beside it."""
    padded = np.pad(mask, 1)
    return padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
