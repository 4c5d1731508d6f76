"""The points by which a hit was known to show the very thing, as a drawing over both pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gallery.descriptors.same_thing import VERIFIED
from gallery.models import GalleryImage, Search
from gallery.search.checking import match_with
from selector.arrays import Floats
from selector.models import Photo
from selector.rendering.masks import mask_box, region_mask
from selector.services import label_maps

# Of the drawing, in its own units: how wide it is, how high each picture may be, and what is between them. They stand
# above each other: the drawing is in a narrow column.
WIDTH, HIGHEST, GAP = 320.0, 320.0, 28.0
# More lines could not be told apart.
MOST_LINES = 12


@dataclass(frozen=True)
class Picture:
    """A part of a photo as it stands in the drawing.

    Attributes
    ----------
    photo : Photo
    x, y, width, height : float
        Where it stands, and how large, in units of the drawing.
    box : (left, top, width, height)
        The part that is shown, in pixels of the photo.
    """

    photo: Photo
    x: float
    y: float
    width: float
    height: float
    box: tuple[int, int, int, int]

    @classmethod
    def of(cls, photo: Photo, box: tuple[int, int, int, int], y: float) -> Picture:
        """A part of a photo, (left, top, width, height) in pixels, as large as it may be."""
        scale = min(WIDTH / box[2], HIGHEST / box[3])
        width, height = round(scale * box[2], 1), round(scale * box[3], 1)
        return cls(photo, round((WIDTH - width) / 2, 1), round(y, 1), width, height, box)

    @property
    def view_box(self) -> str:
        """The part that is shown, as SVG has it."""
        return " ".join(map(str, self.box))

    def place(self, points: Floats) -> npt.NDArray[np.float64]:
        """Where points of the photo, (k, 2) in pixels, are in the drawing."""
        scale = self.width / self.box[2]
        return (points.astype(np.float64) + 0.5 - self.box[:2]) * scale + (self.x, self.y)


@dataclass(frozen=True)
class DrawnPoints:
    """Two pictures above each other, and the points that belong together.

    Attributes
    ----------
    number : int
        How many there are.
    is_mirrored : bool
    asked, found : Picture
    width, height : float
        Of the drawing.
    lines : list of list of float
        x and y in the upper picture, x and y in the lower one.
    """

    number: int
    is_mirrored: bool
    asked: Picture
    found: Picture
    width: float
    height: float
    lines: list[list[float]]

    @property
    def pictures(self) -> tuple[Picture, Picture]:
        """Both, from above."""
        return self.asked, self.found


def points_in(search: Search, image: GalleryImage) -> DrawnPoints | None:
    """The points of an image that lie as in the selection of a search; None where these are too few, or unknown."""
    match = match_with(search, image)
    if match is None or len(match) < VERIFIED:
        return None
    photo, members = search.label_map.photo, search.superpixels.included
    left, top, right, bottom = mask_box(region_mask(label_maps.load(search.label_map).labels, members)) or (0, 0, 1, 1)
    asked = Picture.of(photo, (left, top, right - left, bottom - top), 0.0)
    found = Picture.of(image.photo, (0, 0, image.photo.width, image.photo.height), asked.height + GAP)
    # Spread over the thing: from the left to the right.
    order = np.argsort(match.asked[:, 0], kind="stable")
    shown = order[np.unique(np.linspace(0, len(order) - 1, MOST_LINES).astype(int))]
    ends = np.hstack([asked.place(match.asked[shown]), found.place(match.found[shown])])
    return DrawnPoints(
        len(match),
        match.is_mirrored,
        asked,
        found,
        WIDTH,
        round(found.y + found.height, 1),
        ends.round(1).tolist(),
    )
