"""`superpixel-search`: find what looks like a part of a picture, from a shell.

    superpixel-search find PHOTO --box 120,80,260,300 --out hits.csv

The site and the token are those of `--url` and `--token`, or of the variables SUPERPIXEL_SEARCH_URL and
SUPERPIXEL_SEARCH_TOKEN.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from superpixel_search.errors import CannotReach, Problem
from superpixel_search.site import TOKEN, URL, Site

SIDES, COORDINATES = 4, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what a command line says; what went wrong is one sentence, and 1."""
    given = _parser().parse_args(arguments)
    try:
        _find(given)
    except (Problem, CannotReach, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _find(given: argparse.Namespace) -> None:
    with Site(given.url, given.token) as site:
        photo = site.photo(given.photo)
        is_mine = given.photo != str(photo.id)
        try:
            selection = photo.select(**_selected(given))
            print(selection.description, file=sys.stderr)
            hits = selection.search(words=given.words, preset=given.preset, tag=given.tag)
            print(hits.sentence, file=sys.stderr)
            _write([hit.row() for hit in islice(hits, given.most)], given.out)
        finally:
            if is_mine and not given.keep:
                photo.delete()


def _selected(given: argparse.Namespace) -> dict[str, Any]:
    """What to select, as `Selection.select` takes it."""
    ways = {name: getattr(given, name) for name in ("box", "tap", "stroke") if getattr(given, name)}
    return {**ways, "size": given.size}


def _write(rows: list[dict[str, Any]], out: Path | None) -> None:
    if out is None:
        for row in rows:
            score = "" if row["score"] is None else row["score"]
            print(f"{row['rank']:>4}  {score!s:>3}  {row['title']}  {row['page']}")
        return
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["rank"])
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} hits are in {out}.", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="superpixel-search", description="Find what looks like a part of a picture.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    find = commands.add_parser("find", help="find images that contain something like a part of a photo")
    find.add_argument("photo", help="a file, or the key of a photo that is on the site")
    way = find.add_mutually_exclusive_group(required=True)
    way.add_argument("--box", type=_box, metavar="LEFT,TOP,RIGHT,BOTTOM", help="around the object meant")
    way.add_argument("--tap", type=_point, metavar="X,Y", help="on the object meant")
    way.add_argument("--stroke", type=_points, metavar="X,Y ...", help="along the object meant, in quotes")
    find.add_argument("--size", type=_size, metavar="WIDTHxHEIGHT", help="of the picture in which these pixels are")
    find.add_argument("--words", default="", help="what hits should show, too")
    find.add_argument("--preset", default="", choices=["", "thing", "kind", "look"], help="what “like” means")
    find.add_argument("--tag", default="", help="only images with this tag")
    find.add_argument("--most", type=int, default=100, metavar="N", help="how many hits at most (100)")
    find.add_argument("--out", type=Path, metavar="FILE", help="a CSV file; without it they are listed")
    find.add_argument("--keep", action="store_true", help="keep the photo, and the search, on the site")
    find.add_argument("--url", default=os.environ.get(URL, "http://127.0.0.1:8000"), help=f"of the site, or {URL}")
    find.add_argument("--token", default=os.environ.get(TOKEN, ""), help=f"or {TOKEN}, which others cannot see")
    return parser


def _numbers(text: str, count: int) -> tuple[float, ...]:
    numbers = tuple(float(part) for part in text.split(","))
    if len(numbers) != count:
        raise ValueError
    return numbers


def _box(text: str) -> tuple[float, ...]:
    """Four numbers."""
    return _numbers(text, SIDES)


def _point(text: str) -> tuple[float, ...]:
    """Two numbers."""
    return _numbers(text, COORDINATES)


def _points(text: str) -> list[tuple[float, ...]]:
    """Pairs of numbers, with spaces between."""
    return [_point(pair) for pair in text.split()]


def _size(text: str) -> tuple[int, int]:
    """Two whole numbers."""
    width, height = text.lower().split("x")
    return int(width), int(height)
