"""What a web process does when it starts, so that the first upload does not wait for it."""

from __future__ import annotations

import numpy as np

from selector.segmentation import hierarchy, slic
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import look_at
from selector.services import decoding


def prepare() -> None:
    """Start the server of the processes that read pictures; load the kernels that segment them and find objects."""
    decoding.prepare()
    rgb = np.zeros((32, 32, 3), np.uint8)
    labels = slic.segment(rgb, 16)
    tree = hierarchy.build(rgb, labels)
    cut_object(labels, tree.parents, look_at(labels, rgb), Evidence("box", ((4, 4), (28, 28))))
