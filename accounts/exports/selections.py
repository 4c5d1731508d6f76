"""A selection as files that other programs read."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from selector.models import Selection
from selector.rendering.masks import region_mask
from selector.services import label_maps


def as_json(selection: Selection) -> dict[str, Any]:
    """What is selected, by the numbers of superpixels, and the merge tree from which the levels come."""
    label_map, superpixels = selection.label_map, selection.superpixels
    return {
        "changed": selection.updated,
        "included": superpixels.included.nonzero()[0].tolist(),
        "excluded": superpixels.excluded.nonzero()[0].tolist(),
        "superpixels": {
            "engine": label_map.engine,
            "parameters": json.loads(label_map.parameters),
            "number": label_map.n_superpixels,
            "merge_tree": label_maps.load(label_map).hierarchy.parents.tolist(),
        },
    }


def mask_png(selection: Selection) -> bytes:
    """White where the picture is included, black elsewhere; as large as the working copy."""
    return _png(region_mask(label_maps.load(selection.label_map).labels, selection.superpixels.included))


def superpixels_png(selection: Selection) -> bytes:
    """The number of the superpixel of each pixel, as 16-bit grey."""
    return _png(label_maps.load(selection.label_map).labels)


def _png(pixels: npt.NDArray[np.bool_ | np.uint16]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()
