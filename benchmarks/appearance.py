"""Choose the weights and the context of the `appearance` space on one half of the queries, and report the other.

    python -m benchmarks.appearance FOLDER [--choose-on even|odd] [--json FILE]

FOLDER is as for `manage.py evaluate_retrieval`. Its images and those of the demo collection are imported into a
temporary database and looked at once; then every setting of a fixed grid chooses the regions anew, describes them and
asks, all by the site's own functions.

More context always finds more scenes of the same kind, and from some point on loses the thing itself where it is set in
another picture, which is what the site is for. So a setting has to hold on the demo collection first: the mean average
precision of each thing's disguises may be at most 0.01 below the best of the grid. Of those that hold, the one with the
highest mean average precision on one half of the queries is chosen; it and today's, which may be the same, are then
asked those of the other half, which nothing was chosen on: the last rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.sandboxed import continue_in_sandbox

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gallery.evaluation.dataset import Dataset
    from gallery.evaluation.results import Method
    from gallery.index.segmented_photo import SegmentedPhoto
    from gallery.models import GalleryImage

# Of colour and of directions, beside 1 of each scale of patterns. A weight of colour below a seventh of all would make
# a red thing much like a blue one (tests/pure/test_appearance.py).
COLOUR, DIRECTIONS = (0.7, 1.0, 1.4), (1.0, 1.4, 2.0, 2.8)
LEAST_COLOUR = 1 / 7
LOST = 0.01
CONTEXT = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True)
class Setting:
    """Weights of the four histograms, and how much of the whole image a region's vector holds."""

    weights: tuple[float, float, float, float]
    context: float


def grid() -> Iterator[Setting]:
    for colour, directions, context in product(COLOUR, DIRECTIONS, CONTEXT):
        weights = (colour, 1.0, 1.0, directions)
        if colour >= LEAST_COLOUR * sum(weights):
            yield Setting(weights, context)


@dataclass(frozen=True)
class Question:
    """Superpixels, bool (n,), of an image, and the images that show such a thing."""

    image: str
    members: npt.NDArray[np.bool_]
    relevant: frozenset[str]
    half: str


class Collection:
    """Images that have been looked at, and questions about them."""

    def __init__(self, pictures: dict[str, SegmentedPhoto], questions: Sequence[Question]) -> None:
        self.names, self.questions = list(pictures), questions
        self.trees = [picture.segmentation.hierarchy.parents for picture in pictures.values()]
        self.areas = [picture.segmentation.areas for picture in pictures.values()]
        self.counts = [picture.histogram_counts for picture in pictures.values()]

    def half(self, half: str) -> Sequence[Question]:
        return [question for question in self.questions if question.half == half]

    def ask(self, setting: Setting, questions: Iterable[Question]) -> tuple[Method, Method]:
        """Rank all images by their best region, and by the whole image alone, and note how that went."""
        import numpy as np

        from gallery.descriptors import appearance
        from gallery.evaluation.results import Method
        from gallery.search.scoring import best_regions

        images, vectors = self._index(setting)
        roots = vectors[np.unique(images, return_index=True)[1]]
        ours, whole = Method("regions", "appearance"), Method("whole images", "appearance")
        for question in questions:
            own = self.names.index(question.image)
            asked = appearance.region_vectors(self.counts[own], question.members[None], **asdict(setting))[0]
            ranked = best_regions(images, vectors @ asked)[0], np.argsort(-(roots @ asked), kind="stable")
            for method, rows in zip((ours, whole), ranked, strict=True):
                method.add([self.names[row] for row in rows if row != own], question.relevant)
        return ours, whole

    def _index(self, setting: Setting) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """The regions of all images, of each its whole first: the row of the image, (k,), and vectors, (k, D)."""
        import numpy as np

        from gallery.descriptors import appearance
        from gallery.descriptors.region_choice import choose_regions
        from selector.selection.tree import node_members

        images, vectors = [], []
        for row, (parents, counts, areas) in enumerate(zip(self.trees, self.counts, self.areas, strict=True)):
            alone = lambda sums: appearance.hellinger_vectors(sums, setting.weights)  # noqa: E731  used once
            nodes = choose_regions(parents, counts, areas, vectors=alone)
            members = np.stack([node_members(parents, node) for node in nodes])
            vectors.append(appearance.region_vectors(counts, members, **asdict(setting)))
            images.append(np.full(len(nodes), row))
        return np.concatenate(images), np.concatenate(vectors)


