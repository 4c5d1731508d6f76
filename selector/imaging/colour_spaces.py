"""Colour spaces that a file names without a profile: a white, primaries and a transfer function, brought to sRGB.

Numbers are those of ITU-T H.273, which PNG's cICP and the nclx of AVIF and HEIC use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from selector.imaging.containers.container import Container
from selector.imaging.exif import is_adobe_rgb
from selector.imaging.tone_mapping import BT2020, USUAL_PEAK, hlg_displayed, hlg_light, pq_light, tone_mapped

Codes: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
# White x and y, then those of red, green and blue.
Chromaticities: TypeAlias = tuple[float, ...]
Samples: TypeAlias = npt.NDArray[np.float64]
# From samples of 0 to 1 to light.
Transfer: TypeAlias = Callable[[Samples], Samples]

_D65, _ILLUMINANT_C, _DCI_WHITE = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
BT709: Chromaticities = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_BT601_525 = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
PRIMARIES: dict[int, Chromaticities] = {
    1: BT709,
    4: (*_ILLUMINANT_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: _BT601_525,
    7: _BT601_525,
    8: (*_ILLUMINANT_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: BT2020,
    11: (*_DCI_WHITE, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
_ADOBE_RGB: Chromaticities = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
# Bradford's cones, by which ICC profiles go from white to white.
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# So many pixels at a time: a few arrays of floats of them are all that is in memory.
_BAND_PIXELS = 2**18


@dataclass(frozen=True)
class Power:
    """A plain gamma."""

    exponent: float

    def __call__(self, samples: Samples) -> Samples:
        """The light of samples."""
        return samples**self.exponent


@dataclass(frozen=True)
class StretchedPower:
    """A power whose beginning is a line, as sRGB has it."""

    exponent: float
    offset: float
    break_at: float
    slope: float

    def __call__(self, samples: Samples) -> Samples:
        """The light of samples."""
        power = ((samples + self.offset) / (1 + self.offset)) ** self.exponent
        return np.where(samples < self.break_at, samples / self.slope, power)


def _dci_light(samples: Samples) -> Samples:
    """The light of a cinema's samples, whose white is a little brighter than a page."""
    return samples**2.6 * (52.37 / 48)


SRGB = StretchedPower(2.4, 0.055, 0.04045, 12.92)
_ADOBE_GAMMA = Power(563 / 256)
# What a display makes of video (ITU-R BT.1886), and not what the camera did.
_VIDEO = Power(2.4)
TRANSFERS: dict[int, Transfer] = {
    **dict.fromkeys((1, 6, 11, 14, 15), _VIDEO),
    4: Power(2.2),
    5: Power(2.8),
    7: StretchedPower(1 / 0.45, 0.1115, 0.0912, 4.0),
    8: Power(1),
    13: SRGB,
    16: pq_light,
    17: _dci_light,
    18: hlg_light,
}


