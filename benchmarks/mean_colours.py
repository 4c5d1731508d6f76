"""What the mean colours for "Similar" take, by our own Lab conversion and by scikit-image's, in turns.

    python -m benchmarks.mean_colours PHOTO [--pairs N]

Each includes decoding the working copy, as the first "Similar" on a photo does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from skimage.color import rgb2lab

from selector.arrays import Labels, Rgb
from selector.imaging.imagefile import decode, make_working_copy
from selector.segmentation.slic import segment
from selector.segmentation.superpixels import mean_colours

Colours = npt.NDArray[np.float64]


def by_scikit_image(rgb: Rgb, labels: Labels, n: int) -> Colours:
    """The mean colour of each of n superpixels in CIELAB: float64 (n, 3)."""
    lab, flat = rgb2lab(rgb).reshape(-1, 3), labels.ravel()
    sums = np.stack([np.bincount(flat, plane, n) for plane in lab.T], axis=1)
    means: Colours = sums / np.bincount(flat, minlength=n)[:, None]
    return means


def milliseconds(once: Callable[[], object]) -> float:
    start = time.perf_counter()
    once()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--pairs", type=int, default=10)
    arguments = parser.parse_args()
    jpeg = make_working_copy(arguments.photo.read_bytes(), max_bytes=2**28, max_pixels=10**8).jpeg
    labels = segment(decode(jpeg))
    n = int(labels.max()) + 1
    difference = np.abs(mean_colours(decode(jpeg), labels, n) - by_scikit_image(decode(jpeg), labels, n)).max()
    pairs = [
        (
            milliseconds(lambda: mean_colours(decode(jpeg), labels, n)),
            milliseconds(lambda: by_scikit_image(decode(jpeg), labels, n)),
        )
        for _ in range(arguments.pairs)
    ]
    ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratios = sorted(theirs / ours for ours, theirs in pairs)
    print(
        f"ours {ours:.1f} ms, scikit-image's {theirs:.1f} ms, one JPEG decode {milliseconds(lambda: decode(jpeg)):.1f}"
    )
    print(f"faster by {statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})")
    print(f"largest difference of a channel {difference:.3f}")


if __name__ == "__main__":
    main()
