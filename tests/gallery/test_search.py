"""Searching: the right images, in the right order, for the right people."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery.models import GalleryImage, Search
from gallery.search import scoring
from gallery.search.answers import Answer, percent, sentence_about
from gallery.search.ask import ask, next_page
from gallery.search.calibration import calibrated
from gallery.search.nearest import Neighbours, QueryVector
from gallery.search.query import query_vector
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, Select, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = pytest.mark.django_db
GREY = (120, 120, 120)
VISITOR = Person(visitor=uuid.UUID(int=7))


@pytest.fixture
def query_photo(db: None) -> Photo:
    """A visitor's photo: a red disc on grey."""
    return store_photo(image_file(thing_on_ground(RED, GREY, seed=99)), "q.jpg", visitor=VISITOR.visitor)


@pytest.fixture
def colours(add_indexed: AddImage) -> dict[str, GalleryImage]:
    """Discs of four colours on grounds of another."""
    return {
        "red": add_indexed(RED, BLUE, seed=1, title="red"),
        "green": add_indexed(GREEN, YELLOW, seed=2, title="green"),
        "blue": add_indexed(BLUE, GREEN, seed=3, title="blue"),
        "yellow": add_indexed(YELLOW, BLUE, seed=4, title="yellow"),
    }


def titles(answer: Answer) -> list[str]:
    return [hit.image.title for hit in answer.hits]


def test_the_image_with_the_same_thing_comes_first(
    query_photo: Photo, colours: dict[str, GalleryImage], search_of: SearchOf
) -> None:
    answer = ask(search_of(query_photo, VISITOR), VISITOR)
    assert titles(answer)[0] == "red"
    assert sorted(titles(answer)) == ["blue", "green", "red", "yellow"]


def test_a_hit_tells_where_the_thing_is(
    query_photo: Photo, colours: dict[str, GalleryImage], search_of: SearchOf
) -> None:
    hit = ask(search_of(query_photo, VISITOR), VISITOR).hits[0]
    assert hit.region_id is not None
    region = colours["red"].regions.get(pk=hit.region_id)
    x, y = (region.left + region.right) / 2, (region.top + region.bottom) / 2
    assert (x - 70) ** 2 + (y - 75) ** 2 < 40**2  # In the disc.
    assert region.area < 0.3


def test_scores_run_from_0_to_100_and_down_the_list(
    query_photo: Photo, colours: dict[str, GalleryImage], search_of: SearchOf
) -> None:
    scores = [hit.score for hit in ask(search_of(query_photo, VISITOR), VISITOR).hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)


def test_a_score_of_50_is_where_hits_begin_to_stand_out() -> None:
    assert percent(scoring.WEAK) == 50
    assert percent(2 * scoring.WEAK) == 75
    assert percent(-10) == percent(0) == 0
    assert percent(100) == 100


def test_another_part_of_the_photo_finds_other_images(colours: dict[str, GalleryImage], search_of: SearchOf) -> None:
    photo = store_photo(image_file(), "quarters.jpg", visitor=VISITOR.visitor)
    yellow = ask(search_of(photo, VISITOR, (125, 85, 235, 155)), VISITOR)
    assert sorted(titles(yellow)[:2]) == ["green", "yellow"]  # A yellow ground, and a yellow disc.


def test_what_is_excluded_moves_the_search_away(
    query_photo: Photo, colours: dict[str, GalleryImage], select: Select
) -> None:
    from selector.models import Selection

    label_map = select(query_photo, VISITOR)
    plain = Search.objects.find_or_create(VISITOR, label_map, bytes(Selection.objects.get().state))
    select(query_photo, VISITOR, (150, 0, 200, 150), mode="exclude")
    without = Search.objects.find_or_create(VISITOR, label_map, bytes(Selection.objects.get().state))
    assert plain != without
    from gallery.index.features import selection_vector
    from gallery.index.kinds import describer_of
    from gallery.index.segmented_photo import SegmentedPhoto
    from gallery.index.spaces import answering

    space, picture = answering()[0][0], SegmentedPhoto(label_map)
    excluded = selection_vector(space, describer_of(space), picture, without.superpixels.excluded)
    toward, away = (query_vector(space, picture, one) for one in (plain, without))
    assert away @ excluded < toward @ excluded - 0.05
    assert np.linalg.norm(away) == pytest.approx(1, abs=1e-5)


