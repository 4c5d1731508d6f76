"""Images whose contents are known, and queries about them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from selector.arrays import Mask
from selector.imaging.imagefile import InvalidImage

HALVES = ("even", "odd")
_NAMES = "labels.json, queries.jsonl, objects.jsonl"


class BadDataset(Exception):
    """A folder cannot be evaluated on; the text is one sentence that says why."""


@dataclass(frozen=True)
class Query:
    """One object in one image: the other images that show such an object are to be found."""

    image: str
    label: str
    mask: Path


@dataclass(frozen=True)
class Dataset:
    """Images with the labels of what they show, and queries.

    Attributes
    ----------
    objects : dict of (image, label) to list of Path
        The masks of the objects that are outlined; none where the folder has no `objects.jsonl`.
    """

    folder: Path
    labels: dict[str, frozenset[str]]
    queries: list[Query]
    objects: dict[tuple[str, str], list[Path]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Dataset:
        """Read `labels.json` (image -> {"labels": [...]}) and `queries.jsonl` ({"image", "label", "mask"} a line).

        Where there is `objects.jsonl`, of the same form, it says where objects are in the images, so that what is drawn
        on hits can be measured. Images lie in `images/` or beside these files, masks in `masks/`.

        Raises
        ------
        BadDataset
            If one of the first two files is missing, or one holds something else.
        """
        outlined = folder / "objects.jsonl"
        try:
            labels = json.loads((folder / "labels.json").read_text())
            shown = {image: frozenset(about["labels"]) for image, about in labels.items()}
            queries = _outlined(folder, "queries.jsonl")
            objects: dict[tuple[str, str], list[Path]] = {}
            for one in _outlined(folder, outlined.name) if outlined.is_file() else ():
                objects.setdefault((one.image, one.label), []).append(one.mask)
        except OSError as problem:
            raise BadDataset(f"{Path(problem.filename).name} cannot be read: {problem.strerror}.") from problem
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise BadDataset(f"One of the files about {folder.name} is not as it should be: {_NAMES}.") from problem
        if unknown := next((query.image for query in queries if query.image not in shown), None):
            raise BadDataset(f"queries.jsonl asks about {unknown}, which labels.json does not name.")
        return cls(folder, shown, queries, objects)

    def half_of(self, query: Query) -> str:
        """Which half a query belongs to, "even" or "odd": by the place of its image in the order of names."""
        return HALVES[sorted(self.labels).index(query.image) % 2]

    def half(self, which: str) -> Dataset:
        """The queries of one half; the images stay all."""
        return replace(self, queries=[query for query in self.queries if self.half_of(query) == which])

    def first(self, n: int) -> Dataset:
        """The first n queries; the images stay all."""
        return replace(self, queries=self.queries[:n])

    def file(self, image: str) -> Path:
        """Where an image lies."""
        inside = self.folder / "images" / image
        return inside if inside.is_file() else self.folder / image

    def relevant_to(self, query: Query) -> frozenset[str]:
        """The other images that show such an object."""
        return frozenset(name for name, labels in self.labels.items() if query.label in labels and name != query.image)


def _outlined(folder: Path, name: str) -> list[Query]:
    """The objects that a file names, one a line."""
    rows = [json.loads(line) for line in (folder / name).read_text().splitlines() if line.strip()]
    return [Query(row["image"], row["label"], folder / "masks" / row["mask"]) for row in rows]


def enlarged(data: bytes, long_side: int) -> bytes:
    """An image file enlarged to `long_side` pixels on its long side; unchanged where it has as many already.

    Written as JPEG of quality 95 without chroma subsampling, so that what is measured later is not the encoder.

    Raises
    ------
    InvalidImage
        If the data is no image, or a damaged one.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            factor = long_side / max(picture.size)
            if factor <= 1:
                return data
            size = (round(picture.width * factor), round(picture.height * factor))
            out = io.BytesIO()
            picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=95, subsampling=0)
            return out.getvalue()
    # Pillow raises each of these at one or another damaged file.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise InvalidImage("This file cannot be read as a picture.") from problem


def read_mask(file: Path, shape: tuple[int, ...]) -> Mask:
    """Read a query's mask, resized to the working copy.

    Parameters
    ----------
    file
        An image that is black outside the object.
    shape : (H, W)
        Height and width of the working copy.

    Returns
    -------
    bool (H, W)

    Raises
    ------
    BadDataset
        If the file cannot be read.
    """
    height, width = shape
    try:
        with Image.open(file) as image:
            resized = image.convert("L").resize((width, height), Image.Resampling.NEAREST)
    except OSError as problem:
        raise BadDataset(f"The mask {file.name} cannot be read.") from problem
    return np.asarray(resized) > 0
