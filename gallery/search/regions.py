"""The superpixels of regions that matched, for searching and selecting by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gallery.models import GalleryImage, IndexedRegion
from selector.arrays import Members
from selector.models import LabelMap
from selector.segmentation.superpixels import superpixel_areas
from selector.selection.tree import node_members
from selector.services import label_maps


def superpixels_of(image: GalleryImage, regions: Sequence[IndexedRegion]) -> tuple[LabelMap, Members]:
    """An image's label map by today's settings, and the superpixels of its regions on it, together: bool (n,).

    No region stands for the whole image.
    """
    label_map = label_maps.get_or_compute(image.photo)
    if not regions:
        return label_map, np.ones(label_map.n_superpixels, bool)
    return label_map, np.logical_or.reduce([superpixels_on(label_map, region) for region in regions])


def covers_all(image: GalleryImage, region_ids: Sequence[int], node: int | None) -> bool:
    """Whether a region of an image, or another node of its tree, is the whole image."""
    regions = image.regions.filter(pk__in=region_ids[:1]).select_related("label_map").defer("label_map__hierarchy")
    return any(
        region.area == 1 if node is None else node == 2 * region.label_map.n_superpixels - 2 for region in regions
    )


def superpixels_on(label_map: LabelMap, region: IndexedRegion) -> Members:
    """The superpixels of a label map that lie in a region for the greater part: bool (n,).

    The region may have been indexed on another label map of the same photo.
    """
    indexed = label_maps.load(region.label_map)
    members = node_members(indexed.hierarchy.parents, region.node)
    if region.label_map_id == label_map.pk:
        return members
    today = label_maps.load(label_map)
    covered = superpixel_areas(today.labels[members[indexed.labels]], label_map.n_superpixels)
    mostly: Members = 2 * covered > today.areas
    return mostly
