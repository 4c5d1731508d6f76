"""The selected portion of a photo as a picture of its own."""

from __future__ import annotations

import io
import zlib
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from selector.arrays import Labels, Mask, Members, Rgb
from selector.rendering.masks import Box, mask_box, region_mask
from selector.rendering.matte import Alpha, alpha_matte
from selector.rendering.png import BLACK, CLEAR, OPAQUE, deflated, encoded

Background: TypeAlias = Literal["white", "transparent", "dimmed"]


def preview_png(
    rgb: Rgb,
    labels: Labels,
    selected: Members,
    *,
    background: Background = "white",
    crop: bool = False,
    soft: bool = False,
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
    soft : bool, optional
        With the soft edge of `selector.rendering.matte`, else exactly the superpixels.
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
    alpha = alpha_matte(rgb, mask) if soft else opaque(mask)
    if crop and (box := mask_box(alpha > CLEAR)):
        x0, y0, x1, y1 = _padded(box, padding, mask.shape)
        rgb, alpha = rgb[y0:y1, x0:x1], alpha[y0:y1, x0:x1]
    picture = Image.fromarray(composed(rgb, alpha, background))
    if long_side is not None:
        picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def matte_png(rgb: Rgb, labels: Labels, selected: Members) -> bytes:
    """The soft edge of a selection as a mask for style sheets: black, as opaque as each pixel is selected.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)

    Returns
    -------
    bytes
        PNG of W x H pixels with a palette of 256 opacities.
    """
    alpha = alpha_matte(rgb, region_mask(labels, selected))
    return encoded(alpha.shape, deflated(alpha, zlib.Z_RLE), [BLACK] * 256, range(256), 8)


def opaque(mask: Mask) -> Alpha:
    """A mask as the alpha of a hard edge.

    Parameters
    ----------
    mask : bool ndarray, shape (H, W)

    Returns
    -------
    uint8 ndarray, shape (H, W)
        255 where it is set, 0 elsewhere.
    """
    return mask.view(np.uint8) * np.uint8(OPAQUE)


def composed(rgb: Rgb, alpha: Alpha, background: Background) -> npt.NDArray[np.uint8]:
    """What is selected of a picture, on a background.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    alpha : uint8 ndarray, shape (H, W)
        How much of each pixel is selected.
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
        return np.dstack([np.where(alpha[..., None] > CLEAR, rgb, np.uint8(0)), alpha])
    elsewhere = np.full_like(rgb, 255) if background == "white" else rgb >> 2
    result = np.where(alpha[..., None] > CLEAR, rgb, elsewhere)
    mixed = (alpha > CLEAR) & (alpha < OPAQUE)
    share = alpha[mixed][:, None].astype(np.uint16)
    result[mixed] = (share * rgb[mixed] + (OPAQUE - share) * elsewhere[mixed] + OPAQUE // 2) // OPAQUE
    return result


def _padded(box: Box, padding: float, shape: tuple[int, ...]) -> Box:
    """A box with `padding` times its longer side added on each side, within an image of this shape."""
    x0, y0, x1, y1 = box
    more = round(padding * max(x1 - x0, y1 - y0))
    height, width = shape
    return max(0, x0 - more), max(0, y0 - more), min(width, x1 + more), min(height, y1 + more)
