"""The public collection in an open layout, out of a site and into an empty one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from curating import control, jobs
from curating.models import BulkTask
from curating.moving import coco_rle, tasks
from curating.moving.exporting import KEYS_OF_A_PART, Export
from gallery.collection.importing import Details, add_public, collect
from gallery.jobs.images import bring_up_to_date
from gallery.models import GalleryImage, RegionVector, Search
from gallery.search.ask import ask
from selector.people import Person
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps
from selector.services.photos import store_photo
from tests import databases
from tests.pictures import image_file

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("few_superpixels", "own_media", "in_one_part"),
]


@pytest.fixture
def in_one_part(transactional_db: None) -> None:
    """Let the keys of the next images lie in one part. None is used twice: processes remember rows by their keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('gallery_galleryimage', 'id')")
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, (nextval(%s) / %s + 1) * %s)", [sequence, sequence, *[KEYS_OF_A_PART] * 2])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where exports are kept."""
    return tmp_path / "kept"


def run(command: str, *args: Any) -> str:
    out = io.StringIO()
    call_command(command, *map(str, args), stdout=out, stderr=out)
    return out.getvalue()


def picture(seed: int) -> bytes:
    """Three stripes of colours by chance."""
    chance = np.random.default_rng(seed)
    stripes = np.repeat(chance.integers(0, 255, (1, 3, 3)), 40, axis=1).repeat(90, axis=0)
    return image_file((stripes + chance.integers(-5, 5, stripes.shape)).clip(0, 255).astype(np.uint8))


def fill(n: int = 3) -> None:
    for seed in range(n):
        details = Details(title=f"Stripes {seed}", tags=("stripes", f"n{seed}"), licence="CC0", creator="Ö. Ånd")
        image, _ = add_public(picture(seed), f"stripes {seed}.jpg", details)
        bring_up_to_date(image.pk, False)


def answer() -> list[str]:
    """The titles that are found for half of a picture, in their order."""
    person = Person(User.objects.create_user(f"asker{User.objects.count()}"))
    photo = store_photo(picture(99), "asked.jpg", owner=person.user)
    label_map = label_maps.get_or_compute(photo)
    chosen = np.arange(label_map.n_superpixels) % 2 == 0
    state = SuperpixelSelection.empty(label_map.n_superpixels).plus(chosen, "include").pack()
    search = Search.objects.find_or_create(person, label_map, state)
    found = ask(search, person)
    return [hit.image.title for hit in found.hits]


def test_a_collection_that_is_moved_answers_in_the_same_order(kept: Path, alice: Any) -> None:
    fill(12)
    collect([store_photo(picture(50), "mine.jpg", owner=alice)])
    before = answer()
    vectors = list(RegionVector.objects.order_by("pk").values_list("vector", flat=True))
    assert len(before) >= 10
    assert "12 images" in run("export_collection", kept)
    databases.empty()
    said = run("import_collection", kept)
    assert "12 images with vectors; 0 are left" in said
    assert answer()[:10] == before[:10]
    assert list(RegionVector.objects.order_by("pk").values_list("vector", flat=True)) == vectors
    image = GalleryImage.objects.get(title="Stripes 3")
    assert {tag.name for tag in image.tags.all()} == {"stripes", "n3"}
    assert (image.creator, image.licence, image.photo.name) == ("Ö. Ånd", "CC0", "stripes 3.jpg")
    assert not GalleryImage.objects.filter(photo__name="mine.jpg").exists()


def test_it_is_read_by_what_its_readme_says(kept: Path) -> None:
    fill()
    run("export_collection", kept)
    (part,) = (kept / "regions").iterdir()
    lines = [json.loads(line) for line in part.read_text().splitlines()]
    rows = [(line, region) for line in lines for region in line["regions"]]
    (space,) = json.loads((kept / "vectors" / "spaces.json").read_text())
    vectors = np.load(kept / "vectors" / space["folder"] / f"{part.stem}.npy")
    assert vectors.shape == (len(rows), space["dimensions"]) and vectors.dtype == np.float16
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(float), axis=1), 1, atol=0.01)
    for _, region in rows:
        mask = coco_rle.decode(region["segmentation"])
        y, x = np.nonzero(mask)
        box = [x.min(), y.min(), x.max() + 1 - x.min(), y.max() + 1 - y.min()]
        assert region["bbox"] == box and region["area"] == pytest.approx(mask.mean())
    stated = {json.loads(line)["path"] for line in (kept / "metadata.jsonl").read_text().splitlines()}
    assert stated == {line["path"] for line in lines} and all((kept / path).is_file() for path in stated)
    assert len((kept / "metadata.csv").read_text().splitlines()) == 4


