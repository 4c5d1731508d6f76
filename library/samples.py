"""What the start page offers to try: photographs of the demo collection, each with a thing that is worth selecting."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from gallery.collection import demo
from gallery.index import indexing
from gallery.index.kinds import APPEARANCE
from gallery.models import GalleryImage
from selector.arrays import Members
from selector.models import LabelMap, Photo
from selector.people import Person
from selector.selection.geometry import Point
from selector.selection.objects.evidence import Start
from selector.selection.tools import BEGIN, Gesture
from selector.services import label_maps, objects, selecting


@dataclass(frozen=True)
class Thing:
    """A thing on a photograph of the demo collection.

    Attributes
    ----------
    file : str
        The photograph's, as scikit-image installs it.
    name : str
        What it is called, as in "Find images with ...".
    start : {"box", "loop", "stroke", "tap"}
        The gesture that selects it.
    points : sequence of (x, y)
        Of that gesture, as shares of the photograph's width and height.
    """

    file: str
    name: str
    start: Start
    points: Sequence[Point]


LIVE = Thing("coffee.png", "the cup", "box", ((0.12, 0.03), (0.84, 0.97)))
"""On the photograph that the start page shows large."""

THINGS = (
    Thing(
        "astronaut.png",
        "the space suit",
        "loop",
        (
            *((0.02, 0.99), (0.08, 0.66), (0.22, 0.5), (0.24, 0.4), (0.44, 0.38), (0.52, 0.47), (0.72, 0.6)),
            *((0.72, 0.72), (0.58, 0.99)),
        ),
    ),
    Thing(
        "chelsea.png",
        "the cat",
        "loop",
        (
            *((0.2, 0.5), (0.22, 0.15), (0.3, 0.02), (0.62, 0.02), (0.72, 0.2), (0.8, 0.55), (0.7, 0.85), (0.5, 0.97)),
            (0.33, 0.9),
        ),
    ),
    Thing("rocket.jpg", "the rocket", "box", ((0.44, 0.2), (0.58, 0.9))),
    Thing("retina.jpg", "the optic disc", "box", ((0.1, 0.37), (0.24, 0.56))),
    Thing("ihc.png", "the tissue", "tap", ((0.5, 0.5),)),
    Thing("hubble_deep_field.jpg", "a galaxy", "box", ((0.69, 0.49), (0.76, 0.6))),
)
"""Six more to begin with, each with its selection already made."""


@cache
def _by_content() -> dict[str, Thing]:
    """The things by the SHA-256 of their files."""
    folder = demo.installed_photographs()
    return {hashlib.sha256((folder / thing.file).read_bytes()).hexdigest(): thing for thing in (LIVE, *THINGS)}


def photos() -> dict[Thing, Photo]:
    """The photographs that are in the public collection, whether or not they are indexed yet, in the order above."""
    things = _by_content()
    there = Photo.objects.filter(is_public=True, original_sha256__in=things)
    found = {things[photo.original_sha256]: photo for photo in there}
    return {thing: found[thing] for thing in (LIVE, *THINGS) if thing in found}


def thing_on(photo_id: UUID) -> tuple[Thing, Photo] | None:
    """The thing on a photograph, and the photograph; None where that is none of these."""
    return next(((thing, photo) for thing, photo in photos().items() if photo.pk == photo_id), None)


def members_of(thing: Thing, label_map: LabelMap) -> Members:
    """The superpixels of a thing, bool (n,)."""
    photo = label_map.photo
    points = [(x * photo.width, y * photo.height) for x, y in thing.points]
    return _object(label_map, thing.start, points)


def members_at(thing: Thing, label_map: LabelMap, point: Point) -> Members:
    """What a click at a point of the working copy lifts out, bool (n,): the thing itself, or the object that is there.

    Raises
    ------
    ValueError
        If the point lies outside of the photo.
    """
    members = members_of(thing, label_map)
    around = _object(label_map, "tap", [point])
    return members if (members & around).sum() > around.sum() / 2 else around


def _object(label_map: LabelMap, start: Start, points: Sequence[Point]) -> Members:
    gesture = Gesture(tool=BEGIN, mode="include", level=label_map.n_superpixels, points=points, start=start)
    nothing = selecting.selection_of(Person(), label_map)
    found = objects.anticipated(nothing, gesture, objects.seen(label_map))
    if found is None:
        raise ValueError("There is nothing at that point.")
    return found


def prepare() -> int:
    """Compute what the start page shows at once, so that nobody waits for it; gives how many photographs there are.

    Of the images that show the thing on the live photograph, those that are not indexed are: the worker adds the rest.
    """
    there = photos()
    for thing, photo in there.items():
        members_of(thing, label_maps.get_or_compute(photo))
    if LIVE in there:
        spaces = [APPEARANCE.ensure_space()]
        for image in GalleryImage.objects.public().pending():
            if demo.shows(image.title, demo.BY_FILE[LIVE.file]):
                indexing.bring_up_to_date(image.pk, spaces)
    return len(there)
