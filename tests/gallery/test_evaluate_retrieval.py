"""Measuring retrieval: on a folder made here, by the command, in a collection of its own."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.conf import settings as site_settings
from django.core.management import CommandError, call_command
from django.db import connection
from PIL import Image

from gallery.evaluation import comparison, report, sandbox
from gallery.evaluation.dataset import BadDataset, Dataset
from gallery.evaluation.filling import import_images
from gallery.evaluation.results import CANDIDATE_WEIGHTS
from gallery.evaluation.run import evaluate, n_steps
from gallery.index import spaces
from gallery.management.commands import evaluate_retrieval
from gallery.models import GalleryImage, RegionVector
from tests.databases import fresh_database, url_of
from tests.gallery.discs import AddImage, thing_on_ground
from tests.models import use
from tests.pictures import BLUE, GREEN, RED, YELLOW

IMAGES = {"a.png": (RED, GREEN), "b.png": (RED, YELLOW), "c.png": (BLUE, GREEN), "d.png": (BLUE, YELLOW)}
embedded_server = pytest.mark.skipif(bool(site_settings.DATABASE_URL), reason="needs the embedded server")


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


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made. What the other process reads of its environment is for small pictures."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("N_SUPERPIXELS", "60")
    monkeypatch.setenv("MEANING_ENABLED", "false")
    monkeypatch.chdir(site_settings.BASE_DIR)
    return folder


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [sandbox.PREFIX])
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db
def test_every_way_of_searching_is_measured(folder: Path, settings: Any, tiny_models: Any) -> None:
    use(settings, tiny_models[0])
    ticks: list[str] = []
    dataset, wanted = Dataset.read(folder), spaces.ensure_spaces()[0]
    rows = {(row["method"], row["space"]): row for row in evaluate(dataset, wanted, ticks.append)}
    ways = ["prototype", "padded crop", "whole images", "first stage", "regions"]
    together = [("first stage", "all"), ("fused", "all")]
    assert list(rows) == [(way, space) for space in ("appearance", "meaning") for way in ways] + together
    ours, fused = rows["regions", "appearance"], rows["fused", "all"]
    assert (ours["mAP"], ours["P1"], ours["P10"]) == (1, 1, 0.1)
    assert ours["by_size"]["5 to 20%"]["queries"] == ours["queries"] == 4
    assert ours["by_half"]["odd"]["queries"] == 2
    assert fused["ahead_of_the_better_space"]["both"]["space"] == "appearance"
    assert [chosen["on"] for chosen in fused["weights_chosen"]] == ["even", "odd"]
    assert all(chosen["appearance"] in CANDIDATE_WEIGHTS for chosen in fused["weights_chosen"])
    assert {"nearest by appearance", "features by meaning, first", "indexing an image"} <= fused["milliseconds"].keys()
    assert fused["bytes_an_image"]["meaning"] >= 2 * 32
    assert len(ticks) == n_steps(dataset, wanted)
    assert "drawn" not in ours
    assert 0 <= fused["proposed"] <= 1
    assert sum("queries of" in line or "weights chosen" in line for line in report.lines(list(rows.values()))) == 5


@pytest.mark.django_db
def test_what_is_meant_is_measured_with_the_time_of_the_check(folder: Path, settings: Any, tiny_models: Any) -> None:
    use(settings, tiny_models[0])
    dataset, wanted = Dataset.read(folder).first(2), spaces.ensure_spaces()[0]
    *_, ours, before, fused = evaluate(dataset, wanted, lambda stage: None, preset="thing")
    assert [row["method"] for row in (ours, before, fused)] == ["checked", "first stage", "fused"]
    assert fused["weights"]["appearance"] == 0.6
    assert {"checking 100 images", "keypoints of the selection, first"} <= fused["milliseconds"].keys()
    assert "proposed" not in fused


@pytest.mark.django_db
def test_where_right_hits_are_drawn_is_measured_and_two_runs_compared(folder: Path) -> None:
    (folder / "objects.jsonl").write_text((folder / "queries.jsonl").read_text())
    (folder / "masks" / "d.png").unlink()
    Image.new("1", (200, 150)).save(folder / "masks" / "d.png")  # The object is nowhere: nothing drawn meets it.
    dataset, wanted = Dataset.read(folder), spaces.ensure_spaces()[0]
    (*_, ours) = evaluate(replace(dataset, queries=dataset.queries[:3]), wanted, lambda stage: None)
    drawn = ours["drawn"]
    assert (drawn["hits"], drawn["whole"]) == (3, 0)
    assert drawn["centre"] == pytest.approx(2 / 3, abs=1e-4)
    assert {size: of["hits"] for size, of in drawn["by_size"].items()} == {"under 5%": 1, "5 to 20%": 2, "above 20%": 0}
    assert (drawn["by_size"]["under 5%"]["centre"], drawn["by_size"]["5 to 20%"]["centre"]) == (0, 1)
    worse = {**ours, "by_query": {name: {**of, "mAP": of["mAP"] - 0.25} for name, of in ours["by_query"].items()}}
    (folder / "before.json").write_text(json.dumps([worse]))
    comparison.compare([ours], comparison.read(folder / "before.json"))
    assert ours["against"]["mAP"] == {"difference": 0.25, "interval": [0.25, 0.25]}
    assert ours["against"]["iou25"]["difference"] == 0
    assert any("against the other run, 3 queries: mAP +0.2500" in line for line in report.lines([ours]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read: No such file"), ('[{"method": "regions"}]', "holds no figures by query")],
)
def test_a_run_is_compared_with_figures_only(folder: Path, content: str | None, sentence: str) -> None:
    if content:
        (folder / "before.json").write_text(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_retrieval", folder, against=folder / "before.json")


@embedded_server
@pytest.mark.django_db(transaction=True)
def test_it_is_measured_in_a_collection_of_its_own(
    folder: Path, temporary: Path, add_indexed: AddImage, capfd: pytest.CaptureFixture[str]
) -> None:
    image = add_indexed()
    vectors = RegionVector.objects.count()
    options = {"json": folder / "figures.json", "space": "appearance", "half": "odd", "limit": 1}
    call_command("evaluate_retrieval", folder, **options)
    *_, ours = json.loads((folder / "figures.json").read_text())
    assert (ours["method"], ours["half"], ours["queries"], ours["mAP"]) == ("regions", "odd", 1, 1)
    assert "regions       appearance    1.000" in capfd.readouterr().out

    assert list(GalleryImage.objects.all()) == [image]
    assert RegionVector.objects.count() == vectors
    assert databases() == [] and not list(temporary.glob("evaluation_*"))


@embedded_server
@pytest.mark.django_db(transaction=True)
def test_models_and_methods_are_compared_side_by_side(
    folder: Path, tiny_models: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    model = "{MEANING_MODEL}={MEANING_WEIGHTS}".format(**tiny_models[0])
    options = {"json": folder / "all.json", "space": "meaning", "limit": 1}
    call_command("evaluate_retrieval", folder, compare=[model, f"{model}@crops"], **options)
    *_, headings, first, other = capfd.readouterr().out.splitlines()
    assert headings.startswith("model")
    assert first.startswith("tiny-tower.json=seed-0.safetensors") and "(" not in first
    assert "@crops" in other and " to " in other
    rows = json.loads((folder / "all.json").read_text())
    assert {row["model"] for row in rows} == {model, f"{model}@crops"}
    assert databases() == []


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("ViT-B-16", "Name the weights of ViT-B-16, too"),
        ("ViT-B-33=openai", "no open_clip model named ViT-B-33"),
        ("ViT-B-16=openai@magic", "There is no method magic: name one of feature-map, summaries, crops, sum"),
        ("ViT-B-16=openai", "are not here yet"),
    ],
)
def test_a_model_that_cannot_be_compared_is_refused_before_the_work(
    folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, model: str, sentence: str
) -> None:
    settings.MODEL_CACHE_DIR = folder
    monkeypatch.setattr(sandbox, "run", no_evaluation)
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_retrieval", folder, compare=[model])


def test_when_it_fails_there_it_fails_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "run", lambda program, environment: 3)
    with pytest.raises(SystemExit) as end:
        call_command("evaluate_retrieval", folder)
    assert end.value.code == 3


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("labels.json", None, "labels.json cannot be read: No such file or directory."),
        ("labels.json", "[1, 2]", "One of the files about .* is not as it should be"),
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


# The process with a collection of its own

PROGRAM = """
import os, sys, time, django
django.setup()
from gallery.evaluation import sandbox
from gallery.models import DescriptorSpace
with sandbox.empty_collection():
    assert sandbox.is_inside() and not DescriptorSpace.objects.exists()
    DescriptorSpace.objects.create(kind="appearance", model="left behind", dimensions=1)
    if "killed" in sys.argv:
        os._exit(9)
    if "stopped" in sys.argv:
        print(os.getpid(), flush=True)
        time.sleep(60)
