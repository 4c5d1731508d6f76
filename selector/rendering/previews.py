"""The selected portion of a photo as a picture of its own."""

from __future__ import annotations

import io
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from selector.arrays import Labels, Mask, Members, Rgb
from selector.rendering.masks import Box, mask_box, region_mask
from selector.rendering.png import CLEAR, OPAQUE

Background: TypeAlias = Literal["white", "transparent", "dimmed"]


def preview_png(
    rgb: Rgb,
    labels: Labels,
    selected: Members,
    *,
    background: Background = "white",
    crop: bool = False,
    padding: float = 0.0,
    long_side: int | None = None,
) -> bytes:
    """The selected portion of a photo as a picture of its own.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    background : {"white", "transparent", "dimmed"}, optional
        What is not selected: white; transparent, its colours wiped too; or the photo at a quarter of its brightness.
    crop : bool, optional
        Only the bounding box of the selection; everything if nothing is selected.
    padding : float, optional
        With `crop`, this share of the box's longer side is added on each side, as far as the photo goes.
    long_side : int, optional
        Shrink the picture to at most this many pixels on its longer side; it is never enlarged.

    Returns
    -------
    bytes
        RGB PNG, or RGBA with the transparent background.

    Raises
    ------
    ValueError
        If the photo and the label map differ in size, or for a background that does not exist.
    """
    if rgb.shape != (*labels.shape, 3):
        raise ValueError("The photo and the label map differ in size.")
    mask = region_mask(labels, selected)
    if crop and (box := mask_box(mask)):
        x0, y0, x1, y1 = _padded(box, padding, mask.shape)
        rgb, mask = rgb[y0:y1, x0:x1], mask[y0:y1, x0:x1]
    picture = Image.fromarray(composed(rgb, mask, background))
    if long_side is not None:
        picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def composed(rgb: Rgb, mask: Mask, background: Background) -> npt.NDArray[np.uint8]:
    """What a mask selects of a picture, on a background.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    mask : bool ndarray, shape (H, W)
    background : {"white", "transparent", "dimmed"}
        As in `preview_png`.

    Returns
    -------
    uint8 ndarray, shape (H, W, 3)
        Or (H, W, 4) with the transparent background.
    """
    if background not in get_args(Background):
        raise ValueError(f"Unknown background {background!r}.")
    if background == "transparent":
        alpha = np.where(mask, np.uint8(OPAQUE), np.uint8(CLEAR))
        return np.dstack([np.where(mask[..., None], rgb, np.uint8(0)), alpha])
    elsewhere = np.uint8(255) if background == "white" else rgb >> 2
    return np.where(mask[..., None], rgb, elsewhere)


def _padded(box: Box, padding: float, shape: tuple[int, ...]) -> Box:
    """A box with `padding` times its longer side added on each side, within an image of this shape."""
    x0, y0, x1, y1 = box
    more = round(padding * max(x1 - x0, y1 - y0))
    height, width = shape
    return max(0, x0 - more), max(0, y0 - more), min(width, x1 + more), min(height, y1 + more)
