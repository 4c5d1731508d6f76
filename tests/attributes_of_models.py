"""For the type checker alone: it sees models through managers and querysets.

No model has the attribute `no_such`. Where mypy does not notice that, the remark that lets it pass is superfluous, and
that is an error to mypy: `make check` fails.
"""

# ruff: noqa: B018

from __future__ import annotations

from django.shortcuts import get_object_or_404

from gallery.models import GalleryImage, KeptRanking, Search
from selector.models import Photo, Selection
from selector.people import Person


def attributes_that_models_do_not_have(person: Person) -> None:
    Photo.objects.get().no_such  # type: ignore[attr-defined]
    Photo.objects.visible_to(person).order_by("name")[0].no_such  # type: ignore[attr-defined]
    Selection.objects.owned_by(person).locked().get().no_such  # type: ignore[attr-defined]
    get_object_or_404(Search.objects.visible_to(person)).no_such  # type: ignore[attr-defined]
    GalleryImage.objects.visible_to(person).indexed().get().no_such  # type: ignore[attr-defined]
    KeptRanking.objects.outdated().get().no_such  # type: ignore[attr-defined]
    Search().rankings.outdated().get().no_such  # type: ignore[attr-defined]
