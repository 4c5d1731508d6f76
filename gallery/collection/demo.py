"""A collection to try the site with: photographs that scikit-image installs, each also in four disguises.

Whoever selects the cat finds it cropped, mirrored, in evening light and small in another picture: a search
has right answers that one can see.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from gallery.collection.importing import Details

# Left, top, right, bottom as shares of the picture.
Box = tuple[float, float, float, float]

SET_IN_SIDE = 0.42
DOCUMENTATION = "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data."


@dataclass(frozen=True)
class Photograph:
    """A file that scikit-image installs, with what its documentation says about it."""

    file: str
    details: Details
    thing: Box
    host: str
    place: tuple[float, float]


# Installed with the package itself; the others of `skimage.data` would have to be fetched. Only photographs
# whose documentation names a licence.
PHOTOGRAPHS = (
    Photograph(
        file="astronaut.png",
        details=Details(
            title="Eileen Collins, astronaut",
            description="Portrait of Eileen Collins, the first woman to pilot a space shuttle.",
            creator="NASA",
            licence="Public domain, no known copyright restrictions",
            source_url="https://flic.kr/p/r9qvLn",
            tags=("person", "portrait", "space"),
        ),
        thing=(0.05, 0.0, 0.72, 0.86),
        host="hubble_deep_field.jpg",
        place=(0.5, 0.45),
    ),
    Photograph(
        file="chelsea.png",
        details=Details(
            title="Chelsea the cat",
            description="The face of a tabby cat.",
            creator="Stéfan van der Walt",
            licence="CC0 1.0",
            source_url=f"{DOCUMENTATION}chelsea",
            tags=("animal", "cat", "portrait"),
        ),
        thing=(0.08, 0.02, 0.85, 0.98),
        host="coffee.png",
        place=(0.55, 0.52),
    ),
    Photograph(
        file="coffee.png",
        details=Details(
            title="A cup of coffee",
            description="An espresso in a red cup on a wooden table. Courtesy of Pikolo Espresso Bar.",
            creator="Rachel Michetti",
            licence="CC0 1.0",
            source_url=f"{DOCUMENTATION}coffee",
            tags=("cup", "drink", "still life"),
        ),
        thing=(0.12, 0.02, 0.82, 0.98),
        host="rocket.jpg",
        place=(0.04, 0.08),
    ),
    Photograph(
        file="rocket.jpg",
        details=Details(
            title="Falcon 9 before the launch of DSCOVR",
            description="The rocket on Space Launch Complex 40 at Cape Canaveral, at dusk.",
            creator="SpaceX",
            licence="Public domain",
            source_url="https://www.flickr.com/photos/spacexphotos/16511594820",
            tags=("night", "rocket", "space"),
        ),
        thing=(0.3, 0.2, 0.8, 1.0),
        host="chelsea.png",
        place=(0.02, 0.5),
    ),
    Photograph(
        file="hubble_deep_field.jpg",
        details=Details(
            title="Hubble eXtreme Deep Field",
            description="The Hubble Space Telescope's farthest view of the universe: thousands of galaxies.",
            creator="NASA",
            licence="Public domain",
            source_url="http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
            tags=("galaxies", "night", "space"),
        ),
        thing=(0.2, 0.3, 0.8, 0.95),
        host="astronaut.png",
        place=(0.55, 0.02),
    ),
    Photograph(
        file="retina.jpg",
        details=Details(
            title="Retina of a left eye",
            description="Fundus photograph of a normal human retina.",
            creator="Mikael Häggström",
            licence="CC0 1.0",
            source_url="https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
            tags=("eye", "medicine"),
        ),
        thing=(0.02, 0.12, 0.62, 0.88),
        host="ihc.png",
        place=(0.5, 0.5),
    ),
    Photograph(
        file="ihc.png",
        details=Details(
            title="Colonic glands, stained",
            description="FHL2 protein in colonic glands, shown by immunohistochemical staining.",
            creator="Center for Microscopy and Molecular Imaging",
            licence="No known copyright restrictions",
            source_url=f"{DOCUMENTATION}immunohistochemistry",
            tags=("medicine", "microscopy"),
        ),
        thing=(0.0, 0.0, 0.55, 0.7),
        host="retina.jpg",
        place=(0.3, 0.3),
    ),
)

BY_FILE = {photograph.file: photograph for photograph in PHOTOGRAPHS}


def images(folder: Path | None = None) -> Iterator[tuple[bytes, str, Details]]:
    """Every image of the demo collection, one after the other: its file, the file's name and its details."""
    folder = folder or installed_photographs()
    for photograph in PHOTOGRAPHS:
        original = (folder / photograph.file).read_bytes()
        yield original, photograph.file, photograph.details
        for suffix, disguise in DISGUISES.items():
            changed = disguise(photograph, opened(folder, photograph.file), opened(folder, photograph.host))
            name = f"{Path(photograph.file).stem}-{suffix.replace(' ', '-')}.jpg"
            others = BY_FILE[photograph.host].details if disguise is set_in else None
            yield as_jpeg(changed), name, disguised(photograph.details, suffix, others)


def shows(title: str, photograph: Photograph) -> bool:
    """Whether the image of a title shows a photograph, or something small that was set in it."""
    hosted = {other.details.title for other in PHOTOGRAPHS if other.host == photograph.file}
    thing, _, disguise = title.partition(", small in")
    return title.startswith(photograph.details.title) or bool(disguise and thing in hosted)


def installed_photographs() -> Path:
    """The folder that scikit-image keeps its images in."""
    import skimage

    return Path(skimage.__file__).parent / "data"


def opened(folder: Path, file: str) -> Image.Image:
    with Image.open(folder / file) as image:
        return image.convert("RGB")


def as_jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


def disguised(details: Details, suffix: str, others: Details | None) -> Details:
    """What is true of a changed photograph; `others` made the picture it was set in."""
    made = {details.creator: None} | ({others.creator: None} if others else {})
    under = {details.licence: None} | ({others.licence: None} if others else {})
    return replace(
        details,
        title=f"{details.title}, {suffix}",
        description=f"{details.description} Changed for this demo: {suffix}.",
        creator=" and ".join(made),
        licence="; ".join(under),
    )


# The disguises


def cropped(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    left, top, right, bottom = photograph.thing
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


def mirrored(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def relit(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    """Dimmer, and warmer, as by a low sun."""
    light = (np.asarray(image, np.float32) / 255) ** 1.35 * np.array([0.98, 0.82, 0.62], np.float32)
    return Image.fromarray((light * 255).round().astype(np.uint8))


def set_in(photograph: Photograph, image: Image.Image, host: Image.Image) -> Image.Image:
    """The thing, small, in the picture of something else."""
    thing = cropped(photograph, image, host)
    side = round(SET_IN_SIDE * max(host.size))
    thing.thumbnail((side, side), Image.Resampling.LANCZOS)
    across, down = photograph.place
    host.paste(thing, (round(across * host.width), round(down * host.height)))
    return host


DISGUISES: dict[str, Callable[[Photograph, Image.Image, Image.Image], Image.Image]] = {
    "cropped": cropped,
    "mirrored": mirrored,
    "in evening light": relit,
    "small in another picture": set_in,
}