def test_the_photo_itself_is_never_a_hit(colours: dict[str, GalleryImage], search_of: SearchOf) -> None:
    answer = ask(search_of(colours["red"].photo, VISITOR), VISITOR)
    assert sorted(titles(answer)) == ["blue", "green", "yellow"]


def test_nor_is_an_upload_of_the_very_same_file(colours: dict[str, GalleryImage], search_of: SearchOf) -> None:
    twin = store_photo(image_file(thing_on_ground(RED, BLUE, seed=1)), "again.jpg", visitor=VISITOR.visitor)
    assert "red" not in titles(ask(search_of(twin, VISITOR), VISITOR))


def test_private_images_are_found_by_their_owner_alone(
    query_photo: Photo, add_indexed: AddImage, search_of: SearchOf, alice: Any, bob: Any
) -> None:
    add_indexed(RED, YELLOW, seed=5, title="public")
    add_indexed(RED, BLUE, seed=6, title="of alice", owner=alice)
    search = search_of(query_photo, VISITOR)
    assert sorted(titles(ask(search, Person(user=alice)))) == ["of alice", "public"]
    for stranger in (Person(user=bob), VISITOR, Person()):
        assert titles(ask(search, stranger)) == ["public"]


def test_an_empty_gallery_is_one_sentence(query_photo: Photo, search_of: SearchOf) -> None:
    answer = ask(search_of(query_photo, VISITOR), VISITOR)
    assert (answer.hits, answer.total) == ([], 0)
    assert answer.sentence == "The gallery is empty: there is nothing to search in yet."


def test_a_gallery_that_is_not_indexed_yet_is_one_sentence(
    query_photo: Photo, add_image: AddImage, search_of: SearchOf
) -> None:
    add_image()
    answer = ask(search_of(query_photo, VISITOR), VISITOR)
    assert answer.sentence == "The images of the gallery are still being indexed: search again in a minute."


def test_a_gallery_of_this_one_photo_is_one_sentence(add_indexed: AddImage, search_of: SearchOf) -> None:
    image = add_indexed()
    answer = ask(search_of(image.photo, VISITOR), VISITOR)
    assert answer.sentence.startswith("This photo is the only one in the gallery")


def test_of_a_region_without_a_vector_a_space_says_nothing(
    query_photo: Photo, colours: dict[str, GalleryImage], search_of: SearchOf
) -> None:
    from gallery.index.segmented_photo import SegmentedPhoto
    from gallery.index.spaces import answering

    search = search_of(query_photo, VISITOR)
    space = answering()[0][0]
    query = QueryVector(space, query_vector(space, SegmentedPhoto(search.label_map), search))
    region = colours["red"].regions.first()
    assert region is not None
    region.vectors.all().delete()
    scores = calibrated(query, np.array([region.pk]), Neighbours.of_rows([]))
    assert np.isnan(scores).all()


