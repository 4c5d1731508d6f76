"""Label maps: a photo's superpixels and merge tree, computed once, stored, and kept decoded in each process."""

from __future__ import annotations

import gzip
import json
import logging
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
from django.db import connection, transaction

from selector.arrays import Labels, Rgb
from selector.imaging import imagefile
from selector.lru_cache import LRUCache
from selector.models import LabelMap, Photo
from selector.segmentation import hierarchy, slic, superpixels
from selector.segmentation.hierarchy import Hierarchy
from selector.segmentation.lab import lab_planes
from selector.segmentation.superpixels import neighbours, superpixel_areas
from selector.selection.objects.look import Look, look_at
from selector.services.photos import turned_copy, working_copy
from superpixel_site.stored_files import MissingFile, delete_unless_kept, is_there, read
from superpixel_site.work_slots import work_slot

logger = logging.getLogger(__name__)

# A power of two: sums of such numbers are exact, here and in the browser.
COLOUR_STEPS = 16


@dataclass(frozen=True)
class Segmentation:
    """A label map, decoded.

    Attributes
    ----------
    labels : uint16 ndarray, shape (H, W)
    hierarchy : Hierarchy
    areas : int64 ndarray, shape (n,)
        Of the superpixels, in pixels.
    """

    labels: Labels
    hierarchy: Hierarchy
    areas: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Packed:
    """A label map with its label array as it is stored: a twentieth of the size, and a third of the time to read."""

    labels: bytes
    shape: tuple[int, int]
    hierarchy: Hierarchy
    areas: npt.NDArray[np.int64]

    def decoded(self) -> Segmentation:
        return Segmentation(_unpack(self.labels, self.shape), self.hierarchy, self.areas)


_decoded: LRUCache[Segmentation] = LRUCache(settings.LABEL_MAP_CACHE_SIZE)
# A hundred people who work at once come back to theirs after all the others.
_packed: LRUCache[_Packed] = LRUCache(8 * settings.LABEL_MAP_CACHE_SIZE)
_looks: LRUCache[Look] = LRUCache(settings.LABEL_MAP_CACHE_SIZE)


def get_or_compute(photo: Photo, pixels: Callable[[], Rgb] | None = None) -> LabelMap:
    """The label map of a photo by today's settings, computed and stored first if there is none.

    Several requests at once compute it once: the first takes the photo's lock, the others wait for its row. Callers
    that need the decoded working copy as well give a function for it: it is called when the label map is computed.
    """
    key = _key(photo)
    found = photo.label_maps.filter(**key).first()
    if found is None:
        with work_slot(), lock(photo):
            found = photo.label_maps.filter(**key).first() or _copied(photo, key) or _compute(photo, key, pixels)
    return found


def load(label_map: LabelMap) -> Segmentation:
    """A label map decoded; those used last are kept in this process."""
    return _load(label_map.pk)


def _load(pk: int) -> Segmentation:
    # By primary key: a label map's row and file never change, and keys are never used again.
    return _decoded.get(pk, lambda: _decode(pk))


def _decode(pk: int) -> Segmentation:
    return _packed.get(pk, lambda: _read(pk)).decoded()


def _read(pk: int) -> _Packed:
    label_map = LabelMap.objects.select_related("photo").get(pk=pk)
    shape = (label_map.photo.height, label_map.photo.width)
    packed = packed_labels(label_map)
    tree = Hierarchy.from_bytes(zlib.decompress(label_map.hierarchy))
    return _Packed(packed, shape, tree, superpixel_areas(_unpack(packed, shape), tree.n_superpixels))


def packed_labels(label_map: LabelMap) -> bytes:
    """The label array as it is stored; where the storage has lost it, it is computed and stored again.

    Raises
    ------
    MissingFile
        When it is lost and cannot be computed again.
    """
    try:
        return read(label_map.labels)
    except MissingFile:
        return restore(label_map)


