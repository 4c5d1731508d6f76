"""The images of a dataset, imported and indexed as the site does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import F, Func, IntegerField, QuerySet, Sum

from gallery.collection.importing import Details, add_public
from gallery.evaluation.dataset import BadDataset, Dataset, enlarged
from gallery.evaluation.results import Stopwatch
from gallery.index import indexing, spaces
from gallery.models import DescriptorSpace, GalleryImage
from selector.imaging.imagefile import InvalidImage

# Called after each step with the name of its stage.
Tick = Callable[[str], None]


def import_images(dataset: Dataset, tick: Tick, long_side: int = 0) -> dict[str, GalleryImage]:
    """Import the images, enlarged to `long_side` pixels where they are smaller.

    Returns
    -------
    dict
        The gallery images by the dataset's names, sorted.

    Raises
    ------
    BadDataset
        If an image cannot be read, or is there twice.
    """
    images = {}
    for name in sorted(dataset.labels):
        try:
            data = dataset.file(name).read_bytes()
        except OSError as problem:
            raise BadDataset(f"{name} cannot be read: {problem.strerror}.") from problem
        try:
            images[name], is_new = add_public(enlarged(data, long_side) if long_side else data, name, Details())
        except InvalidImage as problem:
            raise BadDataset(f"{name}: {problem}") from problem
        if not is_new:
            raise BadDataset(f"{name} is there twice, under another name.")
        tick("Importing")
    return images


def index_images(
    images: dict[str, GalleryImage], targets: Sequence[DescriptorSpace], tick: Tick, watch: Stopwatch
) -> None:
    """Describe the images in the given spaces.

    Raises
    ------
    BadDataset
        If an image cannot be indexed.
    """
    for name, image in images.items():
        with watch.stage("indexing an image"):
            sentence = indexing.failure_of(image.pk, targets)
        if sentence:
            raise BadDataset(f"{name}: {sentence}")
        tick("Indexing")
    # The first ones came before there were enough to learn from what the cells of all are compared by.
    for image in GalleryImage.objects.behind(space.pk for space in targets):
        indexing.failure_of(image.pk, targets)
    spaces.mark_ready()


def bytes_an_image(targets: Sequence[DescriptorSpace], n_images: int) -> dict[str, int]:
    """What the vectors and the map of cells of an image take in the database, on average, by the kind of the space."""

    def size(rows: QuerySet[Any], column: str) -> int:
        stored = Func(F(column), function="pg_column_size", output_field=IntegerField())
        return rows.aggregate(total=Sum(stored))["total"] or 0

    return {
        space.kind: round((size(space.vectors.all(), "vector") + size(space.cell_maps.all(), "data")) / n_images)
        for space in targets
    }
