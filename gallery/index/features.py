"""Features of photos, stored so that a second search costs no forward pass, and vectors of selections."""

from __future__ import annotations

import logging
import math
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.descriptors.open_clip.feature_maps import superpixel_features, varying_features
from gallery.index.describers import Describer, SpaceUnavailable
from gallery.index.kinds import MEANING, describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.index.spaces import answering
from gallery.models import DescriptorSpace, PhotoFeatures
from selector.arrays import Floats, Members
from selector.lru_cache import LRUCache
from selector.models import LabelMap
from selector.services.label_maps import load

logger = logging.getLogger(__name__)

# What packed arrays begin with: all their numbers, or the non-zero ones alone. Those of earlier versions begin with
# neither and are compressed.
RAW, SPARSE = b"raw ", b"sparse "

# Of the photos that are being searched for in this process: features as they are stored, half a megabyte each or up to
# 4, so that a hundred people who search at once have theirs; and those of their superpixels, up to 8 MB each.
# Keys are those of the label map and of the space.
_packed_features: LRUCache[bytes] = LRUCache(64 * 2**20, len)
_superpixel_features: LRUCache[Any] = LRUCache(32 * 2**20, lambda features: features.nbytes)
# A few kilobytes each. The slider, a filter or a judgement asks for the same selection again, and some models run for
# each selection.
_selection_vectors: LRUCache[Floats] = LRUCache(128)
# Of the photos in which objects are being selected, a quarter of a megabyte each.
_varying: LRUCache[Floats | None] = LRUCache(32)


def features_of(space: DescriptorSpace, describer: Describer, photo: SegmentedPhoto) -> npt.NDArray[Any]:
    """The features of a photo in a space, as `Describer.extract_features` gives them; extracted once, and stored.

    Raises
    ------
    SpaceUnavailable
        When they have to be extracted and the model cannot be loaded.
    """
    key = (photo.label_map.pk, space.pk)
    return unpack(_packed_features.get(key, lambda: _stored_or_extracted(space, describer, photo)))


def _stored_or_extracted(space: DescriptorSpace, describer: Describer, photo: SegmentedPhoto) -> bytes:
    stored = PhotoFeatures.objects.filter(label_map=photo.label_map, space=space).first()
    if stored is not None:
        return bytes(stored.data)
    same = LabelMap.objects.same_as_of(photo.label_map)
    known = PhotoFeatures.objects.filter(label_map__in=same, space=space).first()
    data = bytes(known.data) if known else pack(describer.extract_features(photo))
    PhotoFeatures.objects.bulk_create(
        [PhotoFeatures(label_map=photo.label_map, space=space, data=data)], ignore_conflicts=True
    )
    return data


def spaces_without_features(label_map: LabelMap) -> list[DescriptorSpace]:
    """The spaces that answer searches and for which no features of a photo are stored yet."""
    stored = set(PhotoFeatures.objects.filter(label_map=label_map).values_list("space", flat=True))
    return [space for space in answering()[0] if space.pk not in stored]


def precompute_features(label_map: LabelMap) -> None:
    """Store the features of a photo in every space that answers, before the first search in it.

    A space that is not available is left out: the search says why.
    """
    photo = SegmentedPhoto(label_map)
    for space in spaces_without_features(label_map):
        try:
            # Without the process's own cache: what counts is that other processes find them stored.
            _stored_or_extracted(space, describer_of(space), photo)
        except SpaceUnavailable as problem:
            logger.info("%s", problem)


def seen_in(label_map: LabelMap) -> Floats | None:
    """What the model has seen in the superpixels of a photo, if it has looked at it already: nothing is extracted.

    Parameters
    ----------
    label_map : LabelMap

    Returns
    -------
    float32 ndarray, shape (n, d), or None
        As `feature_maps.varying_features` gives it.
    """
    return _varying.get(label_map.pk, lambda: _seen_in(label_map))


