"""What refers to a copy that is to be deleted, and can refer to the kept image instead."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from curating.models import ImportItem
from gallery.models import Feedback, GalleryImage, Search
from selector.models import LabelMap, Selection, SharedSelection
from selector.rendering.masks import MASK_SIDE

Places = npt.NDArray[np.bool_]
# Of what two regions cover together, so much must be covered by both for one to stand for the other.
LEAST_OVERLAP = 0.5


def is_same_picture(kept: GalleryImage, copy: GalleryImage) -> bool:
    """Whether both have the same working copy to the last bit, and so the same superpixels."""
    return kept.photo.working_sha256 == copy.photo.working_sha256


def hand_over(kept: GalleryImage, copy: GalleryImage, *, is_mirrored: bool) -> None:
    """Let what people and imports said of the copy hold for the kept image, as far as it can.

    Searches and selections made on the copy name its superpixels: they go over where these are the same.
    """
    ImportItem.objects.filter(image=copy).update(image=kept)
    if is_same_picture(kept, copy):
        for label_map in copy.photo.label_maps.all():
            _hand_over_selections(kept, label_map)
    _hand_over_feedback(kept, copy, is_mirrored)


def _hand_over_selections(kept: GalleryImage, old: LabelMap) -> None:
    new = kept.photo.label_maps.filter(
        working_sha256=old.working_sha256, engine=old.engine, parameters=old.parameters
    ).first()
    if new is None:
        return
    Search.objects.filter(label_map=old).update(label_map=new)
    SharedSelection.objects.filter(label_map=old).update(label_map=new)
    # Who has a selection on both keeps the one on the kept image.
    there = Selection.objects.filter(label_map=new)
    rows = Selection.objects.filter(label_map=old)
    rows.filter(visitor=None).exclude(owner__in=there.exclude(owner=None).values("owner")).update(label_map=new)
    rows.filter(owner=None).exclude(visitor__in=there.exclude(visitor=None).values("visitor")).update(label_map=new)


def _hand_over_feedback(kept: GalleryImage, copy: GalleryImage, is_mirrored: bool) -> None:
    """Let opinions on the copy be opinions on the kept image: on the regions at the same places of the picture."""
    known = Feedback.objects.filter(image=kept).values("search")
    rows = list(Feedback.objects.filter(image=copy).exclude(search__in=known))
    if not rows:
        return
    stands_for = dict(_same_places(copy, kept, {node for row in rows for node in row.nodes}, is_mirrored))
    for row in rows:
        if all(node in stands_for for node in row.nodes):
            row.image, row.nodes = kept, [stands_for[node] for node in row.nodes]
            row.save(update_fields=["image", "nodes"])


def _same_places(
    copy: GalleryImage, kept: GalleryImage, nodes: set[int], is_mirrored: bool
) -> Iterable[tuple[int, int]]:
    """For nodes of the copy's regions the node of the kept image's that covers most nearly the same."""
    nodes_there, there = _places(kept)
    for node, place in zip(*_places(copy), strict=True):
        if node in nodes and len(there):
            mask = place[:, ::-1] if is_mirrored else place
            both, either = (there & mask).sum(axis=(1, 2)), (there | mask).sum(axis=(1, 2))
            overlap = both / np.maximum(either, 1)
            best = int(overlap.argmax())
            if overlap[best] >= LEAST_OVERLAP:
                yield node, nodes_there[best]


def _places(image: GalleryImage) -> tuple[list[int], Places]:
    """The nodes of an image's regions, and where they are: bool (r, 64, 64)."""
    rows = list(image.regions.order_by("node").values_list("node", "mask"))
    bits = np.frombuffer(b"".join(bytes(mask) for _, mask in rows), np.uint8)
    return [node for node, _ in rows], np.unpackbits(bits).reshape(-1, MASK_SIDE, MASK_SIDE).astype(bool)