def restore(label_map: LabelMap) -> bytes:
    """Compute a lost label array again and store it where it was.

    It is that very one, or none: superpixels are named by their numbers, and the merge tree in the row is how the
    result is recognised. A photo that has been turned was segmented as it lay then.

    Raises
    ------
    MissingFile
        When the working copy is missing as well, or another version or setting computed the label map.
    """
    photo = label_map.photo
    with work_slot(), lock(photo):
        if is_there(label_map.labels):  # Somebody else has been quicker.
            return read(label_map.labels)
        packed = _pack(_computed_again(label_map, photo))
        label_map.labels.storage.save(str(label_map.labels.name), ContentFile(packed))
    LabelMap.objects.filter(pk=label_map.pk).update(labels_bytes=len(packed))
    logger.warning("The labels of label map %s were lost and are computed again.", label_map.pk)
    return packed


def _computed_again(label_map: LabelMap, photo: Photo) -> Labels:
    n_superpixels = json.loads(label_map.parameters).get("n_superpixels")
    tree = zlib.decompress(label_map.hierarchy)
    engine = {name: key for key, name in _engines().items()}.get(label_map.engine, "")
    for turns, rgb in _orientations(photo) if engine else ():
        lab = lab_planes(rgb)
        labels = slic.segment(rgb, n_superpixels, engine=engine, lab=lab)
        if hierarchy.build(rgb, labels, lab=lab).to_bytes() == tree:
            return np.ascontiguousarray(np.rot90(labels, -turns))
    raise MissingFile(f"{label_map.labels.name} is missing from the storage and cannot be computed again.")


def _orientations(photo: Photo) -> Iterator[tuple[int, Rgb]]:
    """The working copy as it is, then as it was when the photo lay otherwise; each with the quarter turns since."""
    yield 0, working_copy(photo)
    for turns in (1, 2, 3) if is_there(photo.original) else ():
        yield turns, imagefile.decode(turned_copy(photo, photo.quarter_turns - turns).jpeg)


def adjacent(label_map: LabelMap) -> npt.NDArray[np.uint16]:
    """The pairs of superpixels that share a border: uint16 (e, 2), in order."""
    return _adjacent(label_map.pk)


@lru_cache(maxsize=8 * settings.LABEL_MAP_CACHE_SIZE)
def _adjacent(pk: int) -> npt.NDArray[np.uint16]:
    # Kept, since this takes longer than all that a search does with the pairs.
    segmentation = _load(pk)
    return neighbours(segmentation.labels, np.arange(len(segmentation.areas), dtype=np.uint16)).astype(np.uint16)


def mean_colours(label_map: LabelMap) -> npt.NDArray[np.float64]:
    """The mean colour of each superpixel in CIELAB: float64 (n, 3), in steps of 1 / `COLOUR_STEPS`.

    The browser is sent these very numbers, so that it anticipates by the same contrasts.
    """
    return _mean_colours(label_map.pk)


@lru_cache(maxsize=settings.LABEL_MAP_CACHE_SIZE)
def _mean_colours(pk: int) -> npt.NDArray[np.float64]:
    photo = Photo.objects.get(label_maps=pk)
    segmentation = _load(pk)
    means = superpixels.mean_colours(working_copy(photo), segmentation.labels, len(segmentation.areas))
    rounded: npt.NDArray[np.float64] = np.round(COLOUR_STEPS * means) / COLOUR_STEPS
    return rounded


def packed_colours(label_map: LabelMap) -> bytes:
    """The mean colours as they are sent: `COLOUR_STEPS` times L, a and b of each superpixel, little-endian int16."""
    return (COLOUR_STEPS * mean_colours(label_map)).astype("<i2").tobytes()


def look(label_map: LabelMap) -> Look:
    """What finding objects needs to know of a photo. Not inside a lock: the first time takes a work slot."""
    return _looks.get(label_map.pk, lambda: _look(label_map.pk))


def _look(pk: int) -> Look:
    with work_slot():
        return look_at(_load(pk).labels, working_copy(Photo.objects.get(label_maps=pk)))


def _key(photo: Photo) -> dict[str, object]:
    """The fields that tell a photo's label map by today's settings from all others."""
    return {"photo": photo, "working_sha256": photo.working_sha256, **todays_key()}


def todays_key() -> dict[str, str]:
    """What today's settings compute label maps by: `engine` and `parameters`."""
    engine = _engines()[settings.SUPERPIXEL_ENGINE]
    return {"engine": engine, "parameters": json.dumps({"n_superpixels": settings.N_SUPERPIXELS})}


