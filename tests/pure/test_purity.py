"""Pure modules work without Django, without a database and without torch: tried in a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

NAMED = {
    "selector.imagefile",
    "selector.slic",
    "selector.hierarchy",
    "selector.regions",
    "selector.rendering",
    "gallery.descriptors.appearance",
    "gallery.descriptors.meaning",
    "gallery.ranking",
}
FOLDERS = ("selector", "gallery", "gallery/descriptors")

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


def pure_modules() -> set[str]:
    """Those the design names, all descriptors, and whatever has its tests in this folder."""
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in FOLDERS
        for path in (ROOT / folder).glob("*.py")
        if path.stem in tested
        or (folder == "gallery/descriptors" and path.stem != "__init__")
        or ".".join((*folder.split("/"), path.stem)) in NAMED
    }


def test_pure_modules_bring_neither_django_nor_torch_nor_models() -> None:
    modules = sorted(pure_modules())
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, *modules], cwd=ROOT, capture_output=True, text=True, check=True
    )
    brought = json.loads(answer.stdout)
    assert brought == {module: [] for module in modules}


def test_the_modules_the_design_names_are_all_tried() -> None:
    assert pure_modules() >= NAMED
