"""What a whole ranking costs among many images: candidates, the second look with maps of cells, and outlines.

    python -m benchmarks.second_look [--rows 100000] [--both] [--queries N] [--folder FOLDER] [--json FILE]

The collection is that of `benchmarks.search`, with a map of cells and the nodes that may be outlined for each image.
Both are random: so nothing can be compressed. Each question has eight clusters of cells. With --both, everything is
there a second time as `appearance`, as the site has it: for collections that are compared without an index. The steps
are timed one by one; one JPEG decode in the same run says how fast the machine is.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from benchmarks import synthetic_collection as synthetic
from benchmarks.search import Row, build, database, fill, measured, n_rows, passing, show, the_space, timed
from selector.arrays import Floats

if TYPE_CHECKING:
    from gallery.models import DescriptorSpace
    from gallery.search.nearest import QueryVector
    from gallery.search.ranked_images import RankedImages

NODES = 281  # of a merge tree that may be outlined, the root included: about as many as a photo has
PAGE = 24


def add_maps(space: DescriptorSpace) -> None:
    """A random map of cells for each image that has none, with the nodes of one tree."""
    from gallery.descriptors.cell_maps import DIMENSIONS, SIDE, Projection
    from gallery.models import CellMap, CellProjection, GalleryImage, Outlines

    rng = np.random.default_rng(synthetic.SEED)
    axes = rng.normal(size=(synthetic.DIMENSIONS, DIMENSIONS)).astype(np.float32)
    learned = Projection(np.zeros(synthetic.DIMENSIONS, np.float32), axes)
    CellProjection.objects.get_or_create(space=space, defaults={"data": learned.pack()})
    outlines = a_tree()
    missing = GalleryImage.objects.filter(cell_maps=None).order_by("pk").values_list("pk", flat=True)
    while keys := list(missing[:1000]):
        cells = rng.integers(-60, 60, (len(keys), SIDE * SIDE * DIMENSIONS), np.int8)
        CellMap.objects.bulk_create(
            [CellMap(image_id=key, space=space, data=one.tobytes()) for key, one in zip(keys, cells, strict=True)]
        )
        Outlines.objects.bulk_create([Outlines(image_id=key, data=outlines) for key in keys], ignore_conflicts=True)


def copied(space: DescriptorSpace) -> DescriptorSpace:
    """A space of the other kind with the same vectors, maps and projection."""
    from django.db import connection

    from gallery.models import DescriptorSpace

    defaults = {"dimensions": space.dimensions, "is_ready": True}
    kind = DescriptorSpace.objects.get_or_create(kind="appearance", model=synthetic.MODEL, defaults=defaults)[0]
    with connection.cursor() as cursor:
        for table, columns in (
            ("regionvector", "region_id, image_id, vector"),
            ("cellmap", "image_id, data"),
            ("cellprojection", "data"),
        ):
            cursor.execute(
                f"INSERT INTO gallery_{table} (space_id, {columns}) SELECT %s, {columns} FROM gallery_{table} "
                f"WHERE space_id = %s ON CONFLICT DO NOTHING",
                [kind.pk, space.pk],
            )
        cursor.execute("VACUUM ANALYZE")
    return kind


def a_tree() -> bytes:
    """As many nodes as a photo has, none below another: the time depends on their number alone."""
    from gallery.descriptors.cell_maps import SIDE
    from gallery.descriptors.outline_tree import OutlineTree

    n = (NODES + 1) // 2
    cells = np.arange(SIDE * SIDE)
    return OutlineTree(
        nodes=np.arange(2 * n - 1, dtype=np.uint16),
        firsts=np.append(np.arange(2 * n - 2), 0).astype(np.uint16),
        centres=(np.arange(2 * n - 1) % len(cells)).astype(np.uint8),
        filled=np.full(2 * n - 1, 128, np.uint8),
        touched=np.zeros(2 * n - 1, np.uint8),
        lasting=np.full(2 * n - 1, 32, np.uint8),
        contrasts=np.full(2 * n - 1, 32, np.uint8),
        owners=(cells % n).astype(np.uint16),
        cells=cells.astype(np.uint8),
        shares=np.full(len(cells), 1 / len(cells), np.float16),
    ).pack()


def questions(space: DescriptorSpace, n: int) -> list[QueryVector]:
    from gallery.descriptors.cell_maps import DIMENSIONS
    from gallery.descriptors.late_interaction import COUNT, Clusters
    from gallery.descriptors.pooling import unit
    from gallery.search.nearest import QueryVector

    def clusters(rng: np.random.Generator) -> Clusters:
        vectors: Floats = unit(rng.normal(size=(COUNT, DIMENSIONS)).astype(np.float32))
        return Clusters(vectors, np.full(COUNT, 1 / COUNT, np.float32))

    rng = np.random.default_rng(1)
    return [QueryVector(space, vector, alone=vector, clusters=clusters(rng)) for vector in synthetic.questions(n)]


def measure(spaces: list[DescriptorSpace], rows: int, n_queries: int) -> list[Row]:
    from gallery.search.candidates import Candidates
    from gallery.search.close_look import bonus
    from gallery.search.nearest import nearest
    from gallery.search.outlining import outlined
    from gallery.search.ranking import rank_images

    asked = [list(of_one) for of_one in zip(*(questions(space, n_queries) for space in spaces), strict=True)]
    images = passing("")
    results: list[Row] = []

    def add(name: str, once: Any, given: Any) -> list[Any]:
        answers, times = timed(once, given, name)
        results.append({"rows": rows, "step": name} | times)
        return answers

    add("nearest regions", lambda one: [nearest(query, Candidates(images)) for query in one], asked)
    add("ranking, one look", lambda one: rank_images(one, images, rescore=False), asked)
    rankings: list[RankedImages] = add("ranking", lambda one: rank_images(one, images), asked)
    first = {id(one): np.sort(ranking.image_ids[:200]) for one, ranking in zip(asked, rankings, strict=True)}
    add("of this, cells of 200 images", lambda one: bonus(one, first[id(one)], None), asked)
    add("outlines of a page", lambda one: outlined(one.asked, one.image_ids[:PAGE].tolist()), rankings)
    results.append({"rows": rows, "step": "one JPEG decode"} | timed(partial(decode, a_jpeg()), asked, "decode")[1])
    return results


def a_jpeg() -> bytes:
    from io import BytesIO

    from PIL import Image

    out, pixels = BytesIO(), np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).resize((1024, 683)).save(out, "JPEG")
    return out.getvalue()


def decode(data: bytes, _: object) -> None:
    from io import BytesIO

    from PIL import Image

    Image.open(BytesIO(data)).load()


def run(folder: Path, arguments: argparse.Namespace) -> list[Row]:
    with database(folder, arguments.shared_buffers):
        space = the_space()
        fill(space, arguments.rows)
        build(space, folder / f"build-{arguments.rows}.json")
        with tqdm(desc="Maps of cells", disable=None):
            add_maps(space)
        spaces = [space, *([copied(space)] if arguments.both else [])]
        results = measure(spaces, arguments.rows, arguments.queries)
        show(results)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=n_rows, default=100_000)
    parser.add_argument("--both", action="store_true", help="in two spaces")
    parser.add_argument("--queries", type=int, default=100)
    measured(parser, run)


if __name__ == "__main__":
    main()
