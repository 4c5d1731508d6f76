"""For the server that forks children (`selector.imaging.child`): imports what they need, and does it once.

Pillow imports and prepares half of itself at the first picture; no child should have to.
"""

import contextlib
import gc
import importlib
import io

# What `multiprocessing` itself imports in each child.
import pkgutil  # noqa: F401
import runpy  # noqa: F401
import sys
from pathlib import Path

from PIL import Image, ImageCms

from selector.imaging import child  # noqa: F401  its function starts children
from selector.imaging.imagefile import make_working_copy
from selector.rendering import details, original_size  # noqa: F401  other functions that children run

_profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
for _format in ("JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP"):
    _file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(_file, _format, icc_profile=_profile)
    make_working_copy(_file.getvalue(), max_bytes=2**20, max_pixels=4)

# The decoders of other formats, as far as they are installed: 7 MB together, which all children share.
for _package in ("PIL._avif", "pillow_heif", "pillow_jxl"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_package)

# Each child would read this file again, which has nothing above its guard.
sys.modules["__main__"].__file__ = str(Path(__file__).resolve().parents[2] / "manage.py")

# Collecting garbage would touch, and so copy, what a child shares with this process.
gc.collect()
gc.freeze()
