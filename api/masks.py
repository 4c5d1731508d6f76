"""Masks as programs read and write them (COCO's runs), and the superpixels that they mean."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import numpy as np
from django.conf import settings
from ninja import Field, Schema

from curating.moving.coco_rle import decode, encode
from selector.arrays import Labels, Mask, Members
from selector.rendering.masks import mask_box
from selector.selection.geometry import MAX_POINTS, Points, polygon_mask
from selector.selection.gestures import mostly_inside
from superpixel_site.refusals import Refusal

NO_MASK = "mask: These are no runs of COCO's that fill a mask of this size."
TOO_LARGE = "mask: That is larger than any photo here."
OUTSIDE = "polygon: A corner lies outside the photo."

Coordinate = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Point = tuple[Coordinate, Coordinate]
Line = Annotated[list[Point], Field(max_length=MAX_POINTS)]
Box = tuple[Coordinate, Coordinate, Coordinate, Coordinate]


class Rle(Schema):
    """A mask as `pycocotools.mask` has it: runs of pixels, column by column, packed into letters."""

    size: tuple[int, int] = Field(description="Height and width, in pixels.", examples=[[2, 2]])
    counts: str = Field(max_length=1_500_000, examples=["13"])

    @classmethod
    def of(cls, mask: Mask) -> Rle:
        """A mask, bool (H, W), packed."""
        packed = encode(mask)
        return cls(size=(packed["size"][0], packed["size"][1]), counts=packed["counts"])

    @classmethod
    @lru_cache(maxsize=256)
    def of_nothing(cls, shape: tuple[int, ...]) -> Rle:
        """An empty mask of a height and width, which is packed once."""
        return cls.of(np.zeros(shape, bool))

    def unpacked(self) -> Mask:
        """The mask, bool (H, W).

        Raises
        ------
        Refusal
        """
        height, width = self.size
        if height < 1 or width < 1 or height * width > settings.MAX_UPLOAD_PIXELS:
            raise Refusal(TOO_LARGE, 422, "")
        try:
            return decode({"size": [height, width], "counts": self.counts})
        except (ValueError, OverflowError):
            raise Refusal(NO_MASK, 422, "") from None


def superpixels_in(labels: Labels, n: int, mask: Mask) -> Members:
    """The superpixels that a mask means: those of which more than half lies in it; else the one that it covers most.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    n : int
        How many superpixels there are.
    mask : bool ndarray, any shape
        Over the same picture: one of another size, the original's say, is looked at in the middle of each pixel.

    Returns
    -------
    bool ndarray, shape (n,)
    """
    rows, columns = (
        (2 * np.arange(side) + 1) * of // (2 * side) for side, of in zip(labels.shape, mask.shape, strict=True)
    )
    inside = mask[rows[:, None], columns]
    members = mostly_inside(labels, np.arange(n, dtype=np.uint16), inside)
    if inside.any() and not members.any():
        members[np.bincount(labels[inside], minlength=n).argmax()] = True
    return members


def pixels_in(labels: Labels, polygon: Points) -> Mask:
    """The pixels of a polygon.

    Raises
    ------
    Refusal
    """
    try:
        return polygon_mask(polygon, *labels.shape)
    except ValueError:
        raise Refusal(OUTSIDE, 422, "") from None


def box_of(mask: Mask) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of a mask, the last two excluded; None of an empty one."""
    return mask_box(mask)