def _engines() -> dict[str, str]:
    """The engines by their names in the settings: as rows name them, with a version."""
    return {"slic": f"slic {slic.VERSION}", "skimage": f"scikit-image {version('scikit-image')}"}


def _copied(photo: Photo, key: dict[str, object]) -> LabelMap | None:
    """The label map of the same picture that somebody has added before, stored for this photo as well."""
    same = LabelMap.objects.same_as_of(LabelMap(**key)).first()
    try:
        return store_copy(photo, same) if same else None
    except MissingFile:
        return None


def _compute(photo: Photo, key: dict[str, object], pixels: Callable[[], Rgb] | None) -> LabelMap:
    """Segment a photo and store the result."""
    rgb = pixels() if pixels else working_copy(photo)
    lab = lab_planes(rgb)
    labels = slic.segment(rgb, settings.N_SUPERPIXELS, engine=settings.SUPERPIXEL_ENGINE, lab=lab)
    return store(photo, labels, hierarchy.build(rgb, labels, lab=lab), key)


def store(photo: Photo, labels: Labels, tree: Hierarchy, key: dict[str, object] | None = None) -> LabelMap:
    """Store a photo's superpixels and merge tree, as computed by today's settings."""
    key = key or _key(photo)
    label_map = LabelMap(**key, n_superpixels=tree.n_superpixels, hierarchy=zlib.compress(tree.to_bytes()))
    packed = _pack(labels)
    _save(label_map, packed)
    # The next step of the same process uses it: it need not be read back and decoded.
    shared = labels.view()
    shared.flags.writeable = False
    decoded = Segmentation(shared, tree, superpixel_areas(labels, tree.n_superpixels))
    _decoded.put(label_map.pk, decoded)
    _packed.put(label_map.pk, _Packed(packed, labels.shape, tree, decoded.areas))
    return label_map


def _pack(labels: Labels) -> bytes:
    """The label array as it is stored and sent: gzip of little-endian uint16, row by row."""
    # No time stamp in the gzip header: equal label maps are equal files.
    return gzip.compress(labels.astype("<u2").tobytes(), compresslevel=6, mtime=0)


def _unpack(packed: bytes, shape: tuple[int, int]) -> Labels:
    """The label array that `_pack` made bytes of; it cannot be written to."""
    return np.frombuffer(gzip.decompress(packed), "<u2").reshape(shape).astype(np.uint16, copy=False)


def store_copy(photo: Photo, label_map: LabelMap) -> LabelMap:
    """Store a label map for another photo with the same working copy, without computing it again."""
    return _store_like(label_map, photo, packed_labels(label_map))


def store_turned(label_map: LabelMap, photo: Photo, quarter_turns: int) -> LabelMap:
    """Store a label map for a photo whose working copy has been turned clockwise; superpixels keep their numbers.

    Four quarters make the same label map again. The photo's row must still have the size from before.
    """
    # rot90 turns the other way round.
    return _store_like(label_map, photo, _pack(np.rot90(load(label_map).labels, -quarter_turns)))


def _store_like(label_map: LabelMap, photo: Photo, packed: bytes) -> LabelMap:
    """Store a label map for a photo, like another but for its label array, given as `_pack` makes it."""
    copy = LabelMap(
        photo=photo,
        working_sha256=photo.working_sha256,
        engine=label_map.engine,
        parameters=label_map.parameters,
        n_superpixels=label_map.n_superpixels,
        hierarchy=label_map.hierarchy,
    )
    _save(copy, packed)
    return copy


def _save(label_map: LabelMap, packed: bytes) -> None:
    """Store the file and the row of a new label map; neither stays when, for example, the photo has been deleted."""
    label_map.labels_bytes = len(packed)
    label_map.labels.save("labels.gz", ContentFile(packed), save=False)
    try:
        with transaction.atomic():
            label_map.save(force_insert=True)
    except BaseException:
        delete_unless_kept(label_map, "labels")
        raise


@contextmanager
def lock(photo: Photo) -> Iterator[None]:
    """Hold the lock under which a photo's label maps are computed or turned.

    It works across processes and machines, and outside of transactions, since computing takes its time.
    """
    key = int.from_bytes(photo.pk.bytes[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
