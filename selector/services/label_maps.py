"""The cached result of segmenting a photo: computed once, stored, and decoded once a process."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from skimage.color import rgb2lab

from selector.arrays import Rgb
from selector.lru_cache import LRUCache
from selector.models import LabelMap, Photo
from selector.segmentation import hierarchy, slic
from selector.segmentation.hierarchy import Hierarchy
from selector.segmentation.lab import lab_planes
from selector.segmentation.superpixels import neighbours, superpixel_areas
from selector.services.photos import working_copy

# To be raised when slic.py or hierarchy.py make something else of the same photo: old label maps stay what they are.
SLIC_VERSION = 1


@dataclass(frozen=True)
class Segmentation:
    """A label map decoded: `labels` uint16 (H, W), the merge tree, and `areas` int64 (n,) in pixels."""

    labels: npt.NDArray[np.uint16]
    hierarchy: Hierarchy
    areas: npt.NDArray[np.int64]


_decoded: LRUCache[Segmentation] = LRUCache(settings.LABEL_MAP_CACHE_SIZE)


def label_map_of(photo: Photo, pixels: Callable[[], Rgb] | None = None) -> LabelMap:
    """The label map of a photo by today's settings, computed now if nobody has asked before.

    Several requests at once compute it once: the first takes the photo's lock, the others wait for its row. Callers
    that need the decoded working copy as well give a function for it: it is called when the label map is computed.
    """
    key = _key(photo)
    found = LabelMap.objects.filter(**key).first()
    if found is None:
        with lock(photo):
            found = LabelMap.objects.filter(**key).first() or _compute(photo, key, pixels)
    return found


def load(label_map: LabelMap) -> Segmentation:
    """Decode a label map, from this process's cache where it has been asked for lately."""
    return _load(label_map.pk)


def _load(pk: int) -> Segmentation:
    # By primary key: a label map's row and file never change, and keys are never used again.
    return _decoded.get(pk, lambda: _decode(pk))


def _decode(pk: int) -> Segmentation:
    label_map = LabelMap.objects.select_related("photo").get(pk=pk)
    with label_map.labels.open("rb") as file:
        flat = np.frombuffer(gzip.decompress(file.read()), "<u2")
    labels = flat.reshape(label_map.photo.height, label_map.photo.width).astype(np.uint16, copy=False)
    tree = Hierarchy.from_bytes(zlib.decompress(label_map.hierarchy))
    return Segmentation(labels, tree, superpixel_areas(labels, tree.n_superpixels))


def forget() -> None:
    """Empty this process's caches, for whoever turns to another database: its keys mean other label maps."""
    _decoded.clear()
    _mean_colours.cache_clear()
    _adjacent.cache_clear()


def adjacent(label_map: LabelMap) -> npt.NDArray[np.intp]:
    """The pairs of neighbouring superpixels: (e, 2)."""
    return _adjacent(label_map.pk)


@lru_cache(maxsize=settings.LABEL_MAP_CACHE_SIZE)
def _adjacent(pk: int) -> npt.NDArray[np.intp]:
    # Once a process: it takes longer than all that a search does with them.
    segmentation = _load(pk)
    return neighbours(segmentation.labels, np.arange(len(segmentation.areas), dtype=np.uint16))


def mean_colours(label_map: LabelMap) -> npt.NDArray[np.float64]:
    """The mean colour of each superpixel in CIE Lab: (n, 3)."""
    return _mean_colours(label_map.pk)


@lru_cache(maxsize=settings.LABEL_MAP_CACHE_SIZE)
def _mean_colours(pk: int) -> npt.NDArray[np.float64]:
    label_map = LabelMap.objects.select_related("photo").get(pk=pk)
    segmentation = load(label_map)
    lab = rgb2lab(working_copy(label_map.photo)).reshape(-1, 3)
    flat = segmentation.labels.ravel()
    sums = np.stack([np.bincount(flat, plane, len(segmentation.areas)) for plane in lab.T], axis=1)
    return sums / segmentation.areas[:, None]


def _key(photo: Photo) -> dict[str, object]:
    if settings.SUPERPIXEL_ENGINE == "skimage":
        engine = f"scikit-image {version('scikit-image')}"
    else:
        engine = f"slic {SLIC_VERSION}"
    parameters = json.dumps({"n_superpixels": settings.N_SUPERPIXELS})
    return {"photo": photo, "working_sha256": photo.working_sha256, "engine": engine, "parameters": parameters}


def _compute(photo: Photo, key: dict[str, object], pixels: Callable[[], Rgb] | None) -> LabelMap:
    rgb = pixels() if pixels else working_copy(photo)
    lab = lab_planes(rgb)
    labels = slic.segment(rgb, settings.N_SUPERPIXELS, engine=settings.SUPERPIXEL_ENGINE, lab=lab)
    return store(photo, labels, hierarchy.build(rgb, labels, lab=lab), key)


def store(
    photo: Photo, labels: npt.NDArray[np.uint16], tree: Hierarchy, key: dict[str, object] | None = None
) -> LabelMap:
    """Keep a photo's superpixels and merge tree, as computed by today's settings."""
    key = key or _key(photo)
    label_map = LabelMap(**key, n_superpixels=tree.n_superpixels, hierarchy=zlib.compress(tree.to_bytes()))
    label_map.labels.save("labels.gz", ContentFile(_pack(labels)), save=False)
    try:
        with transaction.atomic():
            label_map.save(force_insert=True)
    except IntegrityError:
        # The photo has been deleted in the meantime.
        label_map.labels.storage.delete(str(label_map.labels.name))
        raise
    # The next step of the same process uses it: it need not be read back and decoded.
    shared = labels.view()
    shared.flags.writeable = False
    _decoded.put(label_map.pk, Segmentation(shared, tree, superpixel_areas(labels, tree.n_superpixels)))
    return label_map


def _pack(labels: npt.NDArray[np.uint16]) -> bytes:
    # No time stamp in the gzip header: equal label maps are equal files.
    return gzip.compress(labels.astype("<u2").tobytes(), compresslevel=6, mtime=0)


def copy_to(photo: Photo, label_map: LabelMap) -> LabelMap:
    """The label map of a photo with the same working copy, without computing it again."""
    with label_map.labels.open("rb") as file:
        return _store_like(label_map, photo, file.read())


def turned(label_map: LabelMap, photo: Photo, quarter_turns: int) -> LabelMap:
    """The label map of a photo whose working copy has been turned clockwise, with the numbers that were there.

    Four quarters make the same label map again. The photo's row still tells the size from before.
    """
    # rot90 turns the other way round.
    return _store_like(label_map, photo, _pack(np.rot90(load(label_map).labels, -quarter_turns)))


def _store_like(label_map: LabelMap, photo: Photo, packed: bytes) -> LabelMap:
    """Keep a label map of a photo's working copy that differs from another in its label array at most."""
    copy = LabelMap(
        photo=photo,
        working_sha256=photo.working_sha256,
        engine=label_map.engine,
        parameters=label_map.parameters,
        n_superpixels=label_map.n_superpixels,
        hierarchy=label_map.hierarchy,
    )
    copy.labels.save("labels.gz", ContentFile(packed), save=False)
    try:
        copy.save(force_insert=True)
    except BaseException:
        copy.labels.storage.delete(str(copy.labels.name))
        raise
    return copy


@contextmanager
def lock(photo: Photo) -> Iterator[None]:
    """Whoever holds it alone computes or turns a photo's label maps.

    It works across processes and machines, and outside transactions, since computing takes its time.
    """
    key = int.from_bytes(photo.pk.bytes[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
