"""For the server that forks a worker's children (`gallery.index.indexing_process`): imports what they need, once.

Django and compiled kernels are 130 MB, which all children share as long as they only read them.
"""

import contextlib
import gc
import os
import signal

import django
import numpy as np

# One image comes after another, and none again: those before it need not be kept, 90 MB of them.
os.environ.setdefault("LABEL_MAP_CACHE_SIZE", "2")
# Else a thread of a model that waits for another, which has lower priority than all else, burns its time meanwhile.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
django.setup()

from gallery.descriptors import appearance  # noqa: E402  models need Django
from gallery.descriptors.region_choice import node_sums  # noqa: E402
from selector.segmentation import hierarchy, slic  # noqa: E402
from selector.segmentation.superpixels import superpixel_boxes  # noqa: E402

# A cache of kernels that cannot be written is the trouble of whoever needs a kernel.
with contextlib.suppress(RuntimeError):
    _rgb = np.zeros((32, 32, 3), np.uint8)
    _labels = slic.segment(_rgb, 16)
    superpixel_boxes(_labels)
    node_sums(hierarchy.build(_rgb, _labels).parents, appearance.superpixel_features(_rgb, _labels))

# A supervisor may send it to all processes at once. The server ends when the last process has that can ask it.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
# Else the first collection in each child would write to all objects, and so copy them.
gc.freeze()
