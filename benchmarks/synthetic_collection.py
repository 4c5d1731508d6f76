"""A collection that never was: clustered vectors in the site's own tables, as many as one likes.

The vectors are a mixture of 1,000 clusters. A centre is a random unit vector; a member is its centre plus noise of the
same length whose variance falls as 1/j over the dimensions, so that a cluster has about 28 effective dimensions and
its members a cosine of 0.5 to each other; then of unit length. A region's cluster has nothing to do with its image.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Floats

DIMENSIONS = 512
CLUSTERS = 1000
REGIONS = 16  # an image
BLOCK = 2_000  # regions written at once: a multiple of those of an image
IMAGES = BLOCK // REGIONS
SEED = 20260
# One image in so many has the tag.
TAGS = {"tenth": 10, "hundredth": 100, "thousandth": 1000}

MODEL = "synthetic mixture"


def mixture(rng: np.random.Generator, n: int) -> Floats:
    """Draw n vectors of unit length, float32 (n, DIMENSIONS)."""
    centres = np.random.default_rng(SEED).standard_normal((CLUSTERS, DIMENSIONS), np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    spread = np.arange(1, DIMENSIONS + 1, dtype=np.float32) ** -0.5
    spread /= np.linalg.norm(spread)
    drawn = centres[rng.integers(0, CLUSTERS, n)] + spread * rng.standard_normal((n, DIMENSIONS), np.float32)
    unit: Floats = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def block_of_vectors(block: int) -> Floats:
    """The vectors of one block, the same every time."""
    return mixture(np.random.default_rng([SEED, block]), BLOCK)


def questions(n: int) -> Floats:
    """Vectors that are not in the collection but might be."""
    return mixture(np.random.default_rng([SEED, 2**31]), n)


def tags_of(image: int) -> list[str]:
    """The tags of the image with this number: which ones looks random and is the same every time."""
    number = int.from_bytes(hashlib.sha256(f"tags of {image}".encode()).digest()[:8])
    # The very first image has them all: a small collection has each tag at least once.
    return [tag for tag, one_in in TAGS.items() if image == 0 or number % one_in == 0]


def add_block(cursor: Any, block: int, space: int, tag_keys: dict[str, int], content_type: int) -> None:
    """Write the images of one block with their regions and vectors; keys count up from 1."""
    images = range(block * IMAGES, (block + 1) * IMAGES)
    keys = np.arange(block * BLOCK, (block + 1) * BLOCK) + 1
    of_image = np.repeat(np.arange(images.start, images.stop) + 1, REGIONS)
    _copy_images(cursor, images)
    tagged = [(image + 1, content_type, tag_keys[tag]) for image in images for tag in tags_of(image)]
    _copy(cursor, "taggit_taggeditem", ("object_id", "content_type_id", "tag_id"), tagged)
    rng = np.random.default_rng([SEED, block, 1])
    regions: dict[str, npt.NDArray[Any]] = {
        "id": keys,
        "image_id": of_image,
        "label_map_id": of_image,
        "node": np.tile(np.arange(REGIONS, dtype=np.int32), IMAGES),
        "left": np.zeros(BLOCK, np.int32),
        "top": np.zeros(BLOCK, np.int32),
        "right": np.full(BLOCK, 512, np.int32),
        "bottom": np.full(BLOCK, 512, np.int32),
        "area": np.full(BLOCK, 0.25),
        "mask": rng.integers(0, 256, (BLOCK, 512), np.uint8),
        "sample_key": rng.integers(0, 2**63, BLOCK),
    }
    _copy_arrays(cursor, "gallery_indexedregion", regions)
    vectors: dict[str, npt.NDArray[Any]] = {
        "id": keys,
        "region_id": keys,
        "image_id": of_image,
        "space_id": np.full(BLOCK, space),
        "vector": halfvecs(block_of_vectors(block)),
    }
    _copy_arrays(cursor, "gallery_regionvector", vectors)


def _copy_images(cursor: Any, images: Iterable[int]) -> None:
    now = "2026-01-01"
    photos, maps, rows = [], [], []
    for image in images:
        key, sha256 = uuid.UUID(int=image + 1), hashlib.sha256(str(image).encode()).hexdigest()
        path = f"photos/{key.hex[:2]}/{key}/synthetic.jpg"
        stored = (path, "image/jpeg", sha256, 10**6, path, sha256, 10**6)
        photos.append((key, "synthetic.jpg", True, *stored, 1024, 683, 0, now))
        maps.append((image + 1, key, sha256, "slic", "{}", 2000, path, 10**5, b"", now))
        rows.append((image + 1, key, f"Image {image}", "", "", "", "", "indexed", "", now))
    names = "id name is_public original original_type original_sha256 original_bytes working working_sha256"
    _copy(
        cursor,
        "selector_photo",
        (*names.split(), "working_bytes", "width", "height", "quarter_turns", "created"),
        photos,
    )
    names = "id photo_id working_sha256 engine parameters n_superpixels labels labels_bytes hierarchy created"
    _copy(cursor, "selector_labelmap", names.split(), maps)
    names = "id photo_id title description creator licence source_url status error created"
    _copy(cursor, "gallery_galleryimage", names.split(), rows)


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {table} ({_quoted(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def halfvecs(vectors: Floats) -> npt.NDArray[np.uint8]:
    """Vectors as PostgreSQL receives them: dimensions, two bytes of nothing, big-endian halves; uint8 (n, bytes)."""
    n, dimensions = vectors.shape
    wire = np.zeros((n, dimensions + 2), ">f2")
    wire[:, 2:] = vectors
    wire.view(">u2")[:, 0] = dimensions
    return wire.view(np.uint8)


def _copy_arrays(cursor: Any, table: str, columns: dict[str, npt.NDArray[Any]]) -> None:
    """Write columns in PostgreSQL's binary format without a Python object a value: two-dimensional ones are bytes."""
    fields: list[Any] = [("n", ">i2")]
    for name, values in columns.items():
        of_row = (values.dtype.newbyteorder(">"), values.shape[1:])
        fields += [(f"size of {name}", ">i4"), (name, *of_row)]
    rows = np.empty(len(next(iter(columns.values()))), fields)
    rows["n"] = len(columns)
    for name, values in columns.items():
        rows[name] = values
        rows[f"size of {name}"] = values[0].nbytes
    with cursor.copy(f"COPY {table} ({_quoted(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
