"""What is selected on a photo, to lie over its thumbnail."""

from __future__ import annotations

from selector.models import Selection, SharedSelection
from selector.rendering import highlights
from selector.services import label_maps, photos


def selection_highlight(row: Selection | SharedSelection, side: int = photos.THUMBNAIL_SIDE) -> bytes:
    """The included superpixels over a thumbnail of at most `side` pixels, as a PNG."""
    width, height = photos.thumbnail_size(row.label_map.photo, side)
    labels = label_maps.load(row.label_map).labels
    return highlights.portion_highlight_png(labels, row.superpixels.included, width, height)
