"""A picture in its full size, decoded once and given upright and in sRGB strip by strip.

Beside what its decoder needs, a strip is all that is in memory: a large JPEG or TIFF is decoded into a file, a TIFF no
further than it is asked for.
"""

from __future__ import annotations

import numpy as np

from selector.arrays import Rgb
from selector.imaging.colour import in_srgb
from selector.imaging.decoders import in_full_size, refusing
from selector.imaging.imagefile import checked
from selector.imaging.turns import Box, Turning


class UprightPicture:
    """Read an image file in its full size.

    Parameters
    ----------
    data : bytes
        The file.
    max_bytes, max_pixels, max_large_pixels : int
        As in `selector.imaging.imagefile.make_working_copy`.
    quarter_turns : int, optional
        How many quarters to turn it clockwise, after EXIF has turned it upright.

    Attributes
    ----------
    size : (width, height)
        Of the upright picture.
    dots_per_metre : (across, down) or None
        Of the upright picture; None if its file does not say.

    Raises
    ------
    InvalidImage
        As in `selector.imaging.imagefile.make_working_copy`.
    """

    def __init__(
        self, data: bytes, *, max_bytes: int, max_pixels: int, max_large_pixels: int = 0, quarter_turns: int = 0
    ) -> None:
        self._container = checked(data, max_bytes, max_pixels, max_large_pixels)
        self._turning = Turning(self._container.orientation, quarter_turns)
        self.size = self._turning.size(self._container.size)
        dots = self._container.dots_per_metre
        self.dots_per_metre = self._turning.size(dots) if dots else None
        with refusing(self._container.format):
            self._stored = in_full_size(self._container)

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
        with refusing(self._container.format):
            part = self._stored.crop(self._turning.stored_box(box, self._container.size))
            return np.asarray(self._turning.picture(in_srgb(part, self._container)))
