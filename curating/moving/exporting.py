"""The public collection into a folder or bucket: what is there already is left, what is no longer public is deleted."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Max

from curating.keeping.places import CannotKeep, FolderPlace, Place, refuse_own, storage_place
from curating.moving import coco_rle, layout
from gallery.index.indexing import members_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from selector.models import LabelMap
from superpixel_site.stored_files import MissingFile

# Keys of images in one part, so that a part is the same part when others come or go.
KEYS_OF_A_PART = 500
COLUMNS = ("path", "title", "description", "tags", "creator", "licence", "source", "date", "added")


def path_of(image: GalleryImage) -> str:
    """Where an image's file is in an export."""
    return layout.file_name(image.photo.original_sha256, image.photo.name)


def _claim(place: Place) -> None:
    refuse_own(place)
    if place.entry(layout.README) is None and next(place.entries(), None) is not None:
        raise CannotKeep(f"{place} holds other files: name an empty folder.")
    if isinstance(place, FolderPlace):
        place.delete_partial()
    place.write(layout.README, io.BytesIO(layout.EXPLANATION.encode()))


class Export:
    """The public collection, to be written to a place.

    Parameters
    ----------
    place : Place
        Empty, or with an export of this site, which is brought up to date; one that was stopped is gone on with.

    Attributes
    ----------
    total : int
        How many pieces there are: files, and parts of the index.
    lost : list of str
        Names of files that the storage has lost.

    Raises
    ------
    CannotKeep
        If the place holds something else.
    """

    def __init__(self, place: Place) -> None:
        _claim(place)
        self.place, self.lost = place, list[str]()
        self.images = GalleryImage.objects.public().select_related("photo").order_by("pk")
        self.spaces = {space.pk: space for space in DescriptorSpace.objects.order_by("pk")}
        self.there = {entry.name: entry.n_bytes for entry in place.entries()}
        self.written = {layout.README, layout.LINES, layout.TABLE, layout.SPACES}
        self.total = self.images.count() + len(self._parts())

    def write(self) -> Iterator[bool]:
        """Write it. Yields after each piece whether that was written now: the others were there already."""
        yield from self._write_files()
        described = [{"folder": folder_of(space), **stated(space)} for space in self.spaces.values()]
        self._write(layout.SPACES, json.dumps(described, indent=1).encode())
        for number in self._parts():
            yield self._write_part(number)
        self._write_metadata()
        self._delete_what_has_gone()
        self.place.settle()

    def _write_files(self) -> Iterator[bool]:
        media = storage_place()
        for image in self.images.iterator():
            path = path_of(image)
            is_lacking = path not in self.written and self.there.get(path) != image.photo.original_bytes
            self.written.add(path)
            if is_lacking:
                self._copy(media, str(image.photo.original.name), path)
            yield is_lacking

    def _copy(self, media: Place, name: str, path: str) -> None:
        try:
            with media.open(name) as file:
                self.place.write(path, file)
        except FileNotFoundError:
            self.lost.append(path)
            self.written.discard(path)

    def _parts(self) -> list[int]:
        return sorted({key // KEYS_OF_A_PART for key in self.images.values_list("pk", flat=True)})

    def _write_part(self, number: int) -> bool:
        """The regions and vectors of images with near keys, unless they are written already; whether they were not."""
        first = number * KEYS_OF_A_PART
        images = self.images.indexed().filter(pk__gte=first, pk__lt=first + KEYS_OF_A_PART)
        names = [f"{layout.REGIONS}/{number:06d}.jsonl"]
        names += [f"{layout.VECTORS}/{folder_of(space)}/{number:06d}.npy" for space in self.spaces.values()]
        state_name, state = f"{layout.STATES}/{number:06d}", self._state_of(images)
        self.written |= {state_name, *names}
        if self.there.keys() >= {state_name, *names} and self._read(state_name) == state:
            return False
        lines: list[bytes] = []
        rows: dict[int, list[npt.NDArray[np.float16]]] = {key: [] for key in self.spaces}
        for image in images:
            with suppress(MissingFile):
                lines.append(self._line(image, rows))
        self._write(names[0], b"".join(lines))
        for name, (key, space) in zip(names[1:], self.spaces.items(), strict=True):
            self._write_array(name, np.concatenate([np.zeros((0, space.dimensions), np.float16), *rows[key]]))
        self._write(state_name, state)
        return True

    def _state_of(self, images: Any) -> bytes:
        """A hash that is another one when the index of some images is."""
        of_regions = images.annotate(n=Count("regions"), last=Max("regions__pk"), map=Max("regions__label_map"))
        known = list(of_regions.values_list("pk", "photo__name", "n", "last", "map"))
        vectors = RegionVector.objects.filter(image__in=images).order_by("space").values_list("space")
        known += list(vectors.annotate(Count("pk"), Max("pk")))
        return hashlib.sha256(json.dumps(known).encode()).hexdigest().encode()

    def _line(self, image: GalleryImage, rows: dict[int, list[npt.NDArray[np.float16]]]) -> bytes:
        """The line of an image; its vectors are added to those of each space."""
        regions = list(image.regions.select_related("label_map__photo").order_by("pk"))
        photo = SegmentedPhoto(regions[0].label_map)
        inside = members_of(photo, [region.node for region in regions])
        masks = [coco_rle.encode(superpixels[photo.labels]) for superpixels in inside]
        for key, found in _vectors_of(image, regions, self.spaces).items():
            rows[key].append(found)
        line = {
            "path": path_of(image),
            "sha256": image.photo.original_sha256,
            "working_sha256": image.photo.working_sha256,
            "label_map": label_map_as_json(photo.label_map),
            "perceptual_hash": image.perceptual_hash,
            "regions": [_region_as_json(region, mask) for region, mask in zip(regions, masks, strict=True)],
        }
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"

    def _write_metadata(self) -> None:
        with tempfile.TemporaryFile() as lines, tempfile.TemporaryFile() as table:
            _write_rows(self._rows(), lines, table)
            for name, file in ((layout.LINES, lines), (layout.TABLE, table)):
                file.seek(0)
                self.place.write(name, file)

    def _rows(self) -> Iterator[dict[str, Any]]:
        written: set[str] = set()
        for image in self.images.prefetch_related("tags").iterator(chunk_size=500):  # type: ignore[misc]  # taggit's
            path = path_of(image)
            if path in self.written and path not in written:
                written.add(path)
                yield row_of(image, path)

    def _delete_what_has_gone(self) -> None:
        """What was withdrawn or deleted since the last export must not stay in it."""
        ours = (layout.FILES, layout.REGIONS, layout.VECTORS, layout.STATES)
        for name in self.there.keys() - self.written:
            if name.partition("/")[0] in ours:
                self.place.delete(name)

    def _read(self, name: str) -> bytes:
        with self.place.open(name) as file:
            return file.read()

    def _write(self, name: str, data: bytes) -> None:
        self.place.write(name, io.BytesIO(data))

    def _write_array(self, name: str, array: npt.NDArray[np.float16]) -> None:
        out = io.BytesIO()
        np.save(out, array, allow_pickle=False)
        self._write(name, out.getvalue())


def folder_of(space: DescriptorSpace) -> str:
    """The folder of a space's vectors."""
    return f"{space.kind}-{space.pk}"


def stated(space: DescriptorSpace) -> dict[str, Any]:
    """What tells a space from all others."""
    names = ("kind", "model", "pretrained", "method", "weights", "dimensions")
    return {name: getattr(space, name) for name in names}


def label_map_as_json(label_map: LabelMap) -> dict[str, Any]:
    """What tells a label map and the numbers in it from all others."""
    return {
        "engine": label_map.engine,
        "parameters": label_map.parameters,
        "n_superpixels": label_map.n_superpixels,
        "tree_sha256": hashlib.sha256(zlib.decompress(label_map.hierarchy)).hexdigest(),
    }


def _vectors_of(
    image: GalleryImage, regions: list[IndexedRegion], spaces: dict[int, DescriptorSpace]
) -> dict[int, npt.NDArray[np.float16]]:
    """The vectors of an image's regions by space, float16 (r, D); NaN where there is none."""
    rows = {region.pk: row for row, region in enumerate(regions)}
    found = {key: np.full((len(regions), space.dimensions), np.nan, np.float16) for key, space in spaces.items()}
    for vector in RegionVector.objects.filter(image=image, space__in=spaces):
        found[vector.space_id][rows[vector.region_id]] = vector.vector
    return found


def _region_as_json(region: IndexedRegion, mask: coco_rle.Rle) -> dict[str, Any]:
    box = [region.left, region.top, region.right - region.left, region.bottom - region.top]
    return {"node": region.node, "bbox": box, "area": region.area, "segmentation": mask}


def row_of(image: GalleryImage, path: str) -> dict[str, Any]:
    """The metadata of an image, as manifests have it; what is not known is left out."""
    known = {
        "path": path,
        "title": image.title,
        "description": image.description,
        "tags": sorted(tag.name for tag in image.tags.all()),
        "creator": image.creator,
        "licence": image.licence,
        "source": image.source_url,
        "date": image.taken.isoformat() if image.taken else "",
        "added": image.created.date().isoformat(),
    }
    return {name: value for name, value in known.items() if value}


def _write_rows(rows: Iterable[dict[str, Any]], lines: IO[bytes], table: IO[bytes]) -> None:
    text = io.TextIOWrapper(table, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in rows:
        lines.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        writer.writerow(row | {"tags": "; ".join(row.get("tags", ()))})
    text.detach()