def _seen_in(label_map: LabelMap) -> Floats | None:
    stored = PhotoFeatures.objects.filter(label_map=label_map, space__kind=MEANING.name)
    newest = stored.order_by("-space__is_ready", "-space__created").first()
    cells = unpack(bytes(newest.data)) if newest else np.zeros((1, 1, 1))
    if cells.shape[0] * cells.shape[1] == 1:  # a model without a feature map
        return None
    return varying_features(superpixel_features(cells, load(label_map).labels))


def selection_vector(
    space: DescriptorSpace, describer: Describer, photo: SegmentedPhoto, members: Members, *, alone: bool = False
) -> Floats:
    """The vector of some superpixels of a photo. The last ones asked for are kept in this process.

    Parameters
    ----------
    space : DescriptorSpace
    describer : Describer
        That of the space.
    photo : SegmentedPhoto
    members : bool ndarray, shape (n,)
        The superpixels.
    alone : bool, optional
        Without what is around them, to be compared with cells.

    Returns
    -------
    float32 ndarray, shape (D,)
        A unit vector; zero without superpixels.

    Raises
    ------
    SpaceUnavailable
        When the model is needed and cannot be loaded.
    """
    key = (photo.label_map.pk, space.pk)

    def superpixel_features() -> Any:
        return describer.superpixel_features(features_of(space, describer, photo), photo)

    def describe() -> Floats:
        features = _superpixel_features.get(key, superpixel_features)
        describe_regions = describer.region_vectors_alone if alone else describer.region_vectors
        vector: Floats = describe_regions(features, members[None], photo)[0]
        return vector

    return _selection_vectors.get((*key, alone, np.packbits(members).tobytes()), describe)


def pack(array: npt.NDArray[Any]) -> bytes:
    """An array with its type and shape.

    Not compressed: a search waits for it to be unpacked. Histograms are mostly zeros, which are left out; the
    mantissas of a feature map are noise.
    """
    flat = np.ascontiguousarray(array).ravel()
    head = f"{array.dtype.str} {' '.join(map(str, array.shape))}".encode()
    places = np.flatnonzero(flat)
    steps = np.diff(places, prepend=0)
    if 2 * len(places) > len(flat) or steps.max(initial=0) > np.iinfo("<u2").max:
        return RAW + head + b"\n" + flat.tobytes()
    values = _narrowed(flat[places])
    return SPARSE + head + f" {values.dtype.str}\n".encode() + steps.astype("<u2").tobytes() + values.tobytes()


def _narrowed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers as 16-bit integers, where they are such."""
    with np.errstate(invalid="ignore"):
        counts = values.astype("<u2")
    return counts if np.array_equal(counts, values) else values


def unpack(data: bytes) -> npt.NDArray[Any]:
    """The array of which `pack` made `data`; it may not be one to write to."""
    head, _, packed = data.removeprefix(RAW).removeprefix(SPARSE).partition(b"\n")
    dtype, *sides = head.decode().split()
    kept_as = sides.pop() if data.startswith(SPARSE) else ""
    shape = [int(side) for side in sides]
    if kept_as:
        return _filled(packed, np.dtype(dtype), np.dtype(kept_as), math.prod(shape)).reshape(shape)
    raw = packed if data.startswith(RAW) else zlib.decompress(packed)
    return np.frombuffer(raw, np.dtype(dtype)).reshape(shape)


def _filled(packed: bytes, dtype: np.dtype[Any], kept_as: np.dtype[Any], size: int) -> npt.NDArray[Any]:
    """An array (size,) of zeros, but for the numbers that were kept: first the steps to their places, then they."""
    n_kept = len(packed) // (2 + kept_as.itemsize)
    filled = np.zeros(size, dtype)
    places = np.cumsum(np.frombuffer(packed, "<u2", n_kept), dtype=np.intp)
    filled[places] = np.frombuffer(packed, kept_as, offset=2 * n_kept)
    return filled
