"""The engines that cut an image into about n superpixels, ours and its peers, each as it comes.

An engine maps (rgb uint8 (H, W, 3), n) to integer labels (H, W) on one thread. Peers that are not installed are left
out and named.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels
from selector.segmentation import hierarchy, slic

os.environ["OMP_NUM_THREADS"] = "1"  # read when a peer is loaded

Image = npt.NDArray[np.uint8]
Run = Callable[[Image, int], Labels]


@dataclass(frozen=True)
class Engine:
    """A way to cut an image into about n superpixels.

    `variants` are further settings to try where the first, `run`, does not come near the number asked for.
    """

    name: str
    run: Run
    variants: tuple[Run, ...] = ()


def ours(rgb: Image, n: int) -> Labels:
    return slic.segment(rgb, n)


def ours_with_tree(rgb: Image, n: int) -> Labels:
    labels = slic.segment(rgb, n)
    hierarchy.build(rgb, labels)
    return labels


def skimage_default(rgb: Image, n: int) -> Labels:
    from skimage.segmentation import slic as skimage_slic

    labels: Labels = skimage_slic(rgb, n_segments=n)
    return labels


def skimage_fastest(rgb: Image, n: int) -> Labels:
    """Single precision, no conversion to CIELAB (so compactness in units of 0..1), one iteration."""
    from skimage.segmentation import slic as skimage_slic

    image = rgb.astype(np.float32) / np.float32(255)
    labels: Labels = skimage_slic(image, n_segments=n, compactness=0.1, max_num_iter=1, convert2lab=False)
    return labels


def _opencv(make: Callable[[Any, Any, int], Any], rgb: Image, n: int) -> Labels:
    """SLIC and SLICO of OpenCV take the side of a cell instead of a number."""
    import cv2

    side = max(round((rgb.shape[0] * rgb.shape[1] / n) ** 0.5), 2)
    engine = make(cv2.ximgproc, cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab), side)
    engine.iterate(10)
    engine.enforceLabelConnectivity(25)
    labels: Labels = engine.getLabels()
    return labels


def _opencv_seeds(n_levels: int, rgb: Image, n: int) -> Labels:
    import cv2

    engine = cv2.ximgproc.createSuperpixelSEEDS(rgb.shape[1], rgb.shape[0], 3, n, n_levels, 2, 5, False)
    engine.iterate(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV), 10)
    labels: Labels = engine.getLabels()
    return labels


def _fast_slic(rgb: Image, n: int) -> Labels:
    from fast_slic.avx2 import SlicAvx2

    return np.asarray(SlicAvx2(num_components=n, compactness=10, num_threads=1).iterate(rgb))


def available() -> tuple[list[Engine], list[str]]:
    """The engines that are installed, ours first, and one sentence for every peer that is not."""
    engines = [Engine("ours", ours), Engine("scikit-image, default", skimage_default)]
    engines.append(Engine("scikit-image, fastest", skimage_fastest))
    missing = []
    for module, peers in (("cv2", _opencv_engines), ("fast_slic.avx2", _fast_slic_engines)):
        try:
            __import__(module)
        except ImportError as problem:
            missing.append(f"{module} is left out: {problem}.")
        else:
            engines += peers()
    return engines, missing


def _opencv_engines() -> list[Engine]:
    import cv2

    cv2.setNumThreads(1)
    name = f"OpenCV {cv2.__version__}"
    slic_of = [
        ("SLIC", lambda x, lab, side: x.createSuperpixelSLIC(lab, x.SLIC, side, 10.0)),
        ("SLICO", lambda x, lab, side: x.createSuperpixelSLIC(lab, x.SLICO, side, 10.0)),
    ]
    seeds = [partial(_opencv_seeds, n_levels) for n_levels in (5, 4, 3, 2)]
    return [
        *(Engine(f"{name} {method}", partial(_opencv, make)) for method, make in slic_of),
        Engine(f"{name} SEEDS", seeds[0], tuple(seeds[1:])),
    ]


def _fast_slic_engines() -> list[Engine]:
    return [Engine(f"fast-slic {version('fast-slic')} (AVX2)", _fast_slic)]


def n_labels(labels: Labels) -> int:
    """How many different labels there are."""
    return len(np.unique(labels))


def at_count(engine: Engine, rgb: Image, count: int, tolerance: float = 0.04, tries: int = 10) -> Labels:
    """Labels of `engine` with as near to `count` of them as it comes, by asking for other numbers."""
    best: Labels | None = None
    for run in (engine.run, *engine.variants):
        for labels in _approaches(run, rgb, count, tries):
            if best is None or abs(n_labels(labels) - count) < abs(n_labels(best) - count):
                best = labels
            if abs(n_labels(best) - count) <= tolerance * count:
                return best
    assert best is not None
    return best


def _approaches(run: Run, rgb: Image, count: int, tries: int) -> Any:
    """What comes of asking for `count`, then of ever better guesses of what to ask for."""
    asked, too_few, too_many = count, 0, 0
    for _ in range(tries):
        labels = run(rgb, asked)
        yield labels
        obtained = n_labels(labels)
        if obtained < count:
            too_few = asked
        else:
            too_many = asked
        if too_few and too_many:
            asked = (too_few + too_many) // 2
        else:
            asked = max(round(asked * count / obtained), 1) if obtained != count else asked
        if asked in (too_few, too_many):
            return
