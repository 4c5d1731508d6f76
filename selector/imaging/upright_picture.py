"""A picture in its full size, decoded once and given upright and in sRGB strip by strip.

Beside the decoded picture, which takes what its decoder needs, a strip is all that is in memory.
"""

from __future__ import annotations

import numpy as np

from selector.arrays import Rgb
from selector.imaging.colour import in_srgb
from selector.imaging.decoders import decoded, refusing
from selector.imaging.imagefile import checked
from selector.imaging.turns import Box, Turning


class UprightPicture:
    """Read a JPEG, PNG or WebP file in its full size.

    Parameters
    ----------
    data : bytes
        The file.
    max_bytes, max_pixels : int
        A file with more is refused, by its header, before anything is decoded.
    quarter_turns : int, optional
        How many quarters to turn it clockwise, after EXIF has turned it upright.

    Attributes
    ----------
    size : (width, height)
        Of the upright picture.

    Raises
    ------
    InvalidImage
        As in `selector.imaging.imagefile.make_working_copy`.
    """

    def __init__(self, data: bytes, *, max_bytes: int, max_pixels: int, quarter_turns: int = 0) -> None:
        self._container = checked(data, max_bytes, max_pixels)
        self._turning = Turning(self._container.orientation, quarter_turns)
        self.size = self._turning.size(self._container.size)
        with refusing(self._container.format):
            self._stored = decoded(self._container, self._container.size)

    def pixels(self, box: Box) -> Rgb:
        """The pixels in a box of the upright picture.

        Parameters
        ----------
        box : (x0, y0, x1, y1)

        Returns
        -------
        uint8 ndarray, shape (y1 - y0, x1 - x0, 3)
            sRGB; what is transparent is white.
        """
        part = self._stored.crop(self._turning.stored_box(box, self._container.size))
        with refusing(self._container.format):
            return np.asarray(self._turning.picture(in_srgb(part, self._container)))
