"""What an exported collection consists of, and how others read it."""

from __future__ import annotations

import re

FILES, REGIONS, VECTORS, STATES = "files", "regions", "vectors", "states"
LINES, TABLE, SPACES, README = "metadata.jsonl", "metadata.csv", "vectors/spaces.json", "README.md"
TITLE = "# A collection of images, with the index of their regions"
EXPLANATION = f"""{TITLE}

Made by `manage.py export_collection`; `manage.py import_collection` reads it. Everything is in open formats:

| file | holds |
|---|---|
| `files/` | the image files as they came, each in a folder named by the beginning of its SHA-256 |
| `metadata.jsonl` | a JSON object for each image, a line each, in UTF-8; what is not known is left out |
| `metadata.csv` | the same as a table, for spreadsheets; tags are separated by semicolons |
| `regions/NUMBER.jsonl` | a line for each image that is indexed: its regions, see below |
| `vectors/spaces.json` | the models by which regions are described, each with its folder in `vectors/` |
| `vectors/FOLDER/NUMBER.npy` | NumPy arrays, float16 (regions, dimensions), of unit length |
| `states/` | for the export alone: what it has written already |

The metadata are path, title, description, tags, creator, licence, source, date and the day on which it was added.

A line of `regions/` has the `path` of the image; `sha256` of the file and `working_sha256` of the copy that regions
were found on (upright, sRGB, at most 1024 pixels a side); `label_map`, the segmentation;
`perceptual_hash`; and `regions`. A region has

- `segmentation`: its mask on that copy as COCO RLE, `size` [height, width] and `counts`;
  `pycocotools.mask.decode(region["segmentation"])` unpacks it,
- `bbox`: left, top, width and height in pixels, and `area`, its share of the image,
- `node`: its number in the merge tree of the segmentation; the largest is the whole image.

The regions of all lines of `regions/NUMBER.jsonl`, in their order, are the rows of each `vectors/FOLDER/NUMBER.npy`.
A row of NaN: that region is not described by that model. The cosine of two regions is the product of their rows.

The files hold what their cameras wrote into them, perhaps the place.
"""


def file_name(sha256: str, name: str) -> str:
    """Where a file is kept, by its content, under the name it came with.

    Examples
    --------
    >>> file_name("abcdef0123456789ffff", "../a:b.jpg")
    'files/ab/abcdef0123456789/_.._a_b.jpg'
    """
    tidy = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", name)
    tidy = f"_{tidy}" if tidy.startswith(".") or not tidy else tidy
    stem, dot, suffix = tidy.rpartition(".")
    shorter = f"{(stem or suffix)[:80]}{dot if stem else ''}{suffix[:10] if stem else ''}"
    return f"{FILES}/{sha256[:2]}/{sha256[:16]}/{shorter}"