def test_an_export_is_brought_up_to_date_and_keeps_nothing_that_was_withdrawn(kept: Path) -> None:
    fill()
    run("export_collection", kept)
    (part,) = (kept / "regions").iterdir()
    stamp = part.stat().st_mtime_ns
    run("export_collection", kept)
    assert part.stat().st_mtime_ns == stamp
    GalleryImage.objects.get(title="Stripes 0").photo.delete()
    run("export_collection", kept)
    assert len([file for file in kept.glob("files/**/*") if file.is_file()]) == 2
    assert len(part.read_text().splitlines()) == 2


def test_imported_again_it_corrects_metadata_and_adds_nothing(kept: Path) -> None:
    fill()
    run("export_collection", kept)
    GalleryImage.objects.filter(title="Stripes 2").update(title="Spoilt")
    said = run("import_collection", kept)
    assert "0 images imported, 3 already" in said and GalleryImage.objects.count() == 3
    assert not GalleryImage.objects.filter(title="Spoilt").exists()


def test_vectors_of_another_model_are_left_to_indexing(kept: Path) -> None:
    fill()
    run("export_collection", kept)
    spaces = kept / "vectors" / "spaces.json"
    spaces.write_text(spaces.read_text().replace('"model": "', '"model": "other '))
    databases.empty()
    assert "0 images with vectors; 3 are left" in run("import_collection", kept)
    assert GalleryImage.objects.pending().count() == 3


def test_what_is_no_collection_is_told(kept: Path) -> None:
    kept.mkdir()
    (kept / "thesis.txt").write_text("chapter one")
    with pytest.raises(CommandError, match="holds other files"):
        run("export_collection", kept)
    with pytest.raises(CommandError):
        run("import_collection", kept)


def test_an_export_is_a_task_that_can_be_paused_and_left_to_the_worker(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "SECONDS_BETWEEN_NOTES", 0)
        patched.setattr(Export, "_copy", paused_after(1, Export._copy))
        with pytest.raises(CommandError, match="it is paused"):
            run("export_collection", kept)
    task = BulkTask.objects.get()
    assert (task.kind, task.title, task.total) == ("export", str(kept)[-200:], 4)
    assert 0 < task.done < 3 and not (kept / "metadata.csv").exists()
    assert "The worker exports it" in run("export_collection", kept, "--queue")
    call_command("worker", "--once")
    task.refresh_from_db()
    assert (task.state, task.done, task.failed, task.total) == ("done", 4, 0, 4)
    assert len((kept / "metadata.csv").read_text().splitlines()) == 4


def test_a_turn_of_the_worker_ends_after_so_many_pieces_and_the_next_goes_on(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    monkeypatch.setattr(tasks, "LEAST_OF_A_TURN", 2)
    monkeypatch.setattr(jobs, "SECONDS_OF_A_TURN", 0)
    task = tasks.start_export(str(kept))
    turns = 1
    while jobs.take_turn(task.pk):
        turns += 1
    task.refresh_from_db()
    assert (turns, task.state, task.done) == (3, "done", 4)


def test_a_lost_file_is_told_and_the_rest_is_exported(kept: Path) -> None:
    fill()
    photo = GalleryImage.objects.get(title="Stripes 1").photo
    photo.original.storage.delete(str(photo.original.name))
    with pytest.raises(CommandError, match="missing from the storage: 1, such as files/"):
        run("export_collection", kept)
    assert BulkTask.objects.get().failed == 1
    assert len((kept / "metadata.jsonl").read_text().splitlines()) == 2


def paused_after(n: int, copy: Any) -> Any:
    """Copying files, during which a curator pauses the export after so many."""
    left = iter(range(n))

    def copied(*args: Any) -> None:
        copy(*args)
        if next(left, None) is None:
            control.pause(BulkTask.objects.get())

    return copied