@dataclass(frozen=True)
class ColourSpace:
    """What the samples of a picture mean.

    Attributes
    ----------
    chromaticities : tuple of float
        x and y of white, red, green and blue.
    transfer : function
        From samples of 0 to 1 to light.
    peak : float
        The brightest light of an HDR picture, in cd/m².
    """

    chromaticities: Chromaticities
    transfer: Transfer
    peak: float = USUAL_PEAK

    def srgb(self, codes: Codes) -> npt.NDArray[np.uint8]:
        """Samples in sRGB.

        Parameters
        ----------
        codes : uint8 or uint16 ndarray, shape (H, W) of greys or (H, W, 3)
            From 0 to all that the type holds.

        Returns
        -------
        uint8 ndarray, shape (H, W, 3)
        """
        height, width = codes.shape[:2]
        shown = np.empty((height, width, 3), np.uint8)
        rows = max(1, _BAND_PIXELS // width)
        light = _light(self.transfer, np.iinfo(codes.dtype).max)
        for top in range(0, height, rows):
            band = codes[top : top + rows]
            shown[top : top + rows] = self._shown(light, band if band.ndim == 3 else band[..., None].repeat(3, 2))
        return shown

    def _shown(self, light: npt.NDArray[np.float32], codes: Codes) -> npt.NDArray[np.uint8]:
        if self.transfer in (pq_light, hlg_light):
            wide = light[codes] @ _matrix(self.chromaticities, BT2020)
            wide = hlg_displayed(wide) if self.transfer is hlg_light else wide
            return _encoded(tone_mapped(wide, self.peak) @ _matrix(BT2020, BT709))
        if self.chromaticities == BT709:
            return _encoded(light)[codes]
        return _encoded(light[codes] @ _matrix(self.chromaticities, BT709))


def named_space(container: Container) -> ColourSpace | None:
    """The colour space that a file names, apart from its profile; None if that is sRGB, or none that is known here."""
    space = _of_codes(container) or _of_gamma(container)
    if space is None and container.format != "PNG" and is_adobe_rgb(container.exif):
        space = ColourSpace(_ADOBE_RGB, _ADOBE_GAMMA)
    return space if space is not None and space != ColourSpace(BT709, SRGB) and _is_possible(space) else None


def goes_before_profile(container: Container) -> bool:
    """Whether what `named_space` gives counts more than a profile: of a PNG with a cICP that is known here."""
    return container.format == "PNG" and _of_codes(container) is not None


def _of_codes(container: Container) -> ColourSpace | None:
    """The space of the numbers of H.273."""
    if container.cicp is None:
        return None
    primaries, transfer = container.cicp[:2]
    if container.format != "PNG":
        # In AVIF and HEIC browsers take it for sRGB, as most who write it mean it, and so they do what is not said.
        primaries = primaries if primaries in PRIMARIES else 1
        transfer = 13 if TRANSFERS.get(transfer, _VIDEO) is _VIDEO else transfer
    if primaries not in PRIMARIES or transfer not in TRANSFERS:
        return None
    return ColourSpace(PRIMARIES[primaries], TRANSFERS[transfer], container.peak or USUAL_PEAK)


def _of_gamma(container: Container) -> ColourSpace | None:
    """The space of a PNG's gAMA and cHRM."""
    if container.gamma is None:
        return None
    if container.chromaticities is not None:
        return ColourSpace(container.chromaticities, Power(1 / container.gamma))
    # Who writes about the gamma of sRGB, and no more, means sRGB.
    return None if abs(2.2 * container.gamma - 1) < 0.05 else ColourSpace(BT709, Power(1 / container.gamma))


def _is_possible(space: ColourSpace) -> bool:
    """Whether the primaries can be mixed to their white."""
    try:
        return bool(np.abs(_matrix(space.chromaticities, BT709)).max() < 100)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return False


@lru_cache(maxsize=4)
def _light(transfer: Transfer, most: int) -> npt.NDArray[np.float32]:
    """The light of each sample from 0 to the most."""
    return transfer(np.arange(most + 1) / most).astype(np.float32)


@lru_cache(maxsize=8)
def _matrix(source: Chromaticities, target: Chromaticities) -> npt.NDArray[np.float32]:
    """What rows of light in one space are multiplied by for those in another, from white to white."""
    to_xyz, from_xyz = _xyz(source), np.linalg.inv(_xyz(target))
    whites = [_CONES @ xyz.sum(axis=1) for xyz in (to_xyz, _xyz(target))]
    adapted = np.linalg.inv(_CONES) @ np.diag(whites[1] / whites[0]) @ _CONES
    rows: npt.NDArray[np.float32] = (from_xyz @ adapted @ to_xyz).T.astype(np.float32)
    return rows


def _xyz(chromaticities: Chromaticities) -> npt.NDArray[np.float64]:
    """XYZ of full red, green and blue, in columns, which add up to white."""
    white, *primaries = (
        np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)
    )
    columns = np.stack(primaries, axis=1)
    return columns * np.linalg.solve(columns, white)


def _encoded(light: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Light in sRGB's own samples; what is beyond is clipped."""
    return _srgb_table()[(np.clip(light, 0, 1) * 65_535 + 0.5).astype(np.uint16)]


@lru_cache(maxsize=1)
def _srgb_table() -> npt.NDArray[np.uint8]:
    """The sRGB sample of each of 65,536 steps of light."""
    light = np.arange(65_536) / 65_535
    samples = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * samples).astype(np.uint8)
