"""Twelve searches with their first six hits and what is outlined on them, before and after the second look.

    python -m docs.twelve_searches docs/searches.md docs/img/searches-1.webp docs/img/searches-2.webp

The things and their boxes are those of `docs.objects_after_one_drag`. Each is cut out of its photograph and set into
two others, smaller and in one of them mirrored; the collection is these and the demo collection, in a temporary
database. MEANING_MODEL and MEANING_WEIGHTS name the model. Before: the first look alone, and the region that matched.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from benchmarks.sandboxed import continue_in_sandbox
from benchmarks.selecting import edge_of
from docs.objects_after_one_drag import DARK, LIGHT, SUPERPIXELS, THINGS, Box
from selector.arrays import Mask, Rgb
from selector.segmentation import hierarchy, slic
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import look_at

if TYPE_CHECKING:
    from gallery.models import GalleryImage
    from gallery.search.ranked_images import RankedImages

HOSTS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg", "hubble_deep_field.jpg", "ihc.png")
SIDES = (0.45, 0.25)  # of the longer side of the other photograph
PLACES = ((0.1, 0.5), (0.65, 0.12))
FIRST = 6
TILE, PICTURE = (150, 118), (146, 96)
RIGHT, WRONG, OUTLINE = (90, 220, 120), (150, 150, 150), (255, 220, 60)


def opened(file: str) -> Image.Image:
    import skimage

    with Image.open(Path(skimage.__file__).parent / "data" / file) as photo:
        return photo.convert("RGB")


def cut_out(rgb: Rgb, box: Box) -> Mask:
    """What the object tool finds in a box."""
    labels = slic.segment(rgb, SUPERPIXELS)
    parents = hierarchy.build(rgb, labels).parents
    x0, y0, x1, y1 = box
    found: Mask = cut_object(labels, parents, look_at(labels, rgb), Evidence("box", ((x0, y0), (x1, y1))))[labels]
    return found


def scenes(number: int) -> Iterator[tuple[str, bytes]]:
    """A thing set into two other photographs, with their names."""
    file, name, box = THINGS[number]
    photo = opened(file)
    mask = Image.fromarray(cut_out(np.array(photo), box))
    others = [host for host in HOSTS if host != file]
    for turn, (side, place) in enumerate(zip(SIDES, PLACES, strict=True)):
        host = opened(others[(number + 3 * turn) % len(others)])
        thing, shape = photo.crop(mask.getbbox()), mask.crop(mask.getbbox())
        scale = side * max(host.size) / max(thing.size)
        size = (max(round(thing.width * scale), 8), max(round(thing.height * scale), 8))
        thing, shape = thing.resize(size), shape.convert("L").resize(size)
        if turn:
            thing, shape = ImageOps.mirror(thing), ImageOps.mirror(shape)
        host.paste(thing, (round(place[0] * host.width), round(place[1] * host.height)), shape)
        out = io.BytesIO()
        host.save(out, "JPEG", quality=92)
        yield f"{name} in {turn}", out.getvalue()


def collection() -> dict[str, GalleryImage]:
    """The images by name, indexed in every space."""
    from gallery.collection import demo
    from gallery.collection.importing import Details, add_public
    from gallery.evaluation.filling import index_images
    from gallery.evaluation.results import Stopwatch
    from gallery.index import spaces

    images = {name: add_public(data, name, details)[0] for data, name, details in demo.images()}
    for number in range(len(THINGS)):
        images |= {name: add_public(data, f"{name}.jpg", Details())[0] for name, data in scenes(number)}
    index_images(images, spaces.ensure_spaces()[0], lambda stage: None, Stopwatch())
    return images


def is_right(shown: str, number: int) -> bool:
    """Whether an image shows the thing: its two scenes, and the other versions of its whole photograph."""
    file, name, _ = THINGS[number]
    versions = [f"{Path(file).stem}-{change}.jpg" for change in ("mirrored", "in-evening-light")]
    return shown.startswith(f"{name} in ") or shown in versions


def looks(image: GalleryImage, mask: Mask) -> tuple[RankedImages, RankedImages]:
    """The answers to a search for what a mask of an image covers: before and after."""
    from gallery.evaluation.figures import members_under
    from gallery.evaluation.run import VISITOR
    from gallery.index.segmented_photo import SegmentedPhoto
    from gallery.models import GalleryImage, Search
    from gallery.search.options import Options
    from gallery.search.query import build_query
    from gallery.search.ranking import rank_images
    from selector.selection.selection import SuperpixelSelection
    from selector.services.label_maps import get_or_compute

    photo = SegmentedPhoto(get_or_compute(image.photo))
    members = members_under(photo.labels, mask)
    state = SuperpixelSelection(members, np.zeros_like(members)).pack()
    search = Search.objects.find_or_create(VISITOR, photo.label_map, state)
    (vectors,) = build_query(search, Options()).vectors
    others = GalleryImage.objects.exclude(pk=image.pk)
    return rank_images(vectors, others, rescore=False), rank_images(vectors, others)


def outlined_on(image: GalleryImage, shown: Mask) -> Image.Image:
    """An image, dimmed but for a region, with its outline, as large as a tile."""
    from gallery.index.segmented_photo import SegmentedPhoto
    from selector.services.label_maps import get_or_compute

    rgb = SegmentedPhoto(get_or_compute(image.photo)).rgb
    picture = np.where(shown[..., None], rgb, rgb // 2).astype(np.uint8)
    edge = edge_of(shown)
    for _ in range(max(max(shown.shape) // 250, 1)):
        edge = edge | np.roll(edge, 1, 0) | np.roll(edge, 1, 1)
    picture[edge] = OUTLINE
    small = Image.fromarray(picture)
    small.thumbnail(PICTURE)
    return small


def tile(picture: Image.Image, text: str, colour: tuple[int, int, int]) -> Image.Image:
    whole = Image.new("RGB", TILE, DARK)
    whole.paste(picture, ((TILE[0] - picture.width) // 2, 2))
    ImageDraw.Draw(whole).text((4, 101), text, fill=colour, font_size=11)
    return whole


def row(ranking: RankedImages, names: dict[int, str], number: int) -> list[Image.Image]:
    """The tiles of the first hits of an answer."""
    from gallery.evaluation.run import Evaluation
    from gallery.models import GalleryImage
    from gallery.search.outlining import outlined

    ids = ranking.image_ids[:FIRST].tolist()
    nodes, tiles = outlined(ranking.asked, ids), []
    for key, region in zip(ids, ranking.region_ids[:FIRST, 0].tolist(), strict=True):
        right = is_right(names[key], number)
        shown = Evaluation.pixels(region, nodes.get(key))
        text = f"{'right' if right else 'other'}, {100 * shown.mean():.0f}% of it"
        tiles.append(tile(outlined_on(GalleryImage.objects.get(pk=key), shown), text, RIGHT if right else WRONG))
    return tiles


def sheet(images: dict[str, GalleryImage], numbers: range) -> Image.Image:
    """Two rows a search."""
    names = {image.pk: name for name, image in images.items()}
    whole = Image.new("RGB", ((FIRST + 1) * TILE[0], 2 * len(numbers) * TILE[1]), DARK)
    for place, number in enumerate(numbers):
        file, name, box = THINGS[number]
        asked = images[file]
        mask = cut_out(np.array(opened(file)), box)
        for after, ranking in enumerate(looks(asked, mask)):
            tiles = row(ranking, names, number)
            first = tile(outlined_on(asked, mask), f"{name}: {'after' if after else 'before'}", LIGHT)
            for column, one in enumerate([first, *tiles]):
                whole.paste(one, (column * TILE[0], (2 * place + after) * TILE[1]))
    return whole


TEXT = """# Twelve searches

