"""A picture of twelve things after one drag of a box around each, for `docs/img`.

    python -m docs.objects_after_one_drag docs/img/objects-one-drag.webp
    python -m docs.objects_after_one_drag FILE --photo PHOTO --box X0 Y0 X1 Y1

The photographs are those of the demo collection; the boxes were drawn by hand before anything was cut out, and none
was moved afterwards. With --photo a thing in another photo is drawn alone; its box is in pixels of the working copy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageDraw, ImageOps

from benchmarks.selecting import edge_of
from selector.arrays import Rgb
from selector.segmentation import hierarchy, slic
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import look_at

Box = tuple[int, int, int, int]

SUPERPIXELS = 2000
LONGEST_SIDE = 1024
TILE, PICTURE, COLUMNS = (300, 250), (292, 220), 4
DARK, LIGHT, BLUE = (38, 38, 38), (230, 230, 230), (90, 170, 255)
THINGS: tuple[tuple[str, str, Box], ...] = (
    ("astronaut.png", "space suit", (0, 146, 362, 512)),
    ("astronaut.png", "helmet", (278, 340, 512, 512)),
    ("astronaut.png", "model of the shuttle", (364, 0, 464, 285)),
    ("astronaut.png", "face and hair", (152, 12, 304, 184)),
    ("chelsea.png", "eye", (130, 80, 244, 158)),
    ("chelsea.png", "cat", (6, 0, 392, 300)),
    ("coffee.png", "cup", (156, 8, 420, 312)),
    ("coffee.png", "cup and saucer", (70, 8, 490, 400)),
    ("coffee.png", "spoon", (316, 64, 424, 332)),
    ("rocket.jpg", "rocket", (296, 128, 344, 412)),
    ("rocket.jpg", "mast", (4, 0, 92, 420)),
    ("ihc.png", "gland", (248, 304, 390, 512)),
)


def main() -> None:
    options = parse()
    if options.photo:
        with Image.open(options.photo) as file:
            photo = ImageOps.exif_transpose(file).convert("RGB")
        photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        picture = after_one_drag(np.array(photo), tuple(options.box))
    else:
        picture = sheet()
    picture.save(options.target, quality=82)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, metavar="FILE")
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--box", type=int, nargs=4, default=(0, 0, 0, 0), metavar=("X0", "Y0", "X1", "Y1"))
    return parser.parse_args()


def sheet() -> Image.Image:
    """All things, each on a tile with its name."""
    folder = Path(skimage.__file__).parent / "data"
    rows = -(-len(THINGS) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * TILE[0], rows * TILE[1]), DARK)
    for place, (file, name, box) in enumerate(THINGS):
        with Image.open(folder / file) as photo:
            picture = after_one_drag(np.array(photo.convert("RGB")), box)
        picture.thumbnail(PICTURE)
        tile = Image.new("RGB", TILE, DARK)
        tile.paste(picture, ((TILE[0] - picture.width) // 2, (224 - picture.height) // 2 + 2))
        ImageDraw.Draw(tile).text((8, 230), name, fill=LIGHT, font_size=14)
        whole.paste(tile, (place % COLUMNS * TILE[0], place // COLUMNS * TILE[1]))
    return whole


def after_one_drag(rgb: Rgb, box: Box) -> Image.Image:
    """What the object tool finds in a box, in its own colours, and the box; the rest is dimmed."""
    labels = slic.segment(rgb, SUPERPIXELS)
    parents = hierarchy.build(rgb, labels).parents
    x0, y0, x1, y1 = box
    evidence = Evidence("box", ((x0, y0), (x1, y1)))
    found = cut_object(labels, parents, look_at(labels, rgb), evidence)[labels]
    grey = rgb.mean(axis=2, keepdims=True)
    shown = np.where(found[..., None], rgb, 0.25 * grey + 0.1 * rgb).astype(np.uint8)
    shown[edge_of(found)] = 255
    picture = Image.fromarray(shown)
    ImageDraw.Draw(picture).rectangle((x0, y0, x1 - 1, y1 - 1), outline=BLUE, width=max(1, max(rgb.shape) // 400))
    return picture


if __name__ == "__main__":
    main()
