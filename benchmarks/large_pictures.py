"""What reading pictures of 120 megapixels takes in a child, time and memory: `python -m benchmarks.large_pictures`.

For each kind the working copy, and all of the picture in original size as PNG. Memory is counted beyond that of the
child once it has the file: its own at the end, and its peak, to which pixels in a mapped file belong, which the system
takes back when it likes.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from PIL import Image

from selector.imaging import child
from selector.imaging.imagefile import make_working_copy
from selector.rendering.original_size import write_portion

SIZE = (12_000, 10_000)
LIMITS = {"max_bytes": 2**30, "max_pixels": 40_000_000, "max_large_pixels": 120_000_000}
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("RGB", "JPEG", {"quality": 85}),
    "JPEG, CMYK": ("CMYK", "JPEG", {"quality": 85}),
    "TIFF, LZW": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "TIFF, JPEG": ("RGB", "TIFF", {"compression": "jpeg"}),
    "TIFF, not compressed": ("L", "TIFF", {}),
}


def status(*names: str) -> list[int]:
    """Figures of this process, in MB, by their names in /proc."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return [int(lines[name].split()[0]) // 1024 for name in names]


def measured(work: Callable[..., object]) -> tuple[float, int, int]:
    """In a child: seconds of processor time, and MB of its own and at its peak, of what has begun with the file."""
    (before,) = status("VmHWM")
    start = time.process_time()
    work(**LIMITS)
    own, peak = status("RssAnon", "VmHWM")
    return time.process_time() - start, own - before, peak - before


def write_all(data: bytes, path: str, **limits: int) -> None:
    """All of a picture in original size, as the page of a photo offers it."""
    alpha = np.full((853, 1024), 255, np.uint8)
    options: dict[str, Any] = {"background": "white", "crop": False, "quarter_turns": 0, **limits}
    write_portion(path, data, alpha, **options)


def file_of(kind: str) -> bytes:
    mode, fmt, options = KINDS[kind]
    picture = Image.effect_mandelbrot(SIZE, (-3, -2.5, 2, 2.5), 60).convert(mode)
    out = io.BytesIO()
    picture.save(out, fmt, **options)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    child.preload("selector.rendering.warmed")
    limits = child.Limits(420 * 2**20, 60, 120.0)
    print("| kind | file, MB | work | processor, s | own, MB | peak, MB |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        data = file_of(kind)
        with NamedTemporaryFile(suffix=".png") as file:
            of_all = partial(write_all, data, file.name)
            for name, work in (("working copy", partial(make_working_copy, data)), ("original size", of_all)):
                seconds, own, peak = child.in_child(measured, work, limits=limits)
                print(f"| {kind} | {len(data) / 2**20:.0f} | {name} | {seconds:.1f} | {own} | {peak} |", flush=True)


if __name__ == "__main__":
    main()
