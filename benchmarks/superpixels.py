"""Superpixel engines side by side: time and memory on photos, agreement with people on BSDS500.

    python -m benchmarks.superpixels PHOTOS [--bsds FOLDER] [--every N] [--json FILE]

PHOTOS is a folder of photos; each is taken upright with a long side of 1024 px. The BSDS folder holds `images/ID.jpg`
and `segmentations.npz`, which maps an ID to the label maps (people, H, W) that people drew. Engines beside ours and
scikit-image come from benchmarks/requirements.txt. Everything runs on one thread, engines in turn on every photo.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import multiprocessing
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageOps
from tqdm import tqdm

from benchmarks import metrics
from benchmarks.superpixel_engines import (
    Engine,
    Image,
    at_count,
    available,
    n_labels,
    ours_with_tree,
)
from selector.arrays import Labels
from selector.segmentation import hierarchy, slic

Row = dict[str, Any]

WITH_TREE = Engine("ours with the merge tree", ours_with_tree)
TREE = "ours: cut of the merge tree"
REFERENCE = "scikit-image, default"
REGIONS = (400, 100, 30)
MIB = 1024 * 1024


def main() -> None:
    options = parse()
    engines, missing = available()
    print(f"{processor()}, Python {platform.python_version()}, NumPy {np.__version__}; one thread")
    for sentence in missing:
        print(sentence)
    photos = {file.name: read_photo(file) for file in image_files(options.photos)}
    rows = photo_rows([engines[0], WITH_TREE, *engines[1:]], photos, options.n, options.repeat)
    rows += cut_rows(photos, options.n)
    print_photo_table(rows)
    if options.bsds:
        agreement = bsds_rows(engines, options.bsds, options.every, options.jobs)
        print_bsds_table(agreement)
        rows += agreement
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("photos", type=Path, help="folder of photos")
    parser.add_argument("--n", type=int, default=2000, help="superpixels to ask for on photos")
    parser.add_argument("--repeat", type=int, default=5, help="runs of every engine on every photo")
    parser.add_argument("--bsds", type=Path, help="folder with images/ and segmentations.npz")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth image of --bsds")
    parser.add_argument("--jobs", type=int, default=1, help="processes for --bsds, where nothing is timed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    return parser.parse_args()


def processor() -> str:
    """The machine's processor by name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor() or platform.machine()


def image_files(folder: Path) -> list[Path]:
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})
    if not files:
        raise SystemExit(f"There are no photos in {folder}.")
    return files


def read_photo(file: Path, long_side: int = 1024) -> Image:
    """A photo upright, with at most this long side: uint8 (H, W, 3)."""
    with PillowImage.open(file) as photo:
        photo.draft("RGB", (long_side, long_side))
        upright = ImageOps.exif_transpose(photo).convert("RGB")
    upright.thumbnail((long_side, long_side), PillowImage.Resampling.LANCZOS)
    return np.asarray(upright)


# Time and memory, on photos


def photo_rows(engines: list[Engine], photos: dict[str, Image], n: int, repeat: int) -> list[Row]:
    """One row for every engine and photo: median time, its ratio to the reference, peak memory, segments."""
    rows = []
    memory = {engine.name: peak_memory(engine.name, list(photos.values()), n) for engine in tqdm(engines, "memory")}
    for index, (name, rgb) in enumerate(tqdm(photos.items(), "time")):
        seconds = alternate([partial(engine.run, rgb, n) for engine in engines], repeat)
        reference = seconds[[engine.name for engine in engines].index(REFERENCE)]
        for engine, median in zip(engines, seconds, strict=True):
            peak = memory[engine.name][index]
            row = {"table": "photos", "engine": engine.name, "photo": name, "n": n, "seconds": round(median, 5)}
            row |= {"times_faster": round(reference / median, 2), "peak_mib": peak and round(peak / MIB, 1)}
            rows.append(row | {"segments": n_labels(engine.run(rgb, n))})
    return rows


def alternate(runs: list[Callable[[], object]], repeat: int) -> list[float]:
    """Median seconds of each of `runs`, which take turns so that all meet the same disturbances; the first is free."""
    seconds: list[list[float]] = [[] for _ in runs]
    for turn in range(repeat + 1):
        for run, own in zip(runs, seconds, strict=True):
            started = time.perf_counter()
            run()
            if turn:
                own.append(time.perf_counter() - started)
    return [statistics.median(own) for own in seconds]


def cut_rows(photos: dict[str, Image], n: int) -> list[Row]:
    """One row for every photo: the median time of a cut at the slowest of many levels."""
    rows = []
    for name, rgb in photos.items():
        tree = hierarchy.build(rgb, slic.segment(rgb, n))
        levels = sorted({round(level) for level in np.geomspace(1, tree.n_superpixels, 40)})
        seconds = alternate([partial(tree.cut, level) for level in levels], 15)
        slowest = round(max(seconds), 6)
        rows.append({"table": "cuts", "engine": TREE, "photo": name, "n": tree.n_superpixels, "seconds": slowest})
    return rows


