"""HDR pictures on a display that is not: PQ and HLG (ITU-R BT.2100) brought to the range of sRGB.

The curve is the one that Chromium draws with: the reference white tone mapping of SMPTE ST 2094-50. White goes down to
as little as a half, to leave room for what is brighter; all that is not brighter goes down with it, and keeps its
colour. A picture looks dimmer so, but light that is brighter than paper stays apart from it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# White x and y, then those of red, green and blue.
BT2020 = (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
# In cd/m²: white of a page (ITU-R BT.2408), and the brightest light of a picture that does not say.
REFERENCE_WHITE, USUAL_PEAK = 203.0, 1000.0
HLG_DISPLAY_PEAK, HLG_GAMMA = 1000.0, 1.2
# How far the curve's middle point is from its knee, on the way to where the line below the knee would reach 1.
_SHARPNESS = 0.65


def pq_light(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The light of PQ samples.

    Parameters
    ----------
    samples : float64 ndarray
        From 0 to 1.

    Returns
    -------
    float64 ndarray of the same shape
        1 is the white of a page.
    """
    m1, m2 = 2610 / 2**14, 2523 / 2**5
    c1, c2, c3 = 3424 / 2**12, 2413 / 2**7, 2392 / 2**7
    root = samples ** (1 / m2)
    light: npt.NDArray[np.float64] = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light * (10_000 / REFERENCE_WHITE)


def hlg_light(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The light in front of the camera of HLG samples.

    Parameters
    ----------
    samples : float64 ndarray
        From 0 to 1.

    Returns
    -------
    float64 ndarray of the same shape
        From 0 to 1.
    """
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(samples <= 0.5, samples**2 / 3, (np.exp((samples - c) / a) + b) / 12)


def hlg_displayed(light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The light of a reference display for what was in front of the camera.

    Parameters
    ----------
    light : float32 ndarray, shape (..., 3)
        From `hlg_light`, in BT.2020.

    Returns
    -------
    float32 ndarray, shape (..., 3)
        In BT.2020; 1 is the white of a page.
    """
    luminance = np.maximum(light @ _LUMINANCE, 1e-9)[..., None]
    displayed: npt.NDArray[np.float32] = light * luminance ** (HLG_GAMMA - 1)
    return displayed * np.float32(HLG_DISPLAY_PEAK / REFERENCE_WHITE)


def tone_mapped(light: npt.NDArray[np.float32], peak: float = USUAL_PEAK) -> npt.NDArray[np.float32]:
    """HDR light brought to the range of a display whose brightest light is white.

    Parameters
    ----------
    light : float32 ndarray, shape (..., 3)
        In BT.2020; 1 is the white of a page.
    peak : float
        The brightest light of the picture, in cd/m².

    Returns
    -------
    float32 ndarray, shape (..., 3)
        In BT.2020; 1 is the brightest light.
    """
    headroom = peak / REFERENCE_WHITE
    if headroom <= 1:
        return light
    brightest = light.max(axis=-1, keepdims=True)
    white = 1 - 0.5 * min(1.0, np.log2(headroom) / np.log2(USUAL_PEAK / REFERENCE_WHITE))
    gain = np.full_like(brightest, white)
    bright = brightest > 1
    gain[bright] = _shoulder(brightest[bright], headroom, white) / brightest[bright]
    mapped: npt.NDArray[np.float32] = light * gain
    return mapped


def _shoulder(light: npt.NDArray[np.float32], headroom: float, white: float) -> npt.NDArray[np.float32]:
    """What light from 1 to the headroom becomes: a parabola from (1, white) that ends at (headroom, 1)."""
    middle_x = 1 - _SHARPNESS + _SHARPNESS / white
    middle_y = (1 - _SHARPNESS) * white + _SHARPNESS
    # Where on the parabola, from 0 to 1, is this light?
    a, b, c = 1 - 2 * middle_x + headroom, 2 * middle_x - 2, 1 - np.minimum(light, np.float32(headroom))
    # Written so that a = 0 does no harm.
    t = -2 * c / (b + np.sqrt(b * b - 4 * a * c))
    mapped = white * (1 - t) ** 2 + 2 * middle_y * t * (1 - t) + t * t
    return mapped.astype(np.float32)
