"""Pictures whose pixels lie in a temporary file that is mapped into memory: the system writes them out as it likes.

A picture of 120 megapixels has 480 MB in Pillow. In a file they are no memory that a process holds on to.
"""

from __future__ import annotations

import mmap
import os
import resource
import sys
import tempfile
from typing import Any, cast

from PIL import Image

# Pillow stores the channels of colours in four bytes; RGBX is RGB in the form that lies in memory as it is.
_BYTES_OF_A_PIXEL = {"L": 1, "RGBX": 4, "CMYK": 4}


def mapped_picture(mode: str, size: tuple[int, int]) -> Image.Image:
    """A black picture in a file that is gone when the picture is.

    Parameters
    ----------
    mode : {"L", "RGB", "CMYK"}
    size : (width, height)

    Returns
    -------
    PIL.Image.Image
        In RGBX in place of RGB.

    Raises
    ------
    OSError
        If the disc has no room for it.
    """
    stored = "RGBX" if mode == "RGB" else mode
    n_bytes = _BYTES_OF_A_PIXEL[stored] * size[0] * size[1]
    with tempfile.TemporaryFile() as file:
        file.truncate(n_bytes)
        if sys.platform == "linux":
            # A file with holes would end the process where the disc is full.
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        _allow_addresses(n_bytes)
        # Keeps the file after its name and number are gone.
        pixels = mmap.mmap(file.fileno(), n_bytes)
    picture = Image.frombuffer(stored, size, cast(Any, pixels), "raw", stored, 0, 1)
    picture.readonly = 0
    return picture


def _allow_addresses(n_bytes: int) -> None:
    """Raise this process's limit of memory by what is none: the addresses of a file."""
    allowed, most = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY:
        raised = allowed + n_bytes
        resource.setrlimit(resource.RLIMIT_AS, (raised if most == resource.RLIM_INFINITY else min(raised, most), most))
