"""Compiles the kernels of segmentation and of descriptors into the cache that all processes share."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from gallery.descriptors import appearance
from gallery.descriptors.open_clip import feature_maps
from gallery.descriptors.region_choice import node_sums
from selector.rendering.matte import alpha_matte
from selector.segmentation import hierarchy, slic
from selector.segmentation.superpixels import superpixel_boxes
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import look_at


class Command(BaseCommand):
    help = (
        "Compile the kernels that segment and describe photos, so that no request has to wait for it. To be run "
        "after every update, "
        "by the user the site runs as, with the same NUMBA_CACHE_DIR; where all is compiled, it takes seconds."
    )

    def handle(self, **options: Any) -> None:
        started = time.perf_counter()
        rgb = np.zeros((32, 32, 3), np.uint8)
        try:
            labels = slic.segment(rgb, 16)
            tree = hierarchy.build(rgb, labels)
            superpixel_boxes(labels)
            alpha_matte(rgb, labels == 0)
            cut_object(labels, tree.parents, look_at(labels, rgb), Evidence("box", ((4, 4), (28, 28))))
            node_sums(tree.parents, appearance.superpixel_features(rgb, labels))
            feature_maps.superpixel_features(np.zeros((2, 2, 1), np.float32), labels)
        except RuntimeError as problem:  # what Numba raises for a cache that it may not write
            raise CommandError(f"The kernels cannot be compiled: {problem}") from problem
        folder = os.environ.get("NUMBA_CACHE_DIR", "the folder of the code")
        self.stdout.write(f"Everything is compiled, in {folder} ({time.perf_counter() - started:.1f} s).")