The first six hits of twelve searches and what is outlined on them: above by the first look alone, with the region
that matched, below with the second look and the outline by cells ([decision 7](decisions/0007-a-second-look.md)). The
share is that of the image that is outlined. "right" are the four images that were made to be found: in two the thing is
set into another photograph (once mirrored), in two its photograph is mirrored or in evening light; most of the others
hold its photograph as well, cropped or with something else set into it. Made by

    python -m docs.twelve_searches docs/searches.md docs/img/searches-1.webp docs/img/searches-2.webp

with the model {model}. What fails can be seen: things set small into another photograph are often not among
the first six, as the whole photographs are so much like the question; the rocket is narrower than a cell of the maps,
and sky beside it is outlined, as it is beside the model of the shuttle once this stands in the night; of the cat and of
cup and saucer, which are most of the picture, a part is.

![The first six searches](img/searches-1.webp)

![The other six](img/searches-2.webp)
"""


def main() -> None:
    page, *targets = map(Path, sys.argv[1:])
    continue_in_sandbox("docs.twelve_searches")
    from django.conf import settings

    from gallery.evaluation import sandbox

    with sandbox.empty_collection():
        images = collection()
        half = len(THINGS) // 2
        for target, numbers in zip(targets, (range(half), range(half, len(THINGS))), strict=True):
            sheet(images, numbers).save(target, quality=80)
    page.write_text(TEXT.format(model=Path(settings.MEANING_MODEL).stem))


if __name__ == "__main__":
    main()
