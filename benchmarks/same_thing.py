"""How many keypoints lie alike in images that show the very thing, and in images that do not; and what that takes.

    python -m benchmarks.same_thing FOLDER [--limit N]

FOLDER is as for `manage.py evaluate_retrieval`, its labels those of things. Every query is compared with every image,
by the site's own functions, without a database. Times are processor times, which other work on the machine hardly
changes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import TypeVar

import numpy as np
from PIL import Image

from gallery.descriptors.keypoints import keypoints_of
from gallery.descriptors.same_thing import Question
from gallery.evaluation.dataset import Dataset, read_mask
from selector.arrays import Rgb

Result = TypeVar("Result")


class Times(dict[str, list[float]]):
    """Milliseconds of processor time, by what was done."""

    def of(self, what: str, work: Callable[[], Result]) -> Result:
        start = time.process_time()
        result = work()
        self.setdefault(what, []).append(1000 * (time.process_time() - start))
        return result


def working_pixels(file: Path) -> Rgb:
    with Image.open(file) as picture:
        picture.thumbnail((1024, 1024))
        return np.asarray(picture.convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N queries")
    given = parser.parse_args()
    dataset, times = Dataset.read(given.folder), Times()
    dataset = dataset.first(given.limit) if given.limit else dataset
    pixels = {name: working_pixels(dataset.file(name)) for name in dataset.labels}
    found = {name: times.of("keypoints of an image", partial(keypoints_of, rgb)) for name, rgb in pixels.items()}
    with_it: list[int] = []
    without: list[int] = []
    for query in dataset.queries:
        rgb = pixels[query.image]
        inside = read_mask(query.mask, rgb.shape[:2])
        asked = times.of("keypoints of a selection", partial(Question.of, rgb, inside))
        relevant = dataset.relevant_to(query)
        for name, keypoints in found.items():
            if name != query.image:
                match = times.of("a comparison", partial(asked.match, keypoints))
                (with_it if name in relevant else without).append(len(match))
    print(f"{mean(len(one.pack()) for one in found.values()):,.0f} bytes an image")
    for what, each in times.items():
        print(f"{what:28}{median(each):8.2f} ms, at most {max(each):8.2f}")
    print(f"points or more{f'of {len(with_it)} with it':>24}{f'of {len(without)} without':>24}")
    for number in range(2, 11):
        shares = [np.mean(np.array(counts) >= number) for counts in (with_it, without)]
        print(f"{number:14}{shares[0]:24.4f}{shares[1]:24.5f}")


if __name__ == "__main__":
    main()
