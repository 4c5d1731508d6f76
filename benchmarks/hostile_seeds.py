"""Small sound files of the formats beside JPEG, PNG and WebP, to be damaged: a few of each kind, made here."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401  lets Pillow write such files
from PIL import Image

pillow_heif.register_heif_opener()

SIDE = 200


def picture() -> Image.Image:
    """Curves with noise, so that a part of a file is not enough for all of it."""
    curves = Image.effect_mandelbrot((SIDE, SIDE), (-3, -2.5, 2, 2.5), 60)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8))
    return Image.merge("RGB", (curves, noise, curves.transpose(Image.Transpose.ROTATE_90)))


def written(image: Image.Image, fmt: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def seeds() -> dict[str, list[bytes]]:
    """The files of each format, by its name."""
    plain = picture()
    see_through = plain.convert("RGBA")
    see_through.putalpha(Image.linear_gradient("L").resize(plain.size))
    return {
        "AVIF": list(_avif(plain, see_through)),
        "HEIC": list(_heic(plain, see_through)),
        "JPEG XL": list(_jpeg_xl(plain, see_through)),
        "TIFF": list(_tiff(plain, see_through)),
        "GIF": [written(plain, "GIF"), written(plain, "GIF", save_all=True, append_images=[plain.rotate(90)])],
        "BMP": [written(plain, "BMP"), written(plain.convert("P"), "BMP"), written(plain.convert("1"), "BMP")],
        "camera raw": [raw(plain, order, make) for order, make in ((b"II", b"Canon\0"), (b"MM", b"NIKON\0"))],
    }


def _avif(plain: Image.Image, see_through: Image.Image) -> Iterator[bytes]:
    yield written(plain, "AVIF", speed=10)
    yield written(see_through, "AVIF", speed=10)
    yield written(plain.convert("L"), "AVIF", speed=10)
    yield written(plain, "AVIF", speed=10, save_all=True, append_images=[plain.rotate(90)])


def _heic(plain: Image.Image, see_through: Image.Image) -> Iterator[bytes]:
    fast = {"enc_params": {"preset": "ultrafast"}}
    yield written(plain, "HEIF", **fast)
    yield written(plain, "HEIF", tile_size=64, **fast)
    yield written(see_through, "HEIF", **fast)
    deep = io.BytesIO()
    pillow_heif.encode("RGB;16", plain.size, (np.asarray(plain).astype(np.uint16) * 257).tobytes(), deep)
    yield deep.getvalue()


def _jpeg_xl(plain: Image.Image, see_through: Image.Image) -> Iterator[bytes]:
    yield written(plain, "JXL")
    yield written(see_through, "JXL", lossless=True)
    yield written(plain, "JXL", use_container=True, exif=b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    yield written(plain.convert("L"), "JXL", lossless=True)


def _tiff(plain: Image.Image, see_through: Image.Image) -> Iterator[bytes]:
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield written(plain, "TIFF", compression=compression)
    yield written(plain.convert("CMYK"), "TIFF", compression="tiff_lzw")
    yield written(see_through, "TIFF")
    yield written(plain.convert("1"), "TIFF", compression="group4")
    yield written(Image.fromarray(np.asarray(plain.convert("L")).astype(np.uint16) * 257), "TIFF")
    yield written(plain, "TIFF", save_all=True, append_images=[plain.rotate(90)])


def raw(plain: Image.Image, order: bytes, make: bytes) -> bytes:
    """A file like a camera's raw one: a TIFF whose first directory names the camera and a JPEG to look at."""
    preview = written(plain.resize((720, 540)), "JPEG")
    sign = "<" if order == b"II" else ">"
    start = 8 + 2 + 12 * 6 + 4
    entries = (
        (0x00FE, 4, 1, 1),  # a smaller version of another picture
        (0x0103, 3, 1, 6 if sign == "<" else 6 << 16),  # JPEG
        (0x010F, 2, len(make), start),
        (0x0111, 4, 1, start + len(make)),
        (0x0117, 4, 1, len(preview)),
        (0xC612, 4, 1, 0x01040000),  # DNG 1.4
    )
    directory = struct.pack(f"{sign}H", len(entries)) + b"".join(struct.pack(f"{sign}HHII", *e) for e in entries)
    return order + struct.pack(f"{sign}HI", 42, 8) + directory + bytes(4) + make + preview
