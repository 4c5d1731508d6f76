"""What is claimed to be a close match: by cells where there are any, by scores elsewhere."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from gallery.index import cells, indexing, spaces
from gallery.index.kinds import APPEARANCE
from gallery.models import GalleryImage
from gallery.search import claims, evidence
from gallery.search.candidates import Candidates
from gallery.search.claims import by_score, presences
from gallery.search.options import Options
from gallery.search.query import build_query
from gallery.search.ranked_images import RankedImages, rank_by_parts
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = pytest.mark.django_db


VISITOR = Person(visitor=uuid.UUID(int=7))


@pytest.fixture(autouse=True)
def learned_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Projections are learned on the regions of two images."""
    monkeypatch.setattr(cells, "LEARNED_ON", 8)
    monkeypatch.setattr(cells, "_projections", {})


@pytest.fixture
def query_photo(db: None) -> Photo:
    """A visitor's photo: a red disc on grey."""
    return store_photo(image_file(thing_on_ground(RED, (120, 120, 120), seed=99)), "q.jpg", visitor=VISITOR.visitor)


def complete() -> None:
    """Give the first images their cells, too."""
    targets = spaces.ensure_spaces()[0]
    for image in GalleryImage.objects.behind(space.pk for space in targets):
        assert indexing.failure_of(image.pk, targets) == ""


@pytest.fixture
def one_space_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of `appearance` alone decide, as there is no model here."""
    for module in (evidence, claims):
        monkeypatch.setattr(module, "OF_MATCHES", {APPEARANCE.name: 1.0})
    monkeypatch.setattr(evidence, "OF_MEAN", {APPEARANCE.name: 1.0})


def ranked(search: Any, **options: Any) -> RankedImages:
    query = build_query(search, Options(**options))
    return rank_by_parts(
        query.vectors, Candidates(GalleryImage.objects.visible_to(VISITOR)), Options(**options).weights
    )


def test_the_images_with_the_thing_are_claimed_and_stand_first(
    query_photo: Photo,
    add_indexed: AddImage,
    search_of: SearchOf,
    one_space_counts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed, pair in enumerate([(GREEN, YELLOW), (BLUE, GREEN), (YELLOW, BLUE), (RED, BLUE), (RED, YELLOW)]):
        add_indexed(*pair, seed=seed, title=f"{'red' if pair[0] == RED else 'other'} {seed}")
    complete()
    search = search_of(query_photo, VISITOR)
    (queries,) = build_query(search, Options()).vectors
    images = np.array(list(GalleryImage.objects.order_by("pk").values_list("pk", flat=True)))
    found = presences(images, queries)
    assert found is not None
    assert found[3:].min() > found[:3].max(), "both red discs are more present than any other"
    monkeypatch.setattr(claims, "PRESENT", float(found[3:].min() + found[:3].max()) / 2)
    monkeypatch.setattr(claims, "UNMISTAKABLE", 1000.0)
    ranking = ranked(search)
    assert ranking.n_strong == 2
    assert set(ranking.image_ids[:2].tolist()) == set(images[3:].tolist())
    # Taken away, nothing is claimed, though something is nearest.
    GalleryImage.objects.filter(title__startswith="red").delete()
    assert ranked(search).n_strong == 0
    assert len(ranked(search).image_ids) == 3
    assert ranked(search, balance=0).n_strong == 0, "whatever the slider says"


def test_without_cells_the_score_decides_and_more_is_asked_of_several_spaces() -> None:
    scores = np.array([9, 4, 3.5, 1], np.float32)
    one = {"appearance": scores}
    assert by_score(scores, one).tolist() == [True, True, True, False]
    assert by_score(scores, one | {"meaning": np.full(4, np.nan, np.float32)}).tolist() == [True, True, True, False]
    assert by_score(scores, one | {"meaning": scores}).tolist() == [True, False, False, False]


def test_a_selection_of_most_of_a_photo_has_no_cells_to_look_for(
    query_photo: Photo,
    add_indexed: AddImage,
    search_of: SearchOf,
    one_space_counts: None,
) -> None:
    for seed, pair in enumerate([(GREEN, YELLOW), (BLUE, GREEN)]):
        add_indexed(*pair, seed=seed)
    complete()
    assert cells.projection_of(build_query(search_of(query_photo, VISITOR), Options()).vectors[0][0].space)
    (small,) = build_query(search_of(query_photo, VISITOR), Options()).vectors
    (large,) = build_query(search_of(query_photo, VISITOR, (0, 0, 200, 150)), Options()).vectors
    assert small[0].cells is not None and large[0].cells is None
