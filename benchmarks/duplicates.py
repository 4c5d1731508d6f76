"""How many planted copies are found among the photos of folders, how many wrong pairs with them, and how long it takes.

    python -m benchmarks.duplicates copies FOLDER [FOLDER ...] [--seed S] [--sheet FILE] [--json FILE]
    python -m benchmarks.duplicates time [--rows N] [--seed S] [--json FILE]

"copies" plants 200 copies of photos, 50 of each kind: saved again at quality 40, scaled to a quarter of their sides,
cropped to 90% of both sides at a random place, and mirrored; all four are saved as JPEG. It is done thrice: among every
second photo, on which the constants were chosen, among the others, and among all. A pair of two photos that is no
planted copy, nor two copies of one photo, is wrong until somebody has looked at it: `--sheet` draws these side by side.

"time" compares N made-up pictures (10,000) with each other, a hundredth of them copies, without reading any files.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from benchmarks.served_site import ROOT

PER_KIND = 50
KEPT_OF_A_CROP = 0.9
Picture: TypeAlias = Image.Image
Row: TypeAlias = dict[str, Any]


def saved(picture: Picture, quality: int = 90) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def cropped(picture: Picture, chance: random.Random) -> Picture:
    width, height = (round(side * KEPT_OF_A_CROP) for side in picture.size)
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


COPIES: dict[str, Callable[[Picture, random.Random], bytes]] = {
    "saved at quality 40": lambda picture, chance: saved(picture, 40),
    "scaled to a quarter": lambda picture, chance: saved(
        picture.resize((picture.width // 4, picture.height // 4), Image.Resampling.LANCZOS)
    ),
    "cropped by 10%": lambda picture, chance: saved(cropped(picture, chance)),
    "mirrored": lambda picture, chance: saved(ImageOps.mirror(picture)),
}


def planted(files: Sequence[Path], chance: random.Random) -> Iterator[tuple[str, Path, bytes]]:
    """Kind, file and bytes of each copy."""
    for kind, make in COPIES.items():
        for file in chance.sample(list(files), min(PER_KIND, len(files))):
            yield kind, file, make(Image.open(file).convert("RGB"), chance)


# What is found


def part_copies(names: list[str], seed: int, sheet: str) -> Row:
    """Add photos and copies in random order, compare all, and count."""
    from curating.duplicates.working import take_turn
    from curating.models import DuplicatePair
    from gallery.collection.importing import Details, add_public
    from gallery.models import GalleryImage

    files = [Path(name) for name in names]
    copies = list(planted(files, random.Random(seed)))
    things: list[tuple[str, str, bytes]] = [("", str(file), file.read_bytes()) for file in files]
    things += [(kind, str(file), data) for kind, file, data in copies]
    random.Random(seed).shuffle(things)
    what: dict[int, tuple[str, str]] = {}
    for kind, name, data in things:
        image, _ = add_public(data, Path(name).name, Details())
        what[image.pk] = (kind, name)
    GalleryImage.objects.update(status=GalleryImage.Status.INDEXED)
    began = time.process_time()
    while take_turn():
        pass
    seconds = time.process_time() - began
    pairs = list(DuplicatePair.objects.with_images())
    joined = {frozenset((pair.first_id, pair.second_id)) for pair in pairs}
    originals = {name: key for key, (kind, name) in what.items() if not kind}
    found = dict.fromkeys(COPIES, 0)
    for key, (kind, name) in what.items():
        if kind:
            found[kind] += frozenset((key, originals[name])) in joined
    wrong = [pair for pair in pairs if what[pair.first_id][1] != what[pair.second_id][1]]
    draw_sheet(wrong, sheet)
    planted_of = {kind: sum(known == kind for known, _ in what.values()) for kind in COPIES}
    return {
        "photos": len(files), **{kind: f"{found[kind]} of {planted_of[kind]}" for kind in COPIES},
        "other pairs": len(wrong), "ms an image": round(1000 * seconds / len(what), 1),
    }  # fmt: skip


def draw_sheet(pairs: Sequence[Any], file: str) -> None:
    """Pairs side by side, for somebody to look at."""
    if not (file and pairs):
        return
    side = 200
    sheet = Image.new("RGB", (2 * side, side * len(pairs)))
    for row, pair in enumerate(pairs):
        for column, image in enumerate((pair.first, pair.second)):
            with image.photo.working.open() as working:
                small = ImageOps.contain(Image.open(working).convert("RGB"), (side, side))
            sheet.paste(small, (column * side, row * side))
    sheet.save(file)


# How long it takes


def made_up(chance: np.random.Generator) -> np.ndarray[Any, Any]:
    """A reduced picture with as much contrast as a photo has, of no content."""
    small = chance.normal(128, 50, (5, 5, 3)).clip(0, 255).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((32, 32), Image.Resampling.BICUBIC), np.int16)
    noisy: np.ndarray[Any, Any] = (smooth + chance.normal(0, 12, smooth.shape)).clip(0, 255).astype(np.uint8)
    return noisy


def part_time(n_rows: int, seed: int) -> Row:
    """Compare reduced pictures that were never files; every hundredth is an earlier one again."""
    from django.db import transaction

    from curating.duplicates.finding import describe, looking_alike, propose
    from curating.models import DuplicatePair, Fingerprint

    chance = np.random.default_rng(seed)
    images = blank_images(n_rows)
    pictures: list[Any] = []
    seconds: list[float] = []
    for number, key in enumerate(images):
        again = number % 100 == 99
        pictures.append(pictures[chance.integers(number)] if again else made_up(chance))
        began = time.perf_counter()
        with transaction.atomic():
            describe(Fingerprint(image_id=key, working_sha256=str(key)), pictures[-1]).save()
            propose(key, looking_alike(key, pictures[-1]))
        seconds.append(time.perf_counter() - began)
    tenth = max(1, n_rows // 10)
    first, last = (round(1000 * float(np.mean(part)), 1) for part in (seconds[:tenth], seconds[-tenth:]))
    return {
        "rows": n_rows, "planted": n_rows // 100, "pairs": DuplicatePair.objects.count(),
        "seconds": round(sum(seconds), 1), "ms an image, first tenth": first, "last tenth": last,
    }  # fmt: skip


def blank_images(n: int) -> list[int]:
    """Rows of the collection without files."""
    from gallery.models import GalleryImage
    from selector.models import Photo

    blank = {"is_public": True, "width": 640, "height": 480}
    photos = [Photo(name=f"{n}.jpg", original_sha256=str(n), working_sha256=str(n), **blank) for n in range(n)]
    Photo.objects.bulk_create(photos, 1000)
    images = GalleryImage.objects.bulk_create([GalleryImage(photo=photo, status="indexed") for photo in photos], 1000)
    return [image.pk for image in images]


# Each part in a process and a database of its own


PARTS: dict[str, Callable[..., Row]] = {"copies": part_copies, "time": part_time}


def in_a_folder_of_its_own(part: str, *arguments: object) -> Row:
    with tempfile.TemporaryDirectory(prefix="duplicates", ignore_cleanup_errors=True) as folder:
        # The database runs as another user when root starts it.
        Path(folder).chmod(0o755)
        given, result = Path(folder, "arguments.json"), Path(folder, "result.json")
        given.write_text(json.dumps(arguments))
        command = [sys.executable, "-m", "benchmarks.duplicates", "--part", part, str(given), str(result)]
        environment = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": "", "MEANING_ENABLED": "false"}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        row: Row = json.loads(result.read_text())
        return row


def run_part(part: str, arguments: str, result: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    Path(result).write_text(json.dumps(PARTS[part](*json.loads(Path(arguments).read_text()))))


def found_in(given: argparse.Namespace) -> Iterator[Row]:
    """What is found in each half and in all."""
    files = sorted(str(file) for folder in given.folders for file in folder.rglob("*.jpg"))
    for name, chosen in (("chosen on", files[::2]), ("the others", files[1::2]), ("all", files)):
        drawn = str(given.sheet.resolve()) if given.sheet and name == "all" else ""
        yield {"half": name, **in_a_folder_of_its_own("copies", chosen, given.seed, drawn)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=PARTS, nargs="?")
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--rows", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        run_part(*given.part)
        return
    rows = []
    for row in found_in(given) if given.what == "copies" else [in_a_folder_of_its_own("time", given.rows, given.seed)]:
        rows.append(row)
        print(*(f"{name}: {value}" for name, value in row.items()), "", sep="\n", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
