"""Uploads of pictures of 12 megapixels in several formats, to the first outline, as ratios to their JPEGs.

    python -m benchmarks.formats [PHOTO] [--repeat N] [--json FILE]

The web server on loopback over a fresh database, one client. PHOTO is a JPEG of any size, brought to 4,032 x 3,024;
without it, a picture is computed. Each upload is of another part of it, so that nothing is known already. HEIC is
written as phones do, in tiles of 512 pixels. In a second table, what decoding takes for about as many pixels as the
format may have: seconds of the processor, and megabytes beyond a process that has imported all it needs, for the
working copy and for the picture in its own size. HEIC and JPEG XL need the extra more-formats.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401  lets Pillow write such files
from PIL import Image, ImageChops

from benchmarks.hostile import opened
from benchmarks.served_site import Site, found, report, served, text_of
from selector.imaging import child
from selector.imaging.imagefile import make_working_copy
from selector.imaging.upright_picture import UprightPicture

pillow_heif.register_heif_opener()
child.preload("selector.rendering.warmed")

Write = Callable[[Image.Image], bytes]

SIZE, LARGE = (4032, 3024), (7728, 5152)
MEGAPIXEL = 1_000_000
MOST_TIMES_A_JPEG, MOST_MB = 4.0, 300


def writer(fmt: str, **options: object) -> Write:
    def write(picture: Image.Image) -> bytes:
        out = io.BytesIO()
        picture.save(out, fmt, **options)
        return out.getvalue()

    return write


# Written fast: what a slower encoder saves in bytes costs decoders little.
HEIC = partial(writer, "HEIF", quality=60, enc_params={"preset": "ultrafast"})
FORMATS: dict[str, Write] = {
    "JPEG": writer("JPEG", quality=88),
    "AVIF": writer("AVIF", quality=65, speed=9),
    "HEIC": HEIC(tile_size=512),
    "JPEG XL": writer("JXL", quality=85, effort=3),
}
# With the megapixels to try, which are just below what is allowed.
DECODED: dict[str, tuple[Write, int]] = {
    "JPEG": (FORMATS["JPEG"], 39),
    "AVIF": (FORMATS["AVIF"], 38),
    "AVIF, 4:4:4": (writer("AVIF", quality=65, speed=9, subsampling="4:4:4"), 32),
    "HEIC in tiles": (FORMATS["HEIC"], 39),
    "HEIC in one piece": (HEIC(), 39),
    "JPEG XL": (FORMATS["JPEG XL"], 39),
    "JPEG XL without loss": (writer("JXL", lossless=True, effort=3), 19),
}


def picture(photo: Path | None, size: tuple[int, int]) -> Image.Image:
    """The photo, or what resembles one: curves, and noise of a coarse grain."""
    if photo:
        return Image.open(photo).convert("RGB").resize(size, Image.Resampling.LANCZOS)
    curves = Image.effect_mandelbrot(size, (-3, -2.5, 2, 2.5), 60)
    channels = (curves, *map(curves.transpose, (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM)))
    noise = np.random.default_rng(0).integers(0, 24, (size[1] // 4, size[0] // 4, 3), np.uint8)
    return ImageChops.add(Image.merge("RGB", channels), Image.fromarray(noise).resize(size))


def to_first_outline(site: Site, photo: bytes) -> float:
    """Seconds from sending a photo until its outline is there."""
    start = time.perf_counter()
    page = text_of(site.request("GET", site.upload(photo)))
    assert site.request("GET", found(r'id="outline"[^>]* src="([^"]+)"', page)).status == 200
    return time.perf_counter() - start


def uploads(port: int, whole: Image.Image, repeat: int) -> Iterator[dict[str, object]]:
    """A row for each format; they take turns, so that all meet the same machine."""
    site = Site(port)
    seconds: dict[str, list[float]] = {name: [] for name in FORMATS}
    n_bytes = dict.fromkeys(FORMATS, 0)
    for turn in range(repeat + 1):
        shifted = ImageChops.offset(whole, 97 * turn, 61 * turn)
        for name, write in FORMATS.items():
            file = write(shifted)
            taken = to_first_outline(site, file)
            if turn:  # the first one warms up
                seconds[name].append(taken)
                n_bytes[name] = len(file)
    of_jpeg = statistics.median(seconds["JPEG"])
    for name, of_format in seconds.items():
        ratio = statistics.median(of_format) / of_jpeg
        yield {
            "format": name,
            "MB": round(n_bytes[name] / MEGAPIXEL, 2),
            "median ms": round(1000 * statistics.median(of_format)),
            "longest ms": round(1000 * max(of_format)),
            "times a JPEG": round(ratio, 2),
            "missed": ratio > MOST_TIMES_A_JPEG,
        }


def status(field: str) -> float:
    """Megabytes of this process, by a name in /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def taken_by(decode: Callable[..., object], file: bytes) -> tuple[float, float]:
    """Megabytes at the peak and seconds of the processor that a function takes, in the process that runs this."""
    before, start = status("VmRSS"), time.process_time()
    decode(file, max_bytes=2**30, max_pixels=40 * MEGAPIXEL)
    return status("VmHWM") - before, time.process_time() - start


def open_in_full(file: bytes, **limits: int) -> None:
    """Decode a picture in its own size, and give none of it back."""
    UprightPicture(file, **limits)


def decoding(whole: Image.Image) -> Iterator[dict[str, object]]:
    """A row for each format, decoded in processes of its own, as the site does."""
    measured = partial(child.in_child, taken_by, limits=child.Limits(2**31, 60, 60.0))
    for name, (write, count) in DECODED.items():
        file = write(whole.crop((0, 0, whole.width, min(whole.height, count * MEGAPIXEL // whole.width))))
        copy_mb, copy_seconds = measured(make_working_copy, file)
        full_mb, full_seconds = measured(open_in_full, file)
        yield {
            "decoded": name,
            "megapixels": count,
            "working copy, MB": round(copy_mb),
            "working copy, s": round(copy_seconds, 2),
            "own size, MB": round(full_mb),
            "own size, s": round(full_seconds, 2),
            "missed": max(copy_mb, full_mb) > MOST_MB,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path, nargs="?", metavar="PHOTO", help="a JPEG to write in all formats")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="uploads of each format")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="formats") as folder, served(opened(folder)) as port:
        rows = list(uploads(port, picture(arguments.photo, SIZE), arguments.repeat))
    rows += decoding(picture(arguments.photo, LARGE))
    report(rows, arguments.json)
    return 1 if any(row["missed"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
