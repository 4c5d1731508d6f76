"""Pictures of indexed regions: where a hit matched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import numpy as np

from gallery.models import IndexedRegion
from selector.rendering import highlights
from selector.rendering.masks import mask_bits
from selector.rendering.previews import preview_png
from selector.selection.tree import node_members
from selector.services import label_maps, photos

# Of a cut-out, in pixels: as large as that of the selection that was searched for.
CUT_OUT_SIDE = 240


def thumbnail_highlight(regions: Sequence[IndexedRegion]) -> bytes:
    """Regions of one image over its thumbnail, as a PNG, from their small masks: quick enough for a page of hits."""
    bits = reduce(or_, (int.from_bytes(bytes(region.mask)) for region in regions))
    photo = regions[0].image.photo
    return highlights.highlight_png(bits.to_bytes(len(regions[0].mask)), *photos.thumbnail_size(photo))


def exact_highlight(regions: Sequence[IndexedRegion]) -> bytes:
    """Regions of one image over its working copy, as a PNG, by the superpixels they consist of."""
    segmentation = label_maps.load(regions[0].label_map)
    parents = segmentation.hierarchy.parents
    members = np.logical_or.reduce([node_members(parents, region.node) for region in regions])
    photo = regions[0].image.photo
    return highlights.portion_highlight_png(segmentation.labels, members, photo.width, photo.height)


def node_highlight(region: IndexedRegion) -> bytes:
    """A region over the thumbnail as a PNG, without its small mask: of a node that is not indexed."""
    segmentation = label_maps.load(region.label_map)
    members = node_members(segmentation.hierarchy.parents, region.node)
    size = photos.thumbnail_size(region.image.photo)
    return highlights.highlight_png(mask_bits(segmentation.labels, members), *size)


def cut_out(region: IndexedRegion) -> bytes:
    """A region alone as a small PNG with a transparent background."""
    segmentation = label_maps.load(region.label_map)
    return preview_png(
        photos.working_copy(region.image.photo),
        segmentation.labels,
        node_members(segmentation.hierarchy.parents, region.node),
        background="transparent",
        crop=True,
        soft=True,
        padding=0.05,
        long_side=CUT_OUT_SIDE,
    )