def test_hits_come_in_pages_without_repeats_or_gaps(
    query_photo: Photo, add_indexed: AddImage, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.search.answers.PAGE", 2)
    for seed in range(5):
        add_indexed(RED, BLUE, seed=seed, title=str(seed))
    search = search_of(query_photo, VISITOR)
    pages = [ask(search, VISITOR, page) for page in (1, 2, 3)]
    assert [page.next_page for page in pages] == [2, 3, None]
    seen = [title for page in pages for title in titles(page)]
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    assert seen == [title for page in (1, 2, 3) for title in titles(ask(search, VISITOR, page))]
    assert ask(search, VISITOR, 9).hits == []


@pytest.mark.parametrize(
    ("strong", "total", "sentence"),
    [
        (3, 15, "3 close matches, 12 weaker ones."),
        (1, 2, "1 close match, 1 weaker one."),
        (2, 2, "2 close matches."),
        (0, 5, "5 images, nearest first; none stands out."),
    ],
)
def test_the_sentence_tells_close_matches_from_weaker_ones(strong: int, total: int, sentence: str) -> None:
    assert sentence_about(strong, total) == sentence


def test_weaker_matches_are_told_from_the_others_once(
    query_photo: Photo, colours: dict[str, GalleryImage], search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = search_of(query_photo, VISITOR)
    hits = ask(search, VISITOR).hits
    assert [(hit.score < 50, hit.is_weak, hit.opens_weak) for hit in hits] == [
        (False, False, False),
        (True, True, True),
        (True, True, False),
        (True, True, False),
    ]
    # The line is drawn in the page in which the scores fall off, however many are shown at once.
    monkeypatch.setattr("gallery.search.answers.PAGE", 1)
    opens = [[hit.opens_weak for hit in ask(search, VISITOR, page).hits] for page in (1, 2, 3)]
    assert opens == [[False], [True], [False]]
    together = ask(search, VISITOR, 3, from_page=1)
    assert [hit.opens_weak for hit in together.hits] == [False, True, False]
    assert together.next_page == 4


def test_the_line_above_weaker_matches_stays_when_the_first_of_them_goes(
    query_photo: Photo, colours: dict[str, GalleryImage], search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.search.answers.PAGE", 3)
    search = search_of(query_photo, VISITOR)
    before = ask(search, VISITOR)
    before.hits[1].image.delete()
    after = next_page(search, VISITOR, 1, before.kept)
    assert titles(after) == [titles(before)[0], titles(before)[2]]
    assert [hit.opens_weak for hit in after.hits] == [False, True]


def queries_of(search: Search) -> list[str]:
    """The SQL of a search that this process has answered before."""
    ask(search, VISITOR)  # A process fetches a new sample once.
    fresh = Search.objects.select_related("label_map__photo").get(pk=search.pk)
    with CaptureQueriesContext(connection) as captured:
        ask(fresh, VISITOR)
    return [query["sql"] for query in captured]


def test_a_search_needs_few_database_queries_however_many_images_there_are(
    query_photo: Photo, add_indexed: AddImage, search_of: SearchOf
) -> None:
    add_indexed(RED, BLUE, seed=1)
    search = search_of(query_photo, VISITOR)
    first = len(queries_of(search))
    for seed in range(2, 7):
        add_indexed(GREEN, BLUE, seed=seed)
    # Feedback, spaces, candidates, nearest regions, sample; regions of the first images; the projection of cells;
    # hashes, images; tags, licences, creators and own ones that chips count.
    assert len(queries_of(search)) == first == 13


@pytest.mark.parametrize(
    ("options", "seeds", "n_queries"),
    [
        # Feedback, spaces, the projection of cells, the tag, candidates; are there any without the filter?
        ({"tag": "no such"}, [1, 2], 6),
        ({}, [], 6),  # Feedback, spaces, candidates; others, photos of one's own, any image at all?
        ({"tag": "no such"}, [], 7),  # Feedback, spaces, the tag, candidates, and all three.
    ],
)
def test_a_search_that_finds_nothing_asks_for_the_reason_once(
    query_photo: Photo,
    add_indexed: AddImage,
    search_of: SearchOf,
    options: dict[str, str],
    seeds: list[int],
    n_queries: int,
) -> None:
    add_indexed(RED, BLUE, seed=9).delete()  # There is a space now.
    for seed in seeds:
        add_indexed(RED, BLUE, seed=seed)
    search = search_of(query_photo, VISITOR)
    search.refine(options)
    queries = queries_of(search)
    assert len(queries) == len(set(queries)) == n_queries


def test_the_same_selection_is_the_same_search(query_photo: Photo, search_of: SearchOf) -> None:
    first = search_of(query_photo, VISITOR)
    assert search_of(query_photo, VISITOR) == first
    assert search_of(query_photo, Person(visitor=uuid.UUID(int=8))) != first
