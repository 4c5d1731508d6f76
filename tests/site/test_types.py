"""The type checker sees models through managers and querysets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Each line uses an attribute that the model does not have.
LINES = (
    "Photo.objects.get().no_such",
    "Photo.objects.visible_to(person).order_by('name')[0].no_such",
    "Selection.objects.owned_by(person).locked().get().no_such",
    "get_object_or_404(Search.objects.visible_to(person)).no_such",
    "GalleryImage.objects.visible_to(person).indexed().get().no_such",
    "KeptRanking.objects.outdated().get().no_such",
    "Search().rankings.outdated().get().no_such",
)
IMPORTS = """
from django.shortcuts import get_object_or_404
from gallery.models import GalleryImage, KeptRanking, Search
from selector.models import Photo, Selection
from selector.people import Person

person = Person()
"""


def test_an_attribute_that_a_model_does_not_have_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(IMPORTS + "\n".join(LINES))
    # From the folder with the settings of mypy, and its cache: without one this takes as long as checking all.
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    first = IMPORTS.count("\n") + 1
    seen = [line for number, line in enumerate(LINES, first) if f":{number}: error:" in answer.stdout]
    assert seen == list(LINES), answer.stdout + answer.stderr
