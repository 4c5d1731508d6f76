"""Pure modules work without Django, without a database and without torch: tried in a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Folders that are pure as a whole, and pure modules in rooms that are not.
PURE = (
    "selector/arrays.py",
    "selector/lru_cache.py",
    "selector/imaging",
    "selector/segmentation",
    "selector/selection",
    "selector/rendering",
    "curating/health/charts.py",
    "gallery/descriptors",
    "gallery/index/perceptual_hash.py",
    "gallery/search/evidence.py",
    "gallery/search/expansion.py",
    "gallery/search/parts.py",
    "gallery/search/scoring.py",
    "gallery/evaluation/comparison.py",
    "gallery/evaluation/dataset.py",
    "gallery/evaluation/figures.py",
    "gallery/evaluation/report.py",
    "gallery/evaluation/results.py",
    "curating/metadata",
    "curating/reduced_pictures.py",
)

# Imports one module after the other, and after each says what it brought along that it must not.
PROBE = """
import importlib, json, sys

def impure():
    roots = ("django", "torch", "torchvision", "open_clip", "psycopg")
    return {
        name for name in sys.modules
        if name.partition(".")[0] in roots or name in ("selector.models", "gallery.models")
    }

brought, before = {}, impure()
for module in sys.argv[1:]:
    importlib.import_module(module)
    brought[module] = sorted(impure() - before)
    before = impure()
print(json.dumps(brought))
"""


def files_of(place: str) -> list[Path]:
    """The Python files of a folder, or the one file that `place` is."""
    return [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))


def pure_modules() -> list[str]:
    """The names of all pure modules."""
    files = [file for place in PURE for file in files_of(place)]
    return sorted(".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files if file.stem != "__init__")


def test_pure_modules_bring_neither_django_nor_torch_nor_models() -> None:
    modules = pure_modules()
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, *modules], cwd=ROOT, capture_output=True, text=True, check=True
    )
    brought = json.loads(answer.stdout)
    assert brought == {module: [] for module in modules}


def test_every_place_that_is_said_to_be_pure_is_there() -> None:
    assert [place for place in PURE if not (ROOT / place).exists()] == []