def looked_at(images: dict[str, GalleryImage]) -> dict[str, SegmentedPhoto]:
    """Cut the images into superpixels and count their histograms, while there is a database to keep them in."""
    from tqdm import tqdm

    from gallery.index.segmented_photo import SegmentedPhoto
    from selector.services.label_maps import get_or_compute

    pictures = {name: SegmentedPhoto(get_or_compute(image.photo)) for name, image in images.items()}
    for picture in tqdm(pictures.values(), unit=" images", disable=None):
        picture.histogram_counts  # noqa: B018  computed and kept
    return pictures


def evaluation_images(dataset: Dataset) -> Collection:
    from gallery.evaluation.dataset import read_mask
    from gallery.evaluation.figures import members_under
    from gallery.evaluation.filling import import_images

    pictures = looked_at(import_images(dataset, lambda stage: None))
    questions = []
    for query in dataset.queries:
        labels = pictures[query.image].segmentation.labels
        members = members_under(labels, read_mask(query.mask, labels.shape))
        questions.append(Question(query.image, members, dataset.relevant_to(query), dataset.half_of(query)))
    return Collection(pictures, questions)


def demo_images() -> Collection:
    import numpy as np

    from gallery.collection import demo
    from gallery.collection.importing import add_public
    from gallery.evaluation.figures import members_under

    images = {details.title: add_public(data, name, details)[0] for data, name, details in demo.images()}
    pictures = looked_at(images)
    questions = []
    for photograph in demo.PHOTOGRAPHS:
        title = photograph.details.title
        labels = pictures[title].segmentation.labels
        height, width = labels.shape
        left, top, right, bottom = (np.array(photograph.thing) * (width, height, width, height)).astype(int)
        inside = np.zeros(labels.shape, bool)
        inside[top:bottom, left:right] = True
        shown = frozenset(other for other in pictures if other != title and demo.shows(other, photograph))
        questions.append(Question(title, members_under(labels, inside), shown, "demo"))
    return Collection(pictures, questions)


def choose(folder: Path, half: str) -> list[dict[str, Any]]:
    import numpy as np
    from tqdm import tqdm

    from gallery.descriptors import appearance
    from gallery.evaluation.dataset import HALVES, Dataset
    from gallery.evaluation.sandbox import empty_collection

    with empty_collection():
        everyday, demo = evaluation_images(Dataset.read(folder)), demo_images()

    def row(setting: Setting, half: str) -> dict[str, Any]:
        figures = {
            method.name: {"mAP": round(float(np.nanmean(method.ap)), 4), "P1": round(float(np.mean(method.p1)), 4)}
            for method in everyday.ask(setting, everyday.half(half))
        }
        disguises = round(float(np.mean(demo.ask(setting, demo.questions)[0].ap)), 4)
        return {**asdict(setting), "half": half, **figures, "disguises": disguises}

    rows = [row(setting, half) for setting in tqdm(list(grid()), unit=" settings", disable=None)]
    least = max(row["disguises"] for row in rows) - LOST
    best = max((row for row in rows if row["disguises"] >= least), key=lambda row: float(row["regions"]["mAP"]))
    chosen, today = Setting(best["weights"], best["context"]), Setting(appearance.WEIGHTS, appearance.CONTEXT)
    other = next(name for name in HALVES if name != half)
    return rows + [row(setting, other) for setting in dict.fromkeys([chosen, today])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--choose-on", choices=["even", "odd"], default="even")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a row a setting and half")
    arguments = parser.parse_args()
    continue_in_sandbox("benchmarks.appearance")
    rows = choose(arguments.folder, arguments.choose_on)
    print("half weights              context    regions: mAP, P@1   whole images: mAP, P@1   disguises: mAP")
    for row in rows:
        figures = [row[method][key] for method in ("regions", "whole images") for key in ("mAP", "P1")]
        print(
            f"{row['half']:5}{row['weights']!s:21}{row['context']:8.1f}{{:15.4f}}{{:8.4f}}{{:16.4f}}{{:8.4f}}".format(
                *figures
            )
            + f"{row['disguises']:14.4f}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