def peak_memory(name: str, photos: list[Image], n: int) -> list[int | None]:
    """How many bytes beyond the decoded image an engine takes at its peak, photo by photo, in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peaks, (name, photos, n))


def _peaks(name: str, photos: list[Image], n: int) -> list[int | None]:
    engine = next(engine for engine in [WITH_TREE, *available()[0]] if engine.name == name)
    engine.run(np.ascontiguousarray(photos[0][:128, :128]), 50)  # code and tables are no part of it
    return [_peak(partial(engine.run, rgb, n)) for rgb in photos]


def _peak(run: Callable[[], object]) -> int | None:
    """Growth of the resident memory up to its highest point during `run`; None where the system does not tell."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # forget the highest point so far
        before = _status("VmRSS")
        result = run()
        del result
        return max(_status("VmHWM") - before, 0)
    except (OSError, AttributeError):
        return None


def _status(field: str) -> int:
    """A memory figure of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise OSError(f"No {field} in /proc/self/status.")


# Agreement with people, on BSDS500


def bsds_rows(engines: list[Engine], folder: Path, every: int, jobs: int) -> list[Row]:
    """One row for every engine and number of regions: means over people, then images."""
    with np.load(folder / "segmentations.npz") as segmentations:
        tasks = [
            (folder / "images" / f"{name}.jpg", segmentations[name], [engine.name for engine in engines])
            for name in sorted(segmentations.files)[::every]
        ]
    per_image = list(tqdm(in_processes(_image_figures, tasks, jobs), "BSDS", len(tasks)))
    rows = []
    for key in per_image[0]:
        figures = np.mean([image[key] for image in per_image], axis=0)
        row = {"table": "bsds", "engine": key[0], "k": key[1], "images": len(tasks)}
        rows.append(row | {name: round(float(x), 4) for name, x in zip(FIGURES, figures, strict=True)})
    return rows


def in_processes(work: Callable[[Any], Any], tasks: list[Any], jobs: int) -> Iterator[Any]:
    if jobs == 1:
        yield from map(work, tasks)
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            yield from pool.imap(work, tasks)


FIGURES = ("regions", "recall", "undersegmentation", "asa", "explained_variation")


def _image_figures(task: tuple[Path, npt.NDArray[np.uint8], list[str]]) -> dict[tuple[str, int], list[float]]:
    file, drawn, names = task
    with PillowImage.open(file) as image:
        rgb = np.asarray(image.convert("RGB"))
    figures = {}
    for engine in available()[0]:
        if engine.name in names:
            for k in REGIONS:
                figures[engine.name, k] = agreement(at_count(engine, rgb, k), drawn, rgb)
    labels = slic.segment(rgb)
    tree = hierarchy.build(rgb, labels)
    for k in REGIONS:
        figures[TREE, k] = agreement(tree.cut(k)[labels], drawn, rgb)
    return figures


def agreement(labels: Labels, drawn: Iterable[npt.NDArray[np.uint8]], rgb: Image) -> list[float]:
    """The figures of `labels`: regions obtained, then means over the people whose segmentations are `drawn`."""
    found = metrics.near(metrics.boundary(labels))
    per_person = [
        (
            metrics.share_near(found, truth),
            metrics.undersegmentation_error(labels, truth),
            metrics.achievable_segmentation_accuracy(labels, truth),
        )
        for truth in drawn
    ]
    return [n_labels(labels), *np.mean(per_person, axis=0).tolist(), metrics.explained_variation(labels, rgb)]


# Tables, in the form in which docs/benchmarks.md shows them


def print_photo_table(rows: list[Row]) -> None:
    photos = [row for row in rows if row["table"] == "photos"]
    print("\n| engine | ms | times faster | peak memory, MiB | segments |\n|---|---|---|---|---|")
    for name in dict.fromkeys(row["engine"] for row in photos):
        own = [row for row in photos if row["engine"] == name]
        peaks = [row["peak_mib"] for row in own if row["peak_mib"] is not None]
        ms = 1000 * statistics.median(row["seconds"] for row in own)
        faster, segments = (statistics.median(row[key] for row in own) for key in ("times_faster", "segments"))
        peak = f"{max(peaks):.0f}" if peaks else "unknown"
        print(f"| {name} | {ms:.0f} | {faster:.1f} | {peak} | {segments:.0f} |")
    cuts = [row["seconds"] for row in rows if row["table"] == "cuts"]
    print(f"\nA cut of the merge tree, at the slowest level: {max(cuts) * 1000:.2f} ms.")


def print_bsds_table(rows: list[Row]) -> None:
    print("\n| k | engine | regions | recall | UE | ASA | EV |\n|---|---|---|---|---|---|---|")
    for k in REGIONS:
        for row in sorted((row for row in rows if row["k"] == k), key=lambda row: row["recall"]):
            figures = " | ".join(f"{row[name]:.3f}" for name in FIGURES[1:])
            print(f"| {k} | {row['engine']} | {row['regions']:.0f} | {figures} |")


if __name__ == "__main__":
    main()
