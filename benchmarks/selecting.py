"""How many gestures it takes to select an object: a simulated person with every tool, and peers in the same run.

    OMP_NUM_THREADS=1 python -m benchmarks.selecting FOLDER [--every N] [--others] [--limit N] [--ways WORD ...]
        [--jobs 1|2] [--model JSON WEIGHTS ...] [--json FILE] [--sheet FILE]

FOLDER holds `queries.jsonl` (an object a line: image, label, mask), `images/` and `masks/`. The object tool's constants
were chosen on all but every fifth object, so what counts is every fifth: `--every 5`, as it is without options. With
`--others` the rest is measured. `--model` names an image tower in open_clip's format, and may be given more than once:
the object tool is measured without and with what each has seen in the photos. `--sheet` draws 12 objects after one drag
instead: an even choice by overlap, so that failures are among them, of photos that anybody may show who names their
source (`labels.json`). GrabCut is installed by `pip install -r benchmarks/requirements.txt`.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from benchmarks.selecting_ways import Way, box, object_ways, peers, todays_ways
from benchmarks.simulated_person import Subject
from selector.arrays import Floats, Labels, Mask, Rgb
from selector.segmentation import hierarchy, slic
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.look import look_at

Row = dict[str, Any]
Models = dict[str, tuple[str, str]]

WANTED = (0.80, 0.85, 0.90)
GESTURES = (1, 2, 3, 5, 10)
SUPERPIXELS = 2000
FREE_TO_SHOW = "Attribution License"


@dataclass(frozen=True)
class Item:
    """A line of queries.jsonl, and its number there."""

    number: int
    image: Path
    mask: Path
    label: str


def main() -> None:
    options = parse()
    items = items_of(options.folder, options.every, options.others)[: options.limit]
    if options.sheet:
        draw_sheet(options.folder, items, options.sheet, options.jobs)
        return
    ways, missing = all_ways(options.ways, models_of(options.model))
    for sentence in missing:
        print(sentence)
    with Pool(options.jobs) as pool:
        one = partial(measure, words=options.ways, models=models_of(options.model))
        records = list(tqdm(pool.imap(one, items), total=len(items), desc="objects", disable=None))
    rows = [summary(way, [record["ways"][way.name] for record in records]) for way in ways]
    print_table(rows, len(items))
    times = timings(records)
    print("\n".join(f"{name}: {value:.1f} ms" for name, value in times.items()))
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "times": times, "objects": records}, indent=1) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=5, metavar="N", help="only every Nth object (default 5)")
    parser.add_argument("--others", action="store_true", help="all objects but every Nth")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N of them")
    parser.add_argument("--ways", nargs="*", default=[], metavar="WORD", help="only ways with such a word in the name")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="processes")
    add_model(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="draw 12 objects after one drag, and stop")
    return parser.parse_args()


def add_model(parser: argparse.ArgumentParser) -> None:
    """The option that names an image tower."""
    names, text = ("JSON", "WEIGHTS"), "an image tower"
    parser.add_argument("--model", nargs=2, action="append", default=[], metavar=names, help=text)


def models_of(files: list[list[str]]) -> Models:
    """Image towers by their names: the two files of each."""
    return {Path(model).stem: (model, weights) for model, weights in files}


def items_of(folder: Path, every: int, others: bool) -> list[Item]:
    """Every nth object of a folder, or all others."""
    lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    return [
        Item(i, folder / "images" / line["image"], folder / "masks" / line["mask"], line["label"])
        for i, line in enumerate(lines)
        if (i % every == 0) != others
    ]


def all_ways(words: list[str], models: Models) -> tuple[list[Way], list[str]]:
    """The ways whose names have one of some words, and what is to be said of those that are missing."""
    theirs, missing = peers()
    ways = [*object_ways(models), *todays_ways(), *theirs]
    return [way for way in ways if not words or any(word in way.name for word in words)], missing


def subject_of(item: Item, models: Models | None = None) -> Subject:
    """An object as it is selected, with what models have seen in the photo."""
    with Image.open(item.image) as photo, Image.open(item.mask) as mask:
        rgb = np.array(photo.convert("RGB"))
        flags = np.array(mask.convert("L")) > 127
    labels = slic.segment(rgb, SUPERPIXELS)
    features = {name: features_of(rgb, labels, *files) for name, files in (models or {}).items()}
    return Subject(rgb, labels, hierarchy.build(rgb, labels).parents, look_at(labels, rgb), flags, features)


def features_of(rgb: Rgb, labels: Labels, model: str, weights: str) -> Floats:
    """What an image tower sees in the superpixels of a photo, float32 (n, d), as the site stores it."""
    from gallery.descriptors.open_clip import loading
    from gallery.descriptors.open_clip.feature_maps import superpixel_features, varying_features

    stored = loading.load(model, weights, threads=1, download=False).feature_map(rgb).astype(np.float16)
    return varying_features(superpixel_features(stored, labels))


def measure(item: Item, words: list[str], models: Models) -> Row:
    """What every way makes of one object: overlaps after each gesture and milliseconds a gesture."""
    subject = subject_of(item, models)
    ways, _ = all_ways(words, models)
    cut = partial(cut_object, subject.labels, subject.parents, subject.look, box(subject))
    features = next(iter(subject.features.values()), None)
    return {
        "number": item.number,
        "label": item.label,
        "best": subject.overlap(best_union(subject)),
        "look": _milliseconds(lambda: look_at(subject.labels, subject.rgb)),
        "cut": _milliseconds(cut, repeat=3),
        "cut with features": _milliseconds(partial(cut, features=features), repeat=3),
        "decode": _milliseconds(lambda: Image.open(io.BytesIO(item.image.read_bytes())).load(), repeat=3),
        "ways": {way.name: drive(subject, way) for way in ways},
    }


def best_union(subject: Subject) -> Mask:
    """The union of superpixels that lie more than half in the object."""
    held = np.bincount(subject.labels[subject.mask], minlength=subject.look.n_superpixels)
    best: Mask = (2 * held > subject.look.areas)[subject.labels]
    return best


def drive(subject: Subject, way: Way) -> list[float]:
    """The overlap after each gesture, until it is more than enough or the person gives up."""
    overlaps = []
    for found in islice(way.steps(subject), way.cap):
        overlaps.append(round(subject.overlap(found), 4))
        if overlaps[-1] >= WANTED[-1]:
            break
    return overlaps


def gestures_to(overlaps: list[float], wanted: float, cap: int) -> int:
    """After how many gestures an overlap is reached; the cap if never."""
    return next((i + 1 for i, overlap in enumerate(overlaps) if overlap >= wanted), cap)


def summary(way: Way, runs: list[list[float]]) -> Row:
    """The figures of one way over all objects."""
    reached = {wanted: [gestures_to(run, wanted, way.cap) for run in runs] for wanted in WANTED}
    after = {n: [run[min(n, len(run)) - 1] for run in runs] for n in GESTURES if n <= way.cap}
    return {
        "way": way.name,
        "overlap": {n: round(statistics.fmean(values), 3) for n, values in after.items()},
        "noc": {w: round(statistics.fmean(counts), 1) for w, counts in reached.items()} if way.cap == 20 else {},
        "fails": {w: round(statistics.fmean(max(run) < w for run in runs), 3) for w in WANTED},
    }


def print_table(rows: list[Row], n_objects: int) -> None:
    print(f"{n_objects} objects")
    print("| way | overlap after 1 | 2 | 3 | 5 | 10 | NoC@80 | NoC@85 | NoC@90 | never .85 |")
    print("|---" * 10 + "|")
    for row in rows:
        overlaps = [f"{row['overlap'][n]:.2f}" if n in row["overlap"] else "" for n in GESTURES]
        counts = [f"{row['noc'][w]:.1f}" if row["noc"] else "" for w in WANTED]
        fails = f"{row['fails'][0.85]:.0%}" if row["noc"] else ""
        print("| " + " | ".join([row["way"], *overlaps, *counts, fails]) + " |")


def timings(records: list[Row]) -> dict[str, float]:
    """Median milliseconds of what the server does."""
    names = {
        "look": "what the photo looks like, once",
        "cut": "a cut",
        "cut with features": "a cut with what a model has seen, if one is named",
        "decode": "one JPEG decode",
    }
    return {name: statistics.median(record[key] for record in records) for key, name in names.items()}


def _milliseconds(once: Any, repeat: int = 1) -> float:
    """The shortest of some runs: other processes only ever add."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        once()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def draw_sheet(folder: Path, items: list[Item], file: Path, jobs: int) -> None:
    """Twelve objects after one drag, from the best to the worst."""
    photos = json.loads((folder / "labels.json").read_text())
    items = [item for item in items if photos[item.image.name]["licence"] == FREE_TO_SHOW]
    with Pool(jobs) as pool:
        overlaps = list(tqdm(pool.imap(_after_one_drag, items), total=len(items), desc="objects", disable=None))
    order = np.argsort(overlaps)[::-1]
    chosen = [items[int(i)] for i in order[np.linspace(0, len(order) - 1, 12).round().astype(int)]]
    sheet = Image.new("RGB", (4 * 300, 3 * 250), (38, 38, 38))
    for place, item in enumerate(chosen):
        sheet.paste(_tile(subject_of(item), item.label), (place % 4 * 300, place // 4 * 250))
    sheet.save(file, quality=82)
    print(*(f"{item.label}: {photos[item.image.name]['source']}" for item in chosen), sep="\n")


def _after_one_drag(item: Item) -> float:
    subject = subject_of(item)
    found = cut_object(subject.labels, subject.parents, subject.look, box(subject))[subject.labels]
    return subject.overlap(found)


def _tile(subject: Subject, label: str) -> Image.Image:
    """What one drag selects, in its own colours; the rest dimmed; the box, and the mask's outline in yellow."""
    evidence = box(subject)
    found = cut_object(subject.labels, subject.parents, subject.look, evidence)[subject.labels]
    grey = subject.rgb.mean(axis=2, keepdims=True)
    shown = np.where(found[..., None], subject.rgb, 0.25 * grey + 0.1 * subject.rgb).astype(np.uint8)
    shown[edge_of(found)] = 255
    shown[edge_of(subject.mask)] = (255, 210, 0)
    picture = Image.fromarray(shown)
    corners = [*evidence.points[0], *(coordinate - 1 for coordinate in evidence.points[1])]
    ImageDraw.Draw(picture).rectangle(corners, outline=(90, 170, 255))
    picture.thumbnail((292, 220))
    tile = Image.new("RGB", (300, 250), (38, 38, 38))
    tile.paste(picture, ((300 - picture.width) // 2, (224 - picture.height) // 2 + 2))
    ImageDraw.Draw(tile).text((8, 230), f"{label}: {subject.overlap(found):.2f}", fill=(230, 230, 230), font_size=14)
    return tile


def edge_of(mask: Mask) -> Mask:
    """The pixels of a mask beside others."""
    padded = np.pad(mask, 1, mode="edge")
    middle = padded[1:-1, 1:-1]
    neighbours: Iterable[Mask] = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    within: Mask = np.logical_and.reduce(list(neighbours))
    return np.asarray(middle & ~within)


if __name__ == "__main__":
    main()
