"""Close matches in the demo collection: of its things' disguises, and of what it does not hold.

    python -m benchmarks.close_matches [--absent FILE LEFT TOP RIGHT BOTTOM] [--json FILE]

Each thing of the demo collection is asked for by its box in an upload of its photograph; the images that show it should
be claimed, all others not, and how far these are ahead is told as average precision. `--absent` asks for a box of
another picture, its sides as shares of it, of which nothing should be claimed. The demo is loaded into a temporary
database, and described in the spaces that the settings name.
"""

from __future__ import annotations

import argparse
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.sandboxed import continue_in_sandbox

if TYPE_CHECKING:
    from gallery.search.answers import Answer

Box = tuple[float, float, float, float]


def load() -> None:
    from gallery.collection import demo
    from gallery.collection.importing import add_public
    from gallery.index import indexing, spaces

    wanted, notices = spaces.ensure_spaces()
    print(*notices, sep="\n")
    for data, name, details in demo.images():
        indexing.bring_up_to_date(add_public(data, name, details)[0].pk, wanted)
    spaces.mark_ready()


def answer_to(data: bytes, box: Box) -> Answer:
    """What a visitor is answered who asks for a box of an upload."""
    import numpy as np

    from gallery.models import Search
    from gallery.search.ask import ask
    from selector.people import Person
    from selector.selection.selection import SuperpixelSelection
    from selector.services import label_maps
    from selector.services.photos import store_photo

    visitor = Person(visitor=uuid.UUID(int=7))
    # Other bytes than those in the collection: nothing of it is left out as the very same file.
    label_map = label_maps.get_or_compute(store_photo(data + b"\0", "upload", visitor=visitor.visitor))
    labels = label_maps.load(label_map).labels
    height, width = labels.shape
    left, top, right, bottom = (np.array(box) * (width, height, width, height)).astype(int)
    chosen = np.zeros(label_map.n_superpixels, bool)
    chosen[np.unique(labels[top:bottom, left:right])] = True
    state = SuperpixelSelection(chosen, np.zeros_like(chosen)).pack()
    return ask(Search.objects.find_or_create(visitor, label_map, state), visitor, 3, from_page=1)


def titles(answer: Answer, *, claimed: bool = False) -> list[str]:
    """Of all hits in order, or of those that are claimed, each with its copies."""
    hits = [hit for hit in answer.hits if not (claimed and hit.is_weak)]
    return [one.image.title for hit in hits for one in (hit, *hit.copies)]


def measure(absent: tuple[Path, Box] | None) -> list[dict[str, Any]]:
    from gallery.collection import demo
    from gallery.evaluation.figures import average_precision
    from gallery.evaluation.sandbox import empty_collection
    from gallery.models import GalleryImage

    rows: list[dict[str, Any]] = []
    with empty_collection():
        load()
        there = set(GalleryImage.objects.values_list("title", flat=True))
        for photograph in demo.PHOTOGRAPHS:
            shown = {title for title in there if demo.shows(title, photograph)}
            data = (demo.installed_photographs() / photograph.file).read_bytes()
            answer = answer_to(data, photograph.thing)
            claimed = set(titles(answer, claimed=True))
            # The photograph itself is no disguise: it comes first whatever the search is like.
            others = [title for title in titles(answer) if title != photograph.details.title]
            rows.append(
                {
                    "asked": photograph.file,
                    "there": len(shown),
                    "claimed": len(claimed & shown),
                    "wrong": len(claimed - shown),
                    "AP": average_precision([title in shown for title in others], len(shown) - 1),
                }
            )
        if absent:
            answer = answer_to(absent[0].read_bytes(), absent[1])
            rows.append({"asked": absent[0].name, "there": 0, "claimed": 0, "wrong": len(titles(answer, claimed=True))})
            print(answer.sentence)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--absent", nargs=5, metavar=("FILE", "LEFT", "TOP", "RIGHT", "BOTTOM"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a row a thing")
    arguments = parser.parse_args()
    continue_in_sandbox("benchmarks.close_matches")
    given = arguments.absent
    sides = tuple(map(float, given[1:])) if given else ()
    rows = measure((Path(given[0]), (sides[0], sides[1], sides[2], sides[3])) if given else None)
    for row in rows:
        found = f", {row['AP']:.3f} average precision" if "AP" in row else ""
        print(f"{row['asked']:24}{row['claimed']:3} of {row['there']:3} claimed, {row['wrong']} wrong{found}")
    there, claimed = (sum(row[name] for row in rows) for name in ("there", "claimed"))
    precision = [row["AP"] for row in rows if "AP" in row]
    print(f"disguises: {claimed} of {there}, {claimed / there:.3f}; mAP {sum(precision) / len(precision):.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
