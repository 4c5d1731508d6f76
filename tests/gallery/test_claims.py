"""What is claimed to be a close match: by cells where there are any, by scores elsewhere."""

from __future__ import annotations

import uuid
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest

from gallery.descriptors.cell_maps import SIDE, Projection, pack_cells
from gallery.descriptors.pooling import unit
from gallery.index import cells, indexing, spaces
from gallery.index.kinds import APPEARANCE, MEANING
from gallery.models import CellMap, CellProjection, DescriptorSpace, GalleryImage
from gallery.search.claims import by_score, claims_of
from gallery.search.nearest import QueryVector
from gallery.search.options import Options
from gallery.search.query import build_query
from gallery.search.ranked_images import RankedImages
from selector.arrays import Floats
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = pytest.mark.django_db


VISITOR = Person(visitor=uuid.UUID(int=7))


@pytest.fixture
def learned_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Projections are learned on the regions of two images."""
    monkeypatch.setattr(cells, "LEARNED_ON", 8)


@pytest.fixture
def query_photo(db: None) -> Photo:
    """A visitor's photo: a red disc on grey."""
    return store_photo(image_file(thing_on_ground(RED, (120, 120, 120), seed=99)), "q.jpg", visitor=VISITOR.visitor)


@pytest.fixture(autouse=True)
def no_projections_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_projections", {})


def complete() -> None:
    """Give the first images their cells, too."""
    targets = spaces.ensure_spaces()[0]
    for image in GalleryImage.objects.behind(space.pk for space in targets):
        assert indexing.failure_of(image.pk, targets) == ""


RNG = np.random.default_rng(5)
THING = {kind: unit(RNG.standard_normal((6, 32)).astype(np.float32)) for kind in (MEANING.name, APPEARANCE.name)}


def at_places(thing: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    return thing, np.arange(40, 46)


def queries() -> list[QueryVector]:
    """The thing as it was selected, in both spaces; cells are compared as they are."""
    asked = []
    for kind, thing in THING.items():
        space, _ = DescriptorSpace.objects.get_or_create(kind=kind, model="none", dimensions=32, is_ready=True)
        as_it_is = Projection(np.zeros(32, np.float32), np.eye(32, dtype=np.float32))
        CellProjection.objects.get_or_create(space=space, defaults={"data": as_it_is.pack()})
        asked.append(QueryVector(space, unit(thing.sum(axis=0)), cells=partial(at_places, thing)))
    return asked


def with_cells(asked: list[QueryVector], *, has_thing: bool, seed: int) -> int:
    """The key of an image whose cells are drawn by chance, but for six where the thing is."""
    photo = Photo.objects.create(name="x", is_public=True, width=9, height=9)
    image = GalleryImage.objects.create(photo=photo, title="x")
    for query in asked:
        ground = unit(np.random.default_rng(seed).standard_normal((SIDE * SIDE, 32)).astype(np.float32))
        if has_thing:
            ground[40:46] = THING[query.space.kind]
        CellMap.objects.create(image=image, space=query.space, data=pack_cells(ground))
    return image.pk


def ranking_of(keys: list[int], scores: list[float]) -> RankedImages:
    column = np.array(scores, np.float32)
    ids = np.array(keys)
    by_space = {MEANING.name: column, APPEARANCE.name: np.zeros_like(column)}
    return RankedImages(ids, ids[:, None], column, column[:, None], np.arange(len(ids)), by_space)


def claimed_first(ranking: RankedImages, asked: list[QueryVector]) -> RankedImages:
    return ranking.led_by(claims_of(ranking.image_ids, ranking.scores, ranking.scores_by_space, asked))


def test_images_that_hold_the_thing_are_claimed_and_stand_first_in_their_order() -> None:
    asked = queries()
    keys = [with_cells(asked, has_thing=place in (1, 3), seed=place) for place in range(5)]
    ranking = claimed_first(ranking_of(keys, [9, 8, 7, 6, 5]), asked)
    assert ranking.image_ids.tolist() == [keys[place] for place in (1, 3, 0, 2, 4)]
    assert ranking.n_strong == 2
    assert (np.diff(ranking.scores) <= 0).all()
    assert RankedImages.unpack(ranking.pack()).n_strong == 2


def test_where_it_is_not_nothing_is_claimed_however_near_the_nearest_is() -> None:
    asked = queries()
    keys = [with_cells(asked, has_thing=False, seed=place) for place in range(3)]
    ranking = claimed_first(ranking_of(keys, [9, 8, 7]), asked)
    assert (ranking.n_strong, ranking.image_ids.tolist()) == (0, keys)
    # A copy that fills the picture is like the thing all over.
    assert claimed_first(ranking_of(keys, [13, 8, 7]), asked).n_strong == 1


def test_more_are_looked_at_while_most_are_claimed() -> None:
    asked = queries()
    keys = [with_cells(asked, has_thing=place not in (7, 11), seed=place) for place in range(12)]
    assert claimed_first(ranking_of(keys, list(range(11, -1, -1))), asked).n_strong == 10
    others = [with_cells(asked, has_thing=False, seed=place) for place in range(20, 28)]
    assert claimed_first(ranking_of(others + keys, list(range(11, -9, -1))), asked).n_strong == 0


def test_what_comes_further_down_is_never_claimed() -> None:
    asked = queries()
    keys = [with_cells(asked, has_thing=True, seed=place) for place in range(3)]
    first = claimed_first(ranking_of(keys[:2], [5, 4]), asked)
    longer = first.going_on(claimed_first(ranking_of(keys, [5, 4, 3]), asked))
    assert (longer.n_strong, longer.image_ids.tolist()) == (2, keys)


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
    learned_early: None,
) -> None:
    for seed, pair in enumerate([(GREEN, YELLOW), (BLUE, GREEN)]):
        add_indexed(*pair, seed=seed)
    complete()
    assert cells.projection_of(build_query(search_of(query_photo, VISITOR), Options()).vectors[0][0].space)
    (small,) = build_query(search_of(query_photo, VISITOR), Options()).vectors
    (large,) = build_query(search_of(query_photo, VISITOR, (0, 0, 200, 150)), Options()).vectors
    assert large[0].cells is None
    assert small[0].cells is not None and small[0].cells() is not None
