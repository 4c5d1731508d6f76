"""Measuring retrieval: on a folder made here, by the command, with the real collection left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from discs import AddImage, thing_on_ground
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from models import use
from pictures import BLUE, GREEN, RED, YELLOW
from PIL import Image

from gallery.evaluation import sandbox
from gallery.evaluation.dataset import BadDataset, Dataset
from gallery.evaluation.run import TRIED, fill
from gallery.index.features import _features, _selection_vectors, _superpixel_features
from gallery.management.commands import evaluate_retrieval
from gallery.models import GalleryImage, RegionVector
from gallery.search.calibration import _samples

IMAGES = {"a.png": (RED, GREEN), "b.png": (RED, YELLOW), "c.png": (BLUE, GREEN), "d.png": (BLUE, YELLOW)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Discs in two colours on two grounds; each query asks for another disc of its colour."""
    (tmp_path / "masks").mkdir()
    labels, queries = {}, []
    disc = Image.new("1", (200, 150))
    disc.paste(1, (45, 50, 95, 100))
    for seed, (name, (thing, ground)) in enumerate(IMAGES.items()):
        Image.fromarray(thing_on_ground(thing, ground, seed)).save(tmp_path / name)
        disc.save(tmp_path / "masks" / name)
        label = "red disc" if thing == RED else "blue disc"
        labels[name] = {"labels": [label]}
        queries.append({"image": name, "label": label, "mask": name})
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    return tmp_path


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [sandbox.PREFIX])
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_every_way_of_searching_is_measured_and_the_collection_left_alone(
    folder: Path, add_indexed: AddImage, tmp_path: Path, settings: Any, tiny_models: Any
) -> None:
    image = add_indexed()
    use(settings, tiny_models[0])
    vectors, files = RegionVector.objects.count(), default_storage.location  # type: ignore[attr-defined]
    out = StringIO()
    call_command("evaluate_retrieval", folder, json=tmp_path / "figures.json", stdout=out, stderr=StringIO())
    rows = {(row["method"], row["space"]): row for row in json.loads((tmp_path / "figures.json").read_text())}
    ways = ["prototype", "padded crop", "whole images", "regions"]
    assert list(rows) == [(way, space) for space in ("appearance", "meaning") for way in ways] + [("fused", "all")]
    ours, fused = rows["regions", "appearance"], rows["fused", "all"]
    assert (ours["mAP"], ours["P1"], ours["P10"]) == (1, 1, 0.1)
    assert ours["by_size"]["5 to 20%"]["queries"] == ours["queries"] == 4
    assert ours["by_half"]["odd"]["queries"] == 2
    assert fused["ahead_of_the_better_space"]["both"]["space"] == "appearance"
    assert [chosen["on"] for chosen in fused["weights_chosen"]] == ["even", "odd"]
    assert all(chosen["appearance"] in TRIED for chosen in fused["weights_chosen"])
    assert {"nearest by appearance", "features by meaning, first"} <= fused["milliseconds"].keys()
    assert "regions       appearance    1.000" in out.getvalue()

    assert list(GalleryImage.objects.all()) == [image]
    assert RegionVector.objects.count() == vectors
    assert default_storage.location == files  # type: ignore[attr-defined]
    assert databases() == []


@pytest.mark.django_db(transaction=True)
def test_stopped_or_killed_nothing_of_it_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gallery.evaluation.run.add_public", interrupted)
    # Nobody is connected to what a killed process left behind.
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {sandbox.PREFIX}forgotten")
    location = default_storage.location  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        call_command("evaluate_retrieval", folder, stderr=StringIO())
    assert databases() == []
    assert default_storage.location == location  # type: ignore[attr-defined]
    assert not GalleryImage.objects.exists()


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("labels.json", None, "labels.json cannot be read: No such file or directory."),
        ("labels.json", "[1, 2]", "is not as it should be"),
        ("queries.jsonl", '{"image": "e.png", "label": "x", "mask": "y"}', "e.png, which labels.json does not name"),
        ("queries.jsonl", "", "There are no queries to ask."),
    ],
)
def test_a_folder_of_something_else_is_refused_in_one_sentence(
    folder: Path, file: str, content: str | None, sentence: str
) -> None:
    (folder / file).unlink() if content is None else (folder / file).write_text(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_retrieval", folder)


@pytest.mark.django_db(transaction=True)
def test_what_a_process_keeps_by_keys_is_of_one_database() -> None:
    caches = (_features, _superpixel_features, _selection_vectors)

    def fill() -> None:
        for cache in caches:
            cache.get((1, 1), lambda: np.zeros(1))
        _samples[1] = [1], np.zeros((1, 1), np.float32)

    def kept() -> int:
        return sum(len(cache._results) for cache in caches) + len(_samples)

    fill()
    with sandbox.temporary_index():
        assert kept() == 0
        fill()
    assert kept() == 0


def no_evaluation(*args: Any) -> None:
    raise AssertionError("The work began before the file was looked at.")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [("no/such/f.json", "There is no folder .*no/such to write f.json to."), ("masks", "masks cann")],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, sentence: str
) -> None:
    monkeypatch.setattr(evaluate_retrieval, "temporary_index", no_evaluation)
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_retrieval", folder, json=folder / file)


def test_a_folder_without_permission_to_write_is_refused_before_the_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so the answer of the system is replaced.
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != folder)
    monkeypatch.setattr(evaluate_retrieval, "temporary_index", no_evaluation)
    with pytest.raises(CommandError, match=r"figures\.json cannot be written\."):
        call_command("evaluate_retrieval", folder, json=folder / "figures.json")


def test_the_figures_are_shown_even_where_writing_them_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"method": "regions"}]
    shown: list[Any] = []

    def fills_the_disk(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evaluate_retrieval, "temporary_index", nullcontext)
    monkeypatch.setattr(evaluate_retrieval.Command, "evaluate", lambda *args: rows)
    monkeypatch.setattr(evaluate_retrieval.Command, "show", lambda _, rows: shown.extend(rows))
    monkeypatch.setattr(Path, "write_text", fills_the_disk)
    with pytest.raises(CommandError, match=r"figures\.json cannot be written: No space left on device\."):
        call_command("evaluate_retrieval", folder, json=folder / "figures.json")
    assert shown == rows


@pytest.mark.django_db
@pytest.mark.parametrize("long_side", [0, 400])
@pytest.mark.parametrize("damaged", [lambda data: b"no picture", lambda data: data[: len(data) // 2]])
def test_a_damaged_image_is_named_in_one_sentence(
    folder: Path, damaged: Callable[[bytes], bytes], long_side: int
) -> None:
    (folder / "a.png").write_bytes(damaged((folder / "a.png").read_bytes()))
    with pytest.raises(BadDataset, match=r"^a\.png: \S.*\.$"):
        fill(Dataset.read(folder), lambda stage: None, long_side)


def test_the_halves_are_those_of_every_second_image(folder: Path) -> None:
    dataset = Dataset.read(folder)
    assert [query.image for query in dataset.half("even").queries] == ["a.png", "c.png"]
    assert [query.image for query in dataset.half("odd").queries] == ["b.png", "d.png"]
    assert dataset.relevant_to(dataset.queries[0]) == {"b.png"}
