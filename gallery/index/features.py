"""Features of photos, kept so that a second search costs no forward pass."""

from __future__ import annotations

import logging
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.index.describers import Describer, SegmentedPhoto, describer_of
from gallery.index.lru_cache import LRUCache
from gallery.index.model_loading import SpaceUnavailable
from gallery.index.spaces import answering
from gallery.models import DescriptorSpace, PhotoFeatures
from selector.arrays import Floats
from selector.models import LabelMap

logger = logging.getLogger(__name__)


# Up to 4 and 11 MB each: what a process keeps of the photos that are searched for just now.
_seen = LRUCache(8)
# A few kilobytes each: a slider, a filter or an opinion asks for the same selection again, and some models look at the
# photo anew for each selection.
_selected = LRUCache(128)


def features_of(space: DescriptorSpace, describer: Describer, picture: SegmentedPhoto) -> npt.NDArray[Any]:
    """What a space sees in a photo, kept in the database so that it is worked out once.

    Raises
    ------
    SpaceUnavailable
        When it has to be worked out and the model cannot be loaded.
    """
    return _seen.get((picture.label_map.pk, space.pk), lambda: _kept_or_seen(space, describer, picture))


def _kept_or_seen(space: DescriptorSpace, describer: Describer, picture: SegmentedPhoto) -> npt.NDArray[Any]:
    kept = PhotoFeatures.objects.filter(label_map=picture.label_map, space=space).first()
    if kept is not None:
        return unpack(bytes(kept.data))
    seen = describer.look(picture)
    PhotoFeatures.objects.bulk_create(
        [PhotoFeatures(label_map=picture.label_map, space=space, data=pack(seen))], ignore_conflicts=True
    )
    return seen


def spaces_without_features(label_map: LabelMap) -> list[DescriptorSpace]:
    """The spaces that searches are answered from and for which nobody has looked at a photo yet."""
    kept = set(PhotoFeatures.objects.filter(label_map=label_map).values_list("space", flat=True))
    return [space for space in answering()[0] if space.pk not in kept]


def precompute_features(label_map: LabelMap) -> None:
    """Look at a photo in every space, for the searches to come; where one is not available, they will say why."""
    picture = SegmentedPhoto(label_map)
    for space in spaces_without_features(label_map):
        try:
            # Past the process's own cache: what counts is what other processes find.
            _kept_or_seen(space, describer_of(space), picture)
        except SpaceUnavailable as problem:
            logger.info("%s", problem)


def selection_vector(
    space: DescriptorSpace, describer: Describer, picture: SegmentedPhoto, members: npt.NDArray[np.bool_]
) -> Floats:
    """Describe the superpixels selected in a photo, bool (n,), float32 (D,); lately asked ones cost nothing.

    Raises
    ------
    SpaceUnavailable
        When the model is needed and cannot be loaded.
    """

    def describe() -> Floats:
        seen = features_of(space, describer, picture)
        vector: Floats = describer.region_vectors(seen, picture, members[None])[0]
        return vector

    return _selected.get((picture.label_map.pk, space.pk, np.packbits(members).tobytes()), describe)


def pack(array: npt.NDArray[Any]) -> bytes:
    """An array with its type and shape, compressed: histograms are mostly zeros."""
    head = f"{array.dtype.str} {' '.join(map(str, array.shape))}\n".encode()
    return head + zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


def unpack(data: bytes) -> npt.NDArray[Any]:
    """Read what `pack` wrote."""
    head, _, packed = data.partition(b"\n")
    dtype, *shape = head.decode().split()
    return np.frombuffer(zlib.decompress(packed), np.dtype(dtype)).reshape([int(side) for side in shape])
