"""What colours look like, by the formulas of the specifications and not by the code that is tested.

Matrices are those of CSS Color 4 (section 18); PQ and HLG those of ITU-R BT.2100 (tables 4 and 5).
"""

from __future__ import annotations

import math

import numpy as np

Colour = tuple[float, float, float]

TO_XYZ = {
    "sRGB": [[506752 / 1228815, 87881 / 245763, 12673 / 70218], [87098 / 409605, 175762 / 245763, 12673 / 175545],
             [7918 / 409605, 87881 / 737289, 1001167 / 1053270]],
    "P3": [[608311 / 1250200, 189793 / 714400, 198249 / 1000160], [35783 / 156275, 247089 / 357200, 198249 / 2500400],
           [0, 32229 / 714400, 5220557 / 5000800]],
    "2020": [[63426534 / 99577255, 20160776 / 139408157, 47086771 / 278816314],
             [26158966 / 99577255, 472592308 / 697040785, 8267143 / 139408157],
             [0, 19567812 / 697040785, 295819943 / 278816314]],
    "Adobe": [[573536 / 994567, 263643 / 1420810, 187206 / 994567], [591459 / 1989134, 6239551 / 9945670,
              374412 / 4972835], [53769 / 1989134, 351524 / 4972835, 4929758 / 4972835]],
}  # fmt: skip


def srgb_of_light(light: Colour, space: str = "sRGB") -> Colour:
    """The sRGB colour, 0 to 255, of the light of a space's primaries."""
    xyz = np.array(TO_XYZ[space]) @ np.array(light)
    red, green, blue = np.linalg.solve(np.array(TO_XYZ["sRGB"]), xyz)
    return srgb_sample(red), srgb_sample(green), srgb_sample(blue)


def srgb_sample(light: float) -> float:
    light = min(max(light, 0.0), 1.0)
    return 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def srgb_light(sample: float) -> float:
    sample /= 255
    return sample / 12.92 if sample <= 0.04045 else ((sample + 0.055) / 1.055) ** 2.4


def pq_nits(sample: float) -> float:
    """The light of a PQ sample from 0 to 1, in cd/m²."""
    root = sample ** (32 / 2523)
    return float(10_000 * (max(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305))


def hlg_nits(samples: Colour) -> Colour:
    """The light of a reference display of 1,000 cd/m² for HLG samples from 0 to 1."""
    red, green, blue = (
        sample**2 / 3 if sample <= 0.5 else (math.exp((sample - 0.55991073) / 0.17883277) + 0.28466892) / 12
        for sample in samples
    )
    gain = 1_000 * (0.2627 * red + 0.6780 * green + 0.0593 * blue) ** 0.2
    return red * gain, green * gain, blue * gain