"""


def stop_when_filled(capfd: pytest.CaptureFixture[str], stop: Callable[[int], None]) -> None:
    """Call a function with the number of the other process as soon as there is something in its collection."""

    def watch() -> None:
        output = ""
        while not output.endswith("\n"):
            time.sleep(0.05)
            output += capfd.readouterr().out
        stop(int(output))

    Thread(target=watch, daemon=True).start()


@embedded_server
@pytest.mark.django_db(transaction=True)
def test_stopped_or_killed_nothing_of_it_stays(temporary: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # As a process that was killed leaves it: without a connection.
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {sandbox.PREFIX}forgotten")

    def ctrl_c(other: int) -> None:
        for process in (other, os.getpid()):  # The terminal sends it to both.
            os.kill(process, signal.SIGINT)

    stop_when_filled(capfd, ctrl_c)
    assert sandbox.run(["-c", PROGRAM, "stopped"]) == 128 + signal.SIGINT
    assert capfd.readouterr().err.endswith("KeyboardInterrupt\n")
    assert databases() == [] and not list(temporary.glob("evaluation_*"))


def test_the_database_named_for_it_is_emptied_before_and_after(
    settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with fresh_database(f"evaluation{uuid.uuid4().hex[:12]}") as url:
        settings.DATABASE_URL, settings.EVALUATION_DATABASE_URL = url_of("postgres"), url
        assert sandbox.run(["-c", PROGRAM, "killed"]) == 9
        assert n_left_behind(url) == 1
        stop_when_filled(capfd, lambda other: os.kill(os.getpid(), signal.SIGTERM))
        assert sandbox.run(["-c", PROGRAM, "stopped"]) == 128 + signal.SIGINT
        assert n_left_behind(url) == 0


def n_left_behind(url: str) -> int:
    with psycopg.connect(url) as session:
        (count,) = session.execute("SELECT count(*) FROM gallery_descriptorspace").fetchone() or (-1,)
    return int(count)


@pytest.mark.django_db
def test_two_evaluations_do_not_share_a_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {sandbox.MARK} ()")
    with psycopg.connect(url_of(connection.settings_dict["NAME"])) as other:
        other.execute("SELECT pg_advisory_lock(hashtext(%s))", [sandbox.MARK])
        with pytest.raises(sandbox.NoSandbox, match="Another evaluation is running"), sandbox.empty_collection():
            raise AssertionError("It was taken for a free one.")


@pytest.mark.django_db
def test_a_database_with_something_else_in_it_is_not_touched() -> None:
    with pytest.raises(sandbox.NoSandbox, match="is not empty"), sandbox.empty_collection():
        raise AssertionError("It was taken for an empty one.")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "Set EVALUATION_DATABASE_URL to an empty database"),
        ("postgres://host/site", "names “site”: name a database"),
    ],
)
def test_beside_a_foreign_database_another_one_has_to_be_named(
    folder: Path, settings: Any, url: str, sentence: str
) -> None:
    settings.DATABASE_URL, settings.EVALUATION_DATABASE_URL = "postgres://host/site", url
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_retrieval", folder)


# The file for the figures


def no_evaluation(*args: Any) -> None:
    raise AssertionError("The work began before the file was looked at.")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [("no/such/f.json", "There is no folder .*no/such to write f.json to."), ("masks", "masks cann")],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, sentence: str
) -> None:
    monkeypatch.setattr(sandbox, "run", no_evaluation)
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_retrieval", folder, json=folder / file)


def test_a_folder_without_permission_to_write_is_refused_before_the_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so the answer of the system is replaced.
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != folder)
    monkeypatch.setattr(sandbox, "run", no_evaluation)
    with pytest.raises(CommandError, match=r"figures\.json cannot be written\."):
        call_command("evaluate_retrieval", folder, json=folder / "figures.json")


def test_the_figures_are_shown_even_where_writing_them_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"method": "regions"}]
    shown: list[Any] = []

    def fills_the_disk(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sandbox, "is_inside", lambda: True)
    monkeypatch.setattr(sandbox, "empty_collection", nullcontext)
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
        import_images(Dataset.read(folder), lambda stage: None, long_side)


def test_the_halves_are_those_of_every_second_image(folder: Path) -> None:
    dataset = Dataset.read(folder)
    assert [query.image for query in dataset.half("even").queries] == ["a.png", "c.png"]
    assert [query.image for query in dataset.half("odd").queries] == ["b.png", "d.png"]
    assert dataset.relevant_to(dataset.queries[0]) == {"b.png"}
