"""What is outlined on hits: by maps of cells, which images get when they are indexed, or later."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from gallery.index import cells, indexing, spaces
from gallery.models import CellMap, CellProjection, GalleryImage, Outlines
from gallery.search import close_look
from gallery.search.ask import ask, next_page
from gallery.search.options import Options
from gallery.search.outlining import asked_of
from gallery.search.query import build_query
from gallery.search.ranked_images import RankedImages
from selector.people import Person
from tests.gallery.discs import AddImage, SearchOf
from tests.pictures import BLUE, GREEN, RED, YELLOW


@pytest.fixture(autouse=True)
def learned_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Projections are learned on the regions of two images."""
    monkeypatch.setattr(cells, "LEARNED_ON", 8)
    monkeypatch.setattr(cells, "_projections", {})


@pytest.fixture
def collection(add_indexed: AddImage) -> list[GalleryImage]:
    """Discs on grounds; the first ones were indexed before there was a projection."""
    colours = [(RED, BLUE), (GREEN, YELLOW), (RED, GREEN), (YELLOW, BLUE), (GREEN, BLUE)]
    return [add_indexed(*pair, seed=seed) for seed, pair in enumerate(colours)]


def complete() -> None:
    targets = spaces.ensure_spaces()[0]
    for image in GalleryImage.objects.behind(space.pk for space in targets):
        assert indexing.failure_of(image.pk, targets) == ""


def test_images_that_lack_cells_get_them_later(collection: list[GalleryImage]) -> None:
    assert CellProjection.objects.count() == 1
    had = CellMap.objects.count()
    assert 0 < had < len(collection)
    complete()
    assert CellMap.objects.count() == Outlines.objects.count() == len(collection)
    assert not GalleryImage.objects.behind(space.pk for space in spaces.ensure_spaces()[0]).exists()


def test_indexing_again_replaces_them(collection: list[GalleryImage]) -> None:
    complete()
    image = collection[-1]
    before = CellMap.objects.get(image=image)
    indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0], afresh=True)
    after = CellMap.objects.get(image=image)
    assert after.pk != before.pk and bytes(after.data) == bytes(before.data)


def test_cells_are_read_where_questions_are_noted(collection: list[GalleryImage]) -> None:
    """As with DEBUG, where Django's cursor takes no parameters with a COPY."""
    complete()
    (space,) = spaces.ensure_spaces()[0]
    with CaptureQueriesContext(connection):
        keys, maps = cells.stored_cells(space, [image.pk for image in collection])
    assert sorted(keys.tolist()) == [image.pk for image in collection] and maps.any()


def test_the_thing_is_outlined_on_a_hit_and_can_be_selected(
    collection: list[GalleryImage], search_of: SearchOf, visitor_client: tuple[Client, Person]
) -> None:
    complete()
    client, visitor = visitor_client
    answer = ask(search_of(collection[0].photo, visitor), visitor)
    hit = next(hit for hit in answer.hits if hit.image == collection[2])
    assert hit.node is not None and f"&node={hit.node}" in hit.address
    picture = client.get(f"/regions/{hit.region_id}/highlight.png?node={hit.node}&full=on")
    inside = np.asarray(Image.open(BytesIO(picture.content)).convert("RGBA"))[..., 3] == 0
    rows, columns = np.nonzero(inside)
    # A disc, whose middle is where `thing_on_ground` sets it.
    assert inside.mean() < 0.3
    assert abs(rows.mean() - 75) < 12 and abs(columns.mean() - 70) < 12
    assert f"node={hit.node}" in client.get(hit.address).content.decode()
    assert client.get(f"/regions/{hit.region_id}/highlight.png?node={hit.node}").status_code == 200
    assert client.get(f"/regions/{hit.region_id}/highlight.png?node=65000").status_code == 404
    chosen = client.post(f"/gallery/{hit.image.pk}/select/", {"region": hit.region_id, "node": hit.node})
    assert chosen.status_code == 302


def test_a_hit_is_outlined_before_there_are_cells(
    add_indexed: AddImage, search_of: SearchOf, visitor_client: tuple[Client, Person]
) -> None:
    asked, image, visitor = add_indexed(RED, GREEN, seed=3), add_indexed(RED, BLUE), visitor_client[1]
    CellProjection.objects.all().delete()
    cells._projections.clear()
    (hit,) = ask(search_of(asked.photo, visitor), visitor).hits
    assert hit.node is None and hit.region_id is not None
    assert image.regions.get(pk=hit.region_id).area <= 0.6


def test_later_pages_are_outlined_as_the_first(
    collection: list[GalleryImage],
    search_of: SearchOf,
    visitor_client: tuple[Client, Person],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complete()
    monkeypatch.setattr("gallery.search.answers.PAGE", 2)
    search = search_of(collection[0].photo, visitor_client[1])
    first = ask(search, visitor_client[1])
    assert first.kept is not None
    assert all(hit.node is not None for hit in next_page(search, visitor_client[1], 2, first.kept).hits)


def test_what_is_asked_for_is_kept_with_a_ranking() -> None:
    ranking = RankedImages.nothing()
    ranking.asked[7] = np.array([0.5, -0.25], np.float32)
    np.testing.assert_array_equal(RankedImages.unpack(ranking.pack()).asked[7], [0.5, -0.25])


def test_what_is_around_a_selection_is_not_looked_for_in_cells(
    collection: list[GalleryImage], search_of: SearchOf, visitor_client: tuple[Client, Person]
) -> None:
    search = search_of(collection[0].photo, visitor_client[1])
    ((query,),) = build_query(search, Options()).vectors
    assert query.alone is not None and not np.allclose(query.alone, query.vector)
    (asked,) = asked_of([query], None).values()
    projection = cells.projection_of(query.space)
    assert projection is not None
    np.testing.assert_allclose(asked, projection.apply(query.alone) * np.linalg.norm(asked), rtol=1e-4)


def test_images_that_show_the_thing_in_their_cells_are_ahead(
    collection: list[GalleryImage],
    search_of: SearchOf,
    visitor_client: tuple[Client, Person],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complete()
    search = search_of(collection[0].photo, visitor_client[1])
    ((query,),) = build_query(search, Options()).vectors
    keys = np.sort([image.pk for image in collection])
    assert not close_look.bonus([query], keys, None).any(), "Of five images none can be said to stand out."
    monkeypatch.setattr(close_look, "FEWEST", 2)
    monkeypatch.setattr(close_look, "STANDS_OUT", 0.0)
    added = dict(zip(keys.tolist(), close_look.bonus([query], keys, None).tolist(), strict=True))
    assert added.pop(collection[0].pk) > max(added.values()), "None shows the disc as well as its own image."
    assert not close_look.bonus([replace(query, clusters=None)], keys, None).any()
