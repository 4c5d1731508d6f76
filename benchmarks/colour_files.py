"""Small files for the benchmark of colours: one for each way in which a file can name them."""

from __future__ import annotations

import colorsys
import io
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, features

from tests.pure.images import (
    DISPLAY_P3,
    LINEAR_CURVE,
    SRGB,
    cmyk_profile,
    encoded,
    grey_profile,
    icc_profile,
    png_chunk,
    raw_png,
    rgb_profile,
)

WIDTH, HEIGHT = 240, 160
P3 = (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
BT709 = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
WIDE_GAMUT = (0.3457, 0.3585, 0.7347, 0.2653, 0.1152, 0.8264, 0.1566, 0.0177)
# Adobe RGB (1998) under D50, and its gamma of 563/256 as ICC profiles write it.
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
ADOBE_CURVE = b"curv\0\0\0\0\0\0\0\1\2\x33"


def colour_files() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each."""
    yield from pngs()
    yield from deep_pngs()
    yield from animated_pngs()
    yield from with_profiles()
    if features.check("avif"):
        yield from avifs()


@lru_cache(maxsize=1)
def chart() -> npt.NDArray[np.uint8]:
    """All hues across; from black over full colours to white down; greys at the bottom."""
    rows = [[colorsys.hls_to_rgb(x / WIDTH, y / (HEIGHT - 33), 0.9) for x in range(WIDTH)] for y in range(HEIGHT - 32)]
    greys = np.broadcast_to(np.linspace(0, 1, WIDTH)[None, :, None], (32, WIDTH, 3))
    return np.round(255 * np.concatenate([np.array(rows), greys])).astype(np.uint8)


def grey() -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(chart()).convert("L"))


def png(chunks: bytes, pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | None = None) -> bytes:
    """A PNG of the chart, or of other pixels, with chunks in front of the picture."""
    pixels = chart() if pixels is None else pixels
    colour_type = {2: 0, 3: {3: 2, 4: 6}.get(pixels.shape[-1], 0)}[pixels.ndim]
    rows = [row.astype(f">u{pixels.itemsize}").tobytes() for row in pixels]
    return raw_png((pixels.shape[1], pixels.shape[0]), 8 * pixels.itemsize, colour_type, rows, chunks)


def cicp(primaries: int, transfer: int) -> bytes:
    return png_chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def gama(gamma: float) -> bytes:
    return png_chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


def chrm(chromaticities: tuple[float, ...]) -> bytes:
    return png_chunk(b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in chromaticities)))


def iccp(profile: bytes) -> bytes:
    return png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))


def peak(nits: int) -> bytes:
    return png_chunk(b"cLLI", struct.pack(">II", 10_000 * nits, 10_000 * nits // 10))


def pngs() -> Iterator[tuple[str, bytes]]:
    for primaries in (1, 4, 5, 6, 8, 9, 11, 12, 22):
        yield f"cicp-{primaries}-13.png", png(cicp(primaries, 13))
    for transfer in (1, 2, 4, 5, 7, 8, 9, 14, 17):
        yield f"cicp-12-{transfer}.png", png(cicp(12, transfer))
    for primaries in (1, 9, 12):
        for transfer in (16, 18):
            yield f"cicp-{primaries}-{transfer}.png", png(cicp(primaries, transfer))
    for nits in (150, 400, 4000):
        yield f"cicp-9-16-peak-{nits}.png", png(cicp(9, 16) + peak(nits))
    for gamma in (0.3, 0.41, 0.45455, 0.5, 1.0):
        yield f"gama-{gamma}.png", png(gama(gamma))
        for name, chromaticities in (("p3", P3), ("bt709", BT709), ("wide", WIDE_GAMUT)):
            yield f"gama-{gamma}-chrm-{name}.png", png(gama(gamma) + chrm(chromaticities))
    srgb, other, broken = png_chunk(b"sRGB", b"\0"), rgb_profile(DISPLAY_P3), iccp(b"no profile" * 20)
    yield "chrm-alone.png", png(chrm(P3))
    yield "chrm-impossible.png", png(gama(1) + chrm((0,) * 8))
    yield "cicp-over-profile.png", png(cicp(9, 13) + iccp(other))
    yield "profile-over-srgb.png", png(srgb + iccp(other))
    yield "srgb-over-gama.png", png(srgb + gama(1) + chrm(P3))
    yield "unknown-cicp-then-profile.png", png(cicp(99, 13) + iccp(other))
    yield "broken-profile-then-gama.png", png(broken + gama(1))
    yield "broken-profile-then-srgb.png", png(broken + srgb + gama(1))
    yield "grey-profile-on-colours-then-gama.png", png(iccp(grey_profile(LINEAR_CURVE)) + gama(1))
    yield "grey-gama.png", png(gama(1), grey())
    yield "grey-cicp-pq.png", png(cicp(9, 16), grey())
    yield "grey-rgb-profile.png", png(iccp(rgb_profile(SRGB, LINEAR_CURVE)), grey())
    yield "palette-gama-chrm.png", palette(gama(1) + chrm(P3))
    clear = np.broadcast_to(np.linspace(0, 255, HEIGHT).astype(np.uint8)[:, None, None], (HEIGHT, WIDTH, 1))
    for name, chunks in (("none", b""), ("gama", gama(1)), ("profile", iccp(other)), ("pq", cicp(9, 16))):
        yield f"transparent-{name}.png", png(chunks, np.concatenate([chart(), clear], axis=2))


def palette(chunks: bytes) -> bytes:
    data = encoded(Image.fromarray(chart()).quantize(200))
    return data[:33] + chunks + data[33:]


def deep_pngs() -> Iterator[tuple[str, bytes]]:
    """16 bits a sample, of smooth and dark colours."""
    steps = np.linspace(0, 1, WIDTH)[None, :, None] * np.linspace(0.1, 1, HEIGHT)[:, None, None]
    codes = np.round(65_535 * steps * np.array([1.0, 0.9, 0.8])).astype(np.uint16)
    for name, chunks in (
        ("pq", cicp(9, 16)),
        ("hlg", cicp(9, 18)),
        ("linear", cicp(12, 8)),
        ("gama", gama(1)),
        ("gama-chrm", gama(1) + chrm(P3)),
    ):
        yield f"deep-{name}.png", png(chunks, codes)
        yield f"deep-grey-{name}.png", png(chunks, codes[..., 0])
    alpha = np.broadcast_to(np.linspace(0, 65_535, HEIGHT).astype(np.uint16)[:, None, None], (HEIGHT, WIDTH, 1))
    yield "deep-transparent-pq.png", png(cicp(9, 16), np.concatenate([codes, alpha], axis=2))


def animated_pngs() -> Iterator[tuple[str, bytes]]:
    """Whose default image, black, is no frame; the first frame fills the canvas, or a part of it."""
    for name, (left, top) in (("whole", (0, 0)), ("part", (40, 30))):
        frame = chart()[top:, left:]
        control = struct.pack(">5I2H2B", 0, WIDTH - left, HEIGHT - top, left, top, 1, 1, 0, 0)
        picture = zlib.compress(b"".join(b"\0" + row.tobytes() for row in frame))
        animation = png_chunk(b"fcTL", control) + png_chunk(b"fdAT", struct.pack(">I", 1) + picture)
        still = png(png_chunk(b"acTL", struct.pack(">II", 1, 0)), np.zeros_like(chart()))
        yield f"animated-{name}.png", still[:-12] + animation + still[-12:]


def with_profiles() -> Iterator[tuple[str, bytes]]:
    colours, greys = Image.fromarray(chart()), Image.fromarray(grey())
    linear = rgb_profile(SRGB, LINEAR_CURVE)
    profiles = {"p3": rgb_profile(DISPLAY_P3), "adobe": rgb_profile(ADOBE_RGB, ADOBE_CURVE), "linear": linear}
    for name, profile in profiles.items():
        yield f"profile-{name}.jpg", jpeg(colours, profile)
        yield f"profile-{name}-v2.jpg", jpeg(colours, profile[:8] + b"\2\x40\0\0" + profile[12:])
        yield f"profile-{name}.webp", encoded(colours, "WEBP", lossless=True, icc_profile=profile)
    yield "grey-profile-on-grey.jpg", jpeg(greys, grey_profile(ADOBE_CURVE))
    yield "rgb-profile-on-grey.jpg", jpeg(greys, linear)
    yield "grey-profile-on-colours.jpg", jpeg(colours, grey_profile(LINEAR_CURVE))
    yield "press-profile-on-colours.jpg", jpeg(colours, cmyk_profile({}))
    # Without black: Chromium prints it with the other inks before it looks at a profile.
    inks = [*(band.point(range(255, -1, -1)) for band in colours.split()), Image.new("L", colours.size)]
    yield "inks.jpg", jpeg(Image.merge("CMYK", [*inks[:3], greys]), b"")
    yield "inks-with-profile.jpg", jpeg(Image.merge("CMYK", inks), press())
    yield "gain-map.jpg", with_gain_map(colours, greys)


def jpeg(picture: Image.Image, profile: bytes) -> bytes:
    return encoded(picture, "JPEG", quality=95, icc_profile=profile)


def press() -> bytes:
    """A press whose inks make paper darker as filters do, with a black that is not all black."""
    c, m, y, k = np.meshgrid(*[np.linspace(0, 1, 9)] * 4, indexing="ij")
    left = (1 - 0.9 * k) * (1 - 0.3 * c - 0.45 * m - 0.1 * y)
    lab = np.stack([8 + 92 * left, 128 + 70 * (m - c) * left, 128 + 80 * (y - 0.5 * c - 0.3 * m) * left], axis=-1)
    clut = np.round(lab * [2.55, 1, 1]).astype(np.uint8).tobytes()
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65_536 * np.eye(3, dtype=int)).ravel())
    return icc_profile(
        b"CMYK", b"Lab ", {b"A2B0": b"mft1\0\0\0\0\4\3\x09\0" + matrix + identity * 4 + clut + identity * 3}
    )


def with_gain_map(picture: Image.Image, gains: Image.Image) -> bytes:
    """A JPEG with a second picture, which brightens it on an HDR display (Ultra HDR)."""
    names = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
    )
    second = encoded(gains, "JPEG", quality=90, xmp=packet(f'{names} hdrgm:Version="1.0" hdrgm:GainMapMax="2"'))
    item = '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" {}/></rdf:li>'
    items = item.format('Item:Semantic="Primary"')
    items += item.format(f'Item:Semantic="GainMap" Item:Length="{len(second)}"')
    google = "http://ns.google.com/photos/1.0/container/"
    directory = (
        f'{names} xmlns:Container="{google}" xmlns:Item="{google}item/" hdrgm:Version="1.0"',
        f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>",
    )
    return encoded(picture, "JPEG", quality=95, xmp=packet(*directory)) + second


def packet(attributes: str, content: str = "") -> bytes:
    """XMP with one description."""
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    description = f'<rdf:Description rdf:about="" {attributes}>{content}</rdf:Description>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}{description}</rdf:RDF></x:xmpmeta>'.encode()


def avifs() -> Iterator[tuple[str, bytes]]:
    """With nclx of all kinds, and with a profile."""
    out = io.BytesIO()
    Image.fromarray(chart()).save(out, "AVIF", quality=95, subsampling="4:4:4")
    data = out.getvalue()
    codes = data.index(b"colrnclx") + 8
    for primaries, transfer in ((1, 1), (2, 2), (12, 13), (12, 2), (9, 14), (1, 4), (1, 8), (9, 16), (12, 16), (9, 18)):
        named = struct.pack(">HH", primaries, transfer)
        yield f"nclx-{primaries}-{transfer}.avif", data[:codes] + named + data[codes + 4 :]
    yield "profile-p3.avif", encoded(Image.fromarray(chart()), "AVIF", quality=95, icc_profile=rgb_profile(DISPLAY_P3))
