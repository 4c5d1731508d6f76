"""What an exported collection knows of images that are in the collection by now: their regions and vectors.

They are taken over where they would be computed to the same: the same picture, segmented in the same way, and a model
that this site describes images by. The worker, or `index_gallery`, does the rest.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curating.importing.taking import COLUMNS
from curating.keeping.places import CannotKeep, Place
from curating.models import BulkTask, ImportItem
from curating.moving import layout
from curating.moving.exporting import label_map_as_json, stated
from gallery.index import spaces, storing
from gallery.index.indexing import members_of, region_rows
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import GalleryImage

Tell = Callable[[str, int, int], object]


@dataclass
class TakenOver:
    """How many images have their vectors from the export, and how many are left to be indexed."""

    n_taken: int = 0
    n_left: int = 0


def take_over(place: Place, tell: Tell = lambda what, done, total: None) -> TakenOver:
    """Let the images of an export have its regions and vectors, unless they are indexed already.

    It can be stopped and repeated at any point.

    Raises
    ------
    CannotKeep
        If the place holds no export.
    """
    try:
        with place.open(layout.SPACES) as file:
            exported = json.load(file)
    except FileNotFoundError:
        raise CannotKeep(f"{place} holds no collection that manage.py export_collection has written.") from None
    folders = _folders(exported)
    result = TakenOver()
    names = [entry.name for entry in place.entries(layout.REGIONS)]
    for done, name in enumerate(names, 1):
        for line, vectors in _lines(place, name, folders):
            _take_image(line, vectors, result)
        tell("parts", done, len(names))
    spaces.mark_ready()
    return result


def _folders(exported: list[dict[str, Any]]) -> dict[int, str]:
    """The folders of exported vectors by the keys of this site's spaces: those that images are described in here."""
    by_model = {json.dumps(_model(space), sort_keys=True): space["folder"] for space in exported}
    ours = {space.pk: json.dumps(_model(stated(space)), sort_keys=True) for space in spaces.ensure_spaces()[0]}
    return {key: by_model[model] for key, model in ours.items() if model in by_model}


def _model(space: dict[str, Any]) -> dict[str, Any]:
    """What two spaces have in common whose vectors may meet. Where the weights came from does not matter."""
    return {name: space[name] for name in ("kind", "model", "method", "weights", "dimensions")}


def _lines(
    place: Place, name: str, folders: dict[int, str]
) -> Iterator[tuple[dict[str, Any], dict[int, npt.NDArray[np.float32]]]]:
    """The lines of a part, each with the vectors of its regions by space."""
    number = name.rpartition("/")[2].removesuffix(".jsonl")
    arrays = {key: _array(place, f"{layout.VECTORS}/{folder}/{number}.npy") for key, folder in folders.items()}
    first = 0
    with place.open(name) as file:
        for text in io.BytesIO(file.read()):
            line = json.loads(text)
            last = first + len(line["regions"])
            yield line, {key: array[first:last].astype(np.float32) for key, array in arrays.items()}
            first = last


def _array(place: Place, name: str) -> npt.NDArray[np.float16]:
    with place.open(name) as file:
        array: npt.NDArray[np.float16] = np.load(io.BytesIO(file.read()), allow_pickle=False)
    return array


def _take_image(line: dict[str, Any], vectors: dict[int, npt.NDArray[np.float32]], result: TakenOver) -> None:
    same_file = GalleryImage.objects.public().filter(photo__original_sha256=line["sha256"])
    image = same_file.select_related("photo").first()
    if image is None or image.status == GalleryImage.Status.INDEXED:
        return
    known = {key: rows for key, rows in vectors.items() if not np.isnan(rows).any()}
    nodes = [region["node"] for region in line["regions"]]
    if not known or image.photo.working_sha256 != line["working_sha256"]:
        result.n_left += 1
        return
    photo = SegmentedPhoto.of(image.photo)
    if label_map_as_json(photo.label_map) != line["label_map"]:
        result.n_left += 1
        return
    rows = region_rows(image, photo, nodes, members_of(photo, nodes))
    storing.replace_regions([storing.Described(image, rows, known, line["perceptual_hash"])])
    result.n_taken += 1


def forget_what_files_say(task: BulkTask) -> None:
    """Let the images that an import has just made have what the export says of them, and nothing else.

    What it is silent about somebody has deleted, or never wanted: an import takes it from the files.
    """
    for item in task.items.filter(state=ImportItem.State.NEW).select_related("image").iterator():
        if item.image is None:
            continue
        details = item.details or {}
        blank = {name: None if name == "taken" else "" for name in COLUMNS if name not in details}
        GalleryImage.objects.filter(pk=item.image.pk).update(**blank)
        item.image.tags.set(details.get("tags", []))
