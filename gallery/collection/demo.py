"""A collection to try the site with: photographs that scikit-image installs, and four variants of each.

A search for the cat has right answers that one can see: the cat cropped, mirrored, in evening light, and small in
another picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from gallery.collection.demo_photographs import BY_FILE, PHOTOGRAPHS, Photograph
from gallery.collection.importing import Details

__all__ = ["BY_FILE", "PHOTOGRAPHS", "VARIANTS", "Photograph", "images", "n_images", "shows"]

# The longer side of a thing in another picture, as a share of the longer side of that picture.
SET_IN_SIDE = 0.42


def images(folder: Path | None = None) -> Iterator[tuple[bytes, str, Details]]:
    """Every image of the demo collection, one after the other: its file, the file's name and its details.

    The photographs are read from `folder`, or from where scikit-image has installed them.
    """
    folder = folder or installed_photographs()
    for photograph in PHOTOGRAPHS:
        original = (folder / photograph.file).read_bytes()
        yield original, photograph.file, photograph.details
        for suffix, variant in VARIANTS.items():
            changed = variant(photograph, opened(folder, photograph.file), opened(folder, photograph.host))
            name = f"{Path(photograph.file).stem}-{suffix.replace(' ', '-')}.jpg"
            host = BY_FILE[photograph.host].details if variant is set_in else None
            yield as_jpeg(changed), name, details_of_variant(photograph.details, suffix, host)


def n_images() -> int:
    """How many images the demo collection has."""
    return len(PHOTOGRAPHS) * (1 + len(VARIANTS))


def shows(title: str, photograph: Photograph) -> bool:
    """Whether the image with a title shows a photograph, or a thing that was set in it."""
    hosted = {other.details.title for other in PHOTOGRAPHS if other.host == photograph.file}
    thing, _, rest = title.partition(", small in")
    return title.startswith(photograph.details.title) or bool(rest and thing in hosted)


def installed_photographs() -> Path:
    """The folder that scikit-image keeps its images in."""
    import skimage

    return Path(skimage.__file__).parent / "data"


def opened(folder: Path, file: str) -> Image.Image:
    """An image file as an RGB picture."""
    with Image.open(folder / file) as image:
        return image.convert("RGB")


def as_jpeg(image: Image.Image) -> bytes:
    """A picture as a JPEG file."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


def details_of_variant(details: Details, suffix: str, host: Details | None) -> Details:
    """What is known of a variant: where it is set in another photograph, `host`, both creators and licences count."""
    sources = [details] if host is None else [details, host]
    # A dictionary names each once and keeps the order.
    return replace(
        details,
        title=f"{details.title}, {suffix}",
        description=f"{details.description} Changed for this demo: {suffix}.",
        creator=" and ".join(dict.fromkeys(source.creator for source in sources)),
        licence="; ".join(dict.fromkeys(source.licence for source in sources)),
    )


# The variants: each makes a picture of a photograph, its own picture, and the picture of its host


def cropped(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    """The thing alone."""
    left, top, right, bottom = photograph.thing
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


def mirrored(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    """Left and right exchanged."""
    return ImageOps.mirror(image)


def relit(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    """Darker and warmer, as by a low sun."""
    light = (np.asarray(image, np.float32) / 255) ** 1.35 * np.array([0.98, 0.82, 0.62], np.float32)
    return Image.fromarray((light * 255).round().astype(np.uint8))


def set_in(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    """The host, with the thing small in it."""
    thing = cropped(photograph, image, host)
    side = round(SET_IN_SIDE * max(host.size))
    thing.thumbnail((side, side), Image.Resampling.LANCZOS)
    across, down = photograph.place
    host.paste(thing, (round(across * host.width), round(down * host.height)))
    return host


# By what is added to the title of the photograph.
VARIANTS: dict[str, Callable[[Photograph, Image.Image, Image.Image], Image.Image]] = {
    "cropped": cropped,
    "mirrored": mirrored,
    "in evening light": relit,
    "small in another picture": set_in,
}
