"""What indexing an image costs besides the model's forward pass, stage by stage, by the site's own functions.

    python -m benchmarks.indexing FOLDER [--json FILE] [--limit N] [--dimensions D]

Images are enlarged to 1024 px on the long side where they are smaller. Everything runs in a temporary database, on one
core; beside the wall clock stands the time that this process was given by the processor, which does not grow when the
machine is busy with other work. A feature map of random numbers stands for what a model sees.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from benchmarks.sandboxed import continue_in_sandbox

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gallery.descriptors.cell_maps import Projection
    from gallery.models import DescriptorSpace

LONG_SIDE = 1024
CELLS = 14  # of a feature map, each way: a tower of 224 px that sees a place every 32, at twice its resolution
SECOND = 1000.0  # milliseconds


class Profile:
    """Milliseconds of each stage for each image: on the wall, and of this process's processor time."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = perf_counter(), process_time()
        yield
        self.cpu.setdefault(name, []).append(SECOND * (process_time() - cpu))
        self.wall.setdefault(name, []).append(SECOND * (perf_counter() - wall))

    def rows(self) -> list[dict[str, Any]]:
        """Medians of each stage, and of the sum of all stages of an image."""
        everything = {"everything": [sum(times) for times in zip(*self.wall.values(), strict=True)]}
        cpu = {**self.cpu, "everything": [sum(times) for times in zip(*self.cpu.values(), strict=True)]}
        return [
            {"stage": name, "wall_ms": round(median(times), 1), "cpu_ms": round(median(cpu[name]), 1)}
            for name, times in {**self.wall, **everything}.items()
        ]


def profile_image(profile: Profile, data: bytes, name: str, feature_map: npt.NDArray[np.float16]) -> None:
    """Index one image as `gallery.index.indexing.describe` does, with a clock beside each step."""
    from django.conf import settings

    from gallery.collection.importing import Details, add_public
    from gallery.descriptors import appearance
    from gallery.descriptors.cell_maps import pack_cells, resampled
    from gallery.descriptors.open_clip import feature_maps
    from gallery.index import cells, indexing, storing
    from gallery.index.perceptual_hash import perceptual_hash
    from gallery.index.segmented_photo import SegmentedPhoto
    from gallery.models import DescriptorSpace
    from selector.segmentation import hierarchy, slic
    from selector.segmentation.lab import lab_planes
    from selector.services import label_maps
    from selector.services.photos import working_copy

    image, _ = add_public(data, name, Details())
    looks_like, means_like = DescriptorSpace.objects.order_by("pk")
    with profile.stage("decoding"):
        rgb = working_copy(image.photo)
    with profile.stage("conversion to Lab"):
        lab = lab_planes(rgb)
    with profile.stage("superpixels"):
        labels = slic.segment(rgb, settings.N_SUPERPIXELS, lab=lab)
    with profile.stage("merge tree"):
        tree = hierarchy.build(rgb, labels, lab=lab)
    with profile.stage("label map: packing and storing"):
        photo = SegmentedPhoto(label_maps.store(image.photo, labels, tree), lambda: rgb)
    with profile.stage("appearance: counting histograms"):
        photo.histogram_counts  # noqa: B018  computed and kept
    with profile.stage("choosing regions"):
        nodes = indexing.choose_nodes(photo)
        members = indexing.members_of(photo, nodes)
    with profile.stage("appearance: vectors"):
        vectors = {looks_like.pk: appearance.region_vectors(photo.histogram_counts, members)}
    with profile.stage("meaning: vectors from a feature map"):
        features = feature_maps.superpixel_features(feature_map, photo.labels)
        vectors[means_like.pk] = feature_maps.region_vectors(features, members)
    with profile.stage("maps of cells, in both spaces"):
        seen = {
            looks_like: appearance.cell_vectors(photo.histogram_counts, photo.cell_shares),
            means_like: resampled(feature_map),
        }
        mapped = {space.pk: pack_cells(learned_for(space).apply(values)) for space, values in seen.items()}
    with profile.stage("nodes that may be outlined"):
        outlines = cells.packed_outlines(photo)
    with profile.stage("boxes and masks"):
        rows = indexing.region_rows(image, photo, nodes, members)
    with profile.stage("perceptual hash"):
        image_hash = perceptual_hash(rgb)
    with profile.stage("database"):
        storing.replace_regions([storing.Described(image, rows, vectors, image_hash, mapped, outlines)])


def learn_projections(spaces: Iterable[DescriptorSpace]) -> None:
    """Projections of cells, learned on random vectors: so many numbers are multiplied, whatever they are."""
    import numpy as np

    from gallery.descriptors.cell_maps import Projection
    from gallery.index.cells import LEARNED_ON
    from gallery.models import CellProjection

    rng = np.random.default_rng(0)
    for space in spaces:
        sample = rng.normal(size=(LEARNED_ON, space.dimensions)).astype(np.float32)
        CellProjection.objects.create(space=space, data=Projection.learn(sample).pack())


def learned_for(space: DescriptorSpace) -> Projection:
    from gallery.index.cells import projection_of

    projection = projection_of(space)
    assert projection is not None
    return projection


def measure(folder: Path, limit: int, dimensions: int) -> list[dict[str, Any]]:
    import numpy as np
    from tqdm import tqdm

    from curating.sources import Folder, Found
    from gallery.descriptors import appearance
    from gallery.evaluation.dataset import enlarged
    from gallery.evaluation.sandbox import empty_collection
    from gallery.index.kinds import APPEARANCE, MEANING
    from gallery.models import DescriptorSpace

    found = [entry.path for entry in Folder(folder, recursive=True).listed() if isinstance(entry, Found)]
    files = [folder / path for path in found][: limit or None]
    if not files:
        raise SystemExit(f"There are no images in {folder}.")
    feature_map = np.random.default_rng(0).random((CELLS, CELLS, dimensions)).astype(np.float16)
    profile, first = Profile(), Profile()
    with empty_collection():
        for kind, model, size in (
            (APPEARANCE.name, APPEARANCE.model, appearance.DIMENSIONS),
            (MEANING.name, "random numbers", dimensions),
        ):
            DescriptorSpace.objects.create(kind=kind, model=model, dimensions=size)
        learn_projections(DescriptorSpace.objects.all())
        for number, file in enumerate(tqdm(files, unit=" images", disable=None)):
            # The first image loads kernels, which later ones find there.
            data = enlarged(file.read_bytes(), LONG_SIDE)
            profile_image(profile if number else first, data, file.name, feature_map)
    return (profile if profile.wall else first).rows()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a row a stage")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N images")
    parser.add_argument("--dimensions", type=int, default=1280, metavar="D", help="of the model's vectors")
    arguments = parser.parse_args()
    # Before NumPy is imported, whose libraries read it then.
    os.environ["OMP_NUM_THREADS"] = "1"
    continue_in_sandbox("benchmarks.indexing")
    rows = measure(arguments.folder, arguments.limit, arguments.dimensions)
    for row in rows:
        print(f"{row['stage']:40}{row['wall_ms']:9.1f} ms{row['cpu_ms']:9.1f} ms of processor")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
