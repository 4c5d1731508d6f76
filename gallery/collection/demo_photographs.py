"""The photographs of the demo collection, and where each of them shows its thing."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.collection.importing import Details

# Left, top, right and bottom, as shares of the picture's width and height.
Box = tuple[float, float, float, float]

DOCUMENTATION = "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data."


@dataclass(frozen=True)
class Photograph:
    """A file that scikit-image installs, with what its documentation says about it.

    Attributes
    ----------
    thing : where it shows what it is a picture of
    host : the file of another photograph, in which a variant shows that thing
    place : the left and top of the thing in the host, as shares of its size
    """

    file: str
    details: Details
    thing: Box
    host: str
    place: tuple[float, float]


# Those that are installed with the package (others of `skimage.data` are downloaded) and whose documentation names a
# licence.
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
