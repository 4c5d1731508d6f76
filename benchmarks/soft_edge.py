"""The soft edge of a cut-out against masks that people drew: the error of the alpha near the edge.

    python -m benchmarks.soft_edge FOLDER [--choose] [--json FILE]

FOLDER holds `objects.jsonl` (image and mask a line), `images/` and `masks/`. The hard cut is the best that superpixels
allow: those of which more than half lies in the mask. The alpha of each way is compared with the mask, antialiased, on
all pixels within four of the cut's edge. Every fifth object is reported; with --choose the constants of the matte are
tried on the others instead.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from benchmarks.served_site import report
from selector.arrays import Mask, Rgb
from selector.rendering.matte import EPSILON, RADIUS, STEEPNESS, alpha_matte
from selector.segmentation.slic import segment

BAND = 4
# Of the Gaussian that antialiases a mask of whole pixels, in pixels.
ANTIALIASING = 0.7
EVERY = 5
# With --choose every so many of the others are tried.
TRIED = 3

Alpha = npt.NDArray[np.floating[Any]]
Way = Callable[[Rgb, Mask], Alpha]
Case = tuple[Rgb, Mask, Mask]


def softened(sigma: float) -> Way:
    return lambda rgb, cut: ndimage.gaussian_filter(cut.astype(np.float32), sigma)


def matted(radius: int, epsilon: float, steepness: float) -> Way:
    return lambda rgb, cut: alpha_matte(rgb, cut, radius=radius, epsilon=epsilon, steepness=steepness) / 255


WAYS: dict[str, Way] = {
    "hard cut": lambda rgb, cut: cut.astype(np.float32),
    "the same, blurred by 1 px": softened(1),
    "the same, blurred by 2 px": softened(2),
    "guided filter as it is": matted(RADIUS, EPSILON, 1),
    "soft edge": matted(RADIUS, EPSILON, STEEPNESS),
}
TRIALS = {
    f"radius {r}, epsilon {e}, steepness {s}": matted(r, e, s)
    for r, e, s in itertools.product((3, 4, 6), (0.001, 0.01, 0.03), (1.5, 2, 2.5, 3))
}


def cases(folder: Path, *, others: bool) -> Iterator[Case]:
    """Photo, mask, and the superpixels that lie in the mask."""
    lines = (folder / "objects.jsonl").read_text().splitlines()
    chosen = [line for i, line in enumerate(lines) if (i % EVERY != 0) == others]
    for line in chosen[:: TRIED if others else 1]:
        names = json.loads(line)
        rgb = np.asarray(Image.open(folder / "images" / names["image"]).convert("RGB"))
        mask = np.asarray(Image.open(folder / "masks" / names["mask"]).convert("1"))
        labels = segment(rgb)
        held = np.bincount(labels.ravel(), mask.ravel()) * 2 > np.bincount(labels.ravel())
        cut = held[labels]
        if cut.any() and not cut.all():
            yield rgb, mask, cut


def near_the_edge(cut: Mask) -> Mask:
    inside = ndimage.distance_transform_edt(cut)
    near: Mask = np.where(cut, inside, ndimage.distance_transform_edt(~cut)) <= BAND
    return near


def decode_ms(rgb: Rgb) -> float:
    """Milliseconds of a JPEG decode of this picture: how fast the machine is at the moment."""
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "JPEG", quality=90)
    start = time.perf_counter()
    Image.open(data).convert("RGB").load()
    return 1000 * (time.perf_counter() - start)


def measured(folder: Path, ways: dict[str, Way], *, others: bool) -> list[dict[str, object]]:
    errors: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ways}
    times: dict[str, list[float]] = {name: [] for name in ways}
    decodes = []
    for rgb, mask, cut in cases(folder, others=others):
        near, exact = near_the_edge(cut), ndimage.gaussian_filter(mask.astype(np.float32), ANTIALIASING)
        decodes.append(decode_ms(rgb))
        for name, way in ways.items():
            start = time.perf_counter()
            alpha = way(rgb, cut)
            times[name].append(1000 * (time.perf_counter() - start))
            difference = np.abs(alpha - exact)[near]
            errors[name].append(np.array([difference.mean(), (difference**2).mean()]))
    decode = statistics.median(decodes)
    means = {name: np.mean(found, axis=0) for name, found in errors.items()}
    return [
        {
            "name": name,
            "mean_error": round(float(means[name][0]), 4),
            "mean_squared_error": round(float(means[name][1]), 4),
            "median_ms": round(statistics.median(times[name]), 2),
            "jpeg_decodes": round(statistics.median(times[name]) / decode, 2),
            "objects": len(decodes),
        }
        for name in ways
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    ways = {"hard cut": WAYS["hard cut"], **TRIALS} if arguments.choose else WAYS
    report(measured(arguments.folder, ways, others=arguments.choose), arguments.json)


if __name__ == "__main__":
    main()
