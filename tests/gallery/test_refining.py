"""The options of a search and feedback on its answers: filters, weights, parts, words, likes and dislikes."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import numpy as np
import pytest

from gallery.collection import demo
from gallery.collection.importing import Details, add_public
from gallery.index import indexing, spaces
from gallery.index.kinds import default_weights
from gallery.index.kinds.appearance import AppearanceDescriber
from gallery.models import GalleryImage, Search
from gallery.search.answers import Answer
from gallery.search.ask import ask, next_page
from gallery.search.calibration import calibrated
from gallery.search.candidates import Candidates
from gallery.search.nearest import nearest
from gallery.search.options import Options
from gallery.search.query import build_query
from gallery.search.ranked_images import RankedImages
from gallery.search.ranking import rank_by_parts
from gallery.web.forms import FeedbackForm, OptionsForm
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.models import use
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = pytest.mark.django_db
GREY = (120, 120, 120)
VISITOR = Person(visitor=uuid.UUID(int=7))


@pytest.fixture
def query_photo(db: None) -> Photo:
    """A visitor's photo: a red disc on grey."""
    return store_photo(image_file(thing_on_ground(RED, GREY, seed=99)), "q.jpg", visitor=VISITOR.visitor)


def titles(answer: Answer) -> list[str]:
    return [hit.image.title for hit in answer.hits]


def answer_with(search: Search, **options: Any) -> Answer:
    search.refine(Options(**options).to_json())
    return ask(Search.objects.get(pk=search.pk), VISITOR)


# Filters


@pytest.fixture
def described(add_indexed: AddImage, alice: Any) -> dict[str, GalleryImage]:
    images = {
        "red": add_indexed(RED, BLUE, title="red", tags=("warm", "disc"), licence="CC BY 4.0", creator="Ann Painter"),
        "green": add_indexed(GREEN, YELLOW, seed=2, title="green", tags=("Disc",), licence="CC BY-NC 4.0"),
        "blue": add_indexed(BLUE, GREEN, seed=3, title="blue", licence="CC0 1.0", creator="Bea"),
        "mine": add_indexed(YELLOW, BLUE, seed=4, title="mine", owner=alice),
    }
    for title, year in {"red": 2001, "green": 2010, "blue": 2020}.items():
        GalleryImage.objects.filter(title=title).update(taken=datetime.date(year, 6, 1))
    return images


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tag": "DISC"}, ["green", "red"]),
        ({"tag": "warm"}, ["red"]),
        ({"licence": "cc by"}, ["red"]),
        ({"licence": "CC BY-NC 4.0"}, ["green"]),
        ({"creator": "painter"}, ["red"]),
        ({"first": datetime.date(2010, 6, 1)}, ["blue", "green"]),
        ({"last": datetime.date(2010, 6, 1)}, ["green", "red"]),
        ({"first": datetime.date(2005, 1, 1), "last": datetime.date(2015, 1, 1)}, ["green"]),
        ({"tag": "disc", "licence": "CC BY"}, ["red"]),
    ],
)
def test_a_filter_lets_through_what_it_says(
    query_photo: Photo, described: Any, search_of: SearchOf, options: dict[str, Any], expected: list[str]
) -> None:
    answer = answer_with(search_of(query_photo, VISITOR), **options)
    assert sorted(titles(answer)) == expected
    assert Options(**options).filters_in_words in answer.sentence


def test_only_mine_are_the_persons_own(query_photo: Photo, described: Any, search_of: SearchOf, alice: Any) -> None:
    search = search_of(query_photo, VISITOR)
    search.refine(Options(mine=True).to_json())
    assert titles(ask(search, Person(user=alice))) == ["mine"]
    assert ask(search, VISITOR).is_filtered_out
    assert ask(search, Person()).total == 0


def test_filters_that_leave_nothing_are_named_and_can_be_dropped(
    query_photo: Photo, described: Any, search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    answer = answer_with(search, tag="no such", creator="Ann")
    assert (answer.total, answer.is_filtered_out) == (0, True)
    assert answer.sentence == "No image passes the filters: tagged “no such”, by Ann."
    form = OptionsForm({"tag": "no such", "creator": "Ann", "words": "at night", "drop_filters": "on"})
    assert form.is_valid()
    assert form.options == Options(words="at night")


def test_where_there_is_nothing_anyway_no_filter_is_to_blame(query_photo: Photo, search_of: SearchOf) -> None:
    answer = answer_with(search_of(query_photo, VISITOR), tag="cat")
    assert not answer.is_filtered_out
    assert answer.sentence.startswith("The gallery is empty")


# Options


def test_only_what_was_changed_is_stored_and_read_back() -> None:
    options = Options(tag="cat", first=datetime.date(2020, 5, 31), balance=10, apart=True)
    assert options.to_json() == {"tag": "cat", "first": "2020-05-31", "balance": 10, "apart": True}
    assert Options.from_json(options.to_json()) == options
    assert Options.from_json({"tag": "cat", "of an older release": 1}) == Options(tag="cat")
    assert Options().to_json() == {}


def test_options_are_said_in_words() -> None:
    options = Options(
        tag="cat", licence="CC0", first=datetime.date(2020, 5, 31), mine=True, words="at night", apart=True, balance=30
    )
    assert options.in_words == (
        "and “at night”, as separate parts, tagged “cat”, under CC0, made since 31 May 2020, of mine, "
        "70% looks, 30% meaning"
    )
    assert Options().in_words == ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"first": "2020-02-02", "last": "2019-01-01"}, "The first day lies after the last: swap them."),
        ({"first": "yesterday"}, "That is not a date: write it as 2024-05-31."),
        ({"balance": "101"}, "Ensure this value is less than or equal to 100."),
    ],
)
def test_options_that_make_no_sense_are_refused(given: dict[str, str], sentence: str) -> None:
    form = OptionsForm(given)
    assert not form.is_valid()
    assert sentence in str(form.errors)


def test_a_slider_left_alone_is_no_option() -> None:
    form = OptionsForm({"balance": str(Options().shown_balance)})
    assert form.is_valid()
    assert form.options == Options()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"like": "1", "dislike": "1"},
        {"like": "1", "forget": "on"},
        {"like": "x"},
        {"like": "1-2-3-4-5"},
        {"like": "1", "shown": "all"},
    ],
)
def test_feedback_names_one_hit(given: dict[str, str]) -> None:
    assert not FeedbackForm(given).is_valid()


@pytest.mark.parametrize("key", ["0", str(2**63), "1" * 20, "9" * 4301, "0" * 4301 + "1"])
def test_a_region_that_no_database_can_hold_is_refused_in_the_usual_sentence(key: str) -> None:
    form = FeedbackForm({"like": key})
    assert not form.is_valid()
    assert form.errors["like"] == ["That region cannot be read."]
    assert FeedbackForm({"like": str(2**63 - 1)}).is_valid()


def test_the_same_selection_with_other_options_is_another_search(query_photo: Photo, search_of: SearchOf) -> None:
    plain = search_of(query_photo, VISITOR)
    narrow = Search.objects.find_or_create(VISITOR, plain.label_map, bytes(plain.state), {"tag": "cat"})
    assert narrow != plain
    assert Search.objects.find_or_create(VISITOR, plain.label_map, bytes(plain.state), {"tag": "cat"}) == narrow


@pytest.fixture
def two_spaces(
    described: dict[str, GalleryImage], tiny_models: tuple[dict[str, str], dict[str, str]], settings: Any
) -> None:
    """Both spaces answer."""
    use(settings, tiny_models[0])
    for image in described.values():
        indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])


# Parts


@pytest.fixture
def two_things(db: None) -> Photo:
    """A visitor's photo with a red and a green disc."""
    picture = thing_on_ground(RED, GREY, seed=98)
    picture[90:140, 140:190] = GREEN
    return store_photo(image_file(picture), "two.jpg", visitor=VISITOR.visitor)


BOXES = ((50, 55, 90, 95), (145, 95, 185, 135))


def test_an_image_with_both_parts_comes_first(two_things: Photo, add_indexed: AddImage, search_of: SearchOf) -> None:
    add_indexed(RED, BLUE, seed=1, title="red alone")
    add_indexed(GREEN, BLUE, seed=2, title="green alone")
    picture = thing_on_ground(RED, BLUE, 3)
    picture[20:70, 130:180] = GREEN
    both = add_public(image_file(picture), "both.jpg", Details(title="both"))[0]
    indexing.bring_up_to_date(both.pk, spaces.ensure_spaces()[0])
    search = search_of(two_things, VISITOR, *BOXES)
    assert answer_with(search).controls.n_parts == 2
    answer = answer_with(search, apart=True)
    assert titles(answer)[0] == "both"
    hit = answer.hits[0]
    regions = [both.regions.get(pk=key) for key in hit.region_ids]
    middles = sorted(((region.left + region.right) / 2, (region.top + region.bottom) / 2) for region in regions)
    assert np.allclose(middles, [(70, 75), (155, 45)], atol=12)
    assert [name for name, _ in hit.reasons] == ["Looks like", "Part 1", "Part 2"]
    assert hit.highlight_query == f"?also={hit.region_ids[1]}"


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_parts_are_found_among_many_images_as_among_few(
    two_things: Photo,
    two_spaces: None,
    add_indexed: AddImage,
    search_of: SearchOf,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
) -> None:
    for seed, colours in enumerate([(RED, YELLOW), (RED, GREY), (GREEN, BLUE), (GREEN, GREY), (YELLOW, GREY)], 10):
        add_indexed(*colours, seed=seed)
    search = search_of(two_things, VISITOR, *BOXES)
    images = GalleryImage.objects.visible_to(VISITOR)
    parts = build_query(search, Options(apart=True)).vectors
    assert [len(queries) for queries in parts] == [2, 2]
    few = rank_by_parts(parts, Candidates(images), rescore=False)
    settings.VECTOR_INDEX_FROM = 1
    monkeypatch.setattr("gallery.search.nearest.NEAREST", limit)
    many = rank_by_parts(parts, Candidates(images), enough=1, rescore=False)
    # Whatever each space brought by itself: all regions of these images are compared in both.
    rows = [few.image_ids.tolist().index(image) for image in many.image_ids.tolist()]
    assert rows == sorted(rows) and len(rows) > 1
    assert many.region_ids.tolist() == few.region_ids[rows].tolist()
    np.testing.assert_allclose(many.scores, few.scores[rows], rtol=1e-4)


def test_what_one_space_found_is_looked_up_in_the_other(
    query_photo: Photo,
    described: dict[str, GalleryImage],
    search_of: SearchOf,
    two_spaces: None,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = search_of(query_photo, VISITOR)
    images = GalleryImage.objects.visible_to(VISITOR)
    (queries,) = build_query(search, Options()).vectors
    settings.VECTOR_INDEX_FROM = 1
    with monkeypatch.context() as patched:
        patched.setattr("gallery.search.nearest.NEAREST", 12)
        near = [nearest(query, Candidates(images), 1) for query in queries]
    both = np.unique(np.concatenate([one.region_ids for one in near]))
    assert len(both) > 12, "each space found others"
    settings.VECTOR_INDEX_FROM = 1_000
    for query, some in zip(queries, near, strict=True):
        known = calibrated(query, both, nearest(query, Candidates(images)))
        assert not np.isnan(known).any()
        np.testing.assert_allclose(calibrated(query, both, some), known, rtol=1e-4)


def test_a_selection_of_one_part_is_not_taken_apart(query_photo: Photo, described: Any, search_of: SearchOf) -> None:
    search = search_of(query_photo, VISITOR)
    together = answer_with(search)
    assert together.controls.n_parts == 0
    assert [hit.region_ids for hit in answer_with(search, apart=True).hits] == [hit.region_ids for hit in together.hits]


# Feedback


def give_feedback(search: Search, answer: Answer, title: str, *, liked: bool) -> None:
    hit = next(hit for hit in answer.hits if hit.image.title == title)
    nodes = [hit.image.regions.get(pk=key).node for key in hit.region_ids]
    search.toggle_feedback(hit.image, nodes, liked=liked)


def test_what_is_liked_moves_up_and_what_is_not_moves_down(
    query_photo: Photo, described: Any, search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    before = ask(search, VISITOR)
    assert titles(before)[0] == "red"
    last = titles(before)[-1]
    give_feedback(search, before, last, liked=True)
    give_feedback(search, before, "red", liked=False)
    after = ask(search, VISITOR)
    scores = {hit.image.title: hit.score for hit in before.hits}
    moved = {hit.image.title: hit.score for hit in after.hits}
    assert moved[last] > scores[last]
    assert moved["red"] < scores["red"]
    assert {hit.image.title: hit.feedback for hit in after.hits if hit.feedback} == {last: "like", "red": "dislike"}


def test_saying_the_same_again_takes_it_back_and_the_opposite_replaces_it(
    query_photo: Photo, described: Any, search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    before = ask(search, VISITOR)
    give_feedback(search, before, "blue", liked=True)
    give_feedback(search, before, "blue", liked=False)
    assert [given.liked for given in search.feedback.all()] == [False]
    give_feedback(search, before, "blue", liked=False)
    assert not search.feedback.exists()
    assert titles(ask(search, VISITOR)) == titles(before)


def test_feedback_outlives_another_indexing(query_photo: Photo, described: Any, search_of: SearchOf) -> None:
    search = search_of(query_photo, VISITOR)
    give_feedback(search, ask(search, VISITOR), "blue", liked=True)
    before = ask(search, VISITOR)
    indexing.bring_up_to_date(described["blue"].pk, spaces.ensure_spaces()[0], afresh=True)
    after = ask(search, VISITOR)
    assert [(hit.image.title, hit.score, hit.feedback) for hit in after.hits] == [
        (hit.image.title, hit.score, hit.feedback) for hit in before.hits
    ]


# Spaces: weights and words


class Wordy(AppearanceDescriber):
    """A space that understands two words, to ask without a model of gigabytes."""

    knows_words = True

    def words_vector(self, text: str) -> Any:
        image = GalleryImage.objects.get(title=text)
        return np.asarray(image.regions.get(area=1).vectors.get().vector, np.float32)


def test_words_are_asked_beside_the_selection(
    query_photo: Photo, described: Any, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = search_of(query_photo, VISITOR)
    assert not answer_with(search).controls.words
    assert "they are left out" in answer_with(search, words="green").notices[-1]
    monkeypatch.setattr("gallery.index.kinds.appearance.AppearanceDescriber", Wordy)
    plain = answer_with(search)
    last = titles(plain)[-1]
    wordy = answer_with(search, words=last)
    assert wordy.controls.words
    assert titles(wordy).index(last) < titles(plain).index(last)
    scores = [next(hit.score for hit in answer.hits if hit.image.title == last) for answer in (plain, wordy)]
    assert scores[1] > scores[0]


def test_the_slider_moves_weight_from_one_space_to_the_other(
    query_photo: Photo, described: Any, search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    answer = answer_with(search, balance=100)
    assert not answer.controls.balance  # One space alone answers, whatever the slider says.
    assert titles(answer)[0] == "red"
    assert Options(balance=30).weights == {"appearance": 0.7, "meaning": 0.3}
    assert Options().weights == default_weights()


# Pages that fit together, and copies


def all_pages(search: Search, between: Any = lambda: None) -> list[str]:
    answer = ask(search, VISITOR)
    seen = titles(answer)
    while answer.next_page:
        between()
        answer = next_page(search, VISITOR, answer.next_page, answer.kept)
        seen += titles(answer)
    return seen


@pytest.fixture
def many(add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch) -> list[GalleryImage]:
    monkeypatch.setattr("gallery.search.answers.PAGE", 2)
    grounds = (BLUE, GREEN, YELLOW, GREY)
    return [add_indexed((200 - 25 * n, 40, 40), grounds[n % 4], seed=n, title=str(n)) for n in range(5)]


def test_pages_fit_together_while_images_come_and_go(
    query_photo: Photo, many: list[GalleryImage], add_indexed: AddImage, search_of: SearchOf
) -> None:
    seen = all_pages(search_of(query_photo, VISITOR), lambda: add_indexed(RED, GREY, seed=GalleryImage.objects.count()))
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_an_image_that_goes_or_is_indexed_anew_leaves_no_gap_and_no_dead_link(
    query_photo: Photo, many: list[GalleryImage], search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    first = ask(search, VISITOR)
    rest = [image for image in many if image.title not in titles(first)]
    rest[0].delete()
    indexing.bring_up_to_date(rest[1].pk, spaces.ensure_spaces()[0], afresh=True)
    hits = [*next_page(search, VISITOR, 2, first.kept).hits, *next_page(search, VISITOR, 3, first.kept).hits]
    assert sorted(hit.image.title for hit in hits) == sorted(image.title for image in rest[1:])
    anew = next(hit for hit in hits if hit.image == rest[1])
    assert anew.region_ids == []


def test_an_image_hidden_meanwhile_is_left_out(
    query_photo: Photo, many: list[GalleryImage], search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    first = ask(search, VISITOR)
    Photo.objects.update(is_public=False)
    assert next_page(search, VISITOR, 2, first.kept).hits == []


def test_a_ranking_that_is_kept_no_longer_is_made_again(
    query_photo: Photo, many: list[GalleryImage], search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    first = ask(search, VISITOR)
    following = titles(next_page(search, VISITOR, 2, first.kept))
    search.rankings.all().delete()
    assert titles(next_page(search, VISITOR, 2, first.kept)) == following
    assert titles(next_page(search, VISITOR, 2, None)) == following


def test_rankings_are_deleted_after_a_day_and_short_answers_keep_none(
    query_photo: Photo, many: list[GalleryImage], search_of: SearchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = search_of(query_photo, VISITOR)
    ask(search, VISITOR)
    search.rankings.update(created=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    ask(search, VISITOR)
    assert search.rankings.count() == 1
    monkeypatch.setattr("gallery.search.answers.PAGE", 24)
    assert ask(search, VISITOR).kept is None


def test_a_kept_ranking_is_read_back_as_it_was() -> None:
    kept = RankedImages(
        image_ids=np.array([7, 9]),
        region_ids=np.array([[1, 2], [3, 4]]),
        scores=np.array([5, 1], np.float32),
        scores_by_space={"appearance": np.array([4, 1], np.float32)},
        scores_by_part=np.array([[5, 5], [1, 1]], np.float32),
        groups=np.array([0, 1]),
    )
    back = RankedImages.unpack(kept.pack())
    for name in ("image_ids", "region_ids", "scores", "scores_by_part", "groups", "scores_by_space"):
        np.testing.assert_equal(getattr(back, name), getattr(kept, name))
    assert (back.total, back.n_strong) == (2, 1)


def test_copies_of_one_picture_share_a_place(query_photo: Photo, described: Any, search_of: SearchOf) -> None:
    cat = demo.opened(demo.installed_photographs(), "chelsea.png").resize((300, 200))
    files = {
        "cat": image_file(np.asarray(cat)),
        "saved again": image_file(np.asarray(cat.resize((240, 160))), quality=60),
        "mirrored": image_file(np.asarray(cat)[:, ::-1]),
        "cropped": image_file(np.asarray(cat)[40:, 60:]),
    }
    for title, data in files.items():
        image = add_public(data, "cat.jpg", Details(title=title))[0]
        indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
    answer = ask(search_of(query_photo, VISITOR), VISITOR)
    (shared,) = [hit for hit in answer.hits if hit.copies]
    assert {shared.image.title, *(copy.image.title for copy in shared.copies)} == {"cat", "saved again"}
    assert {"mirrored", "cropped"} < set(titles(answer))
    assert answer.total == len(answer.hits) == 6


def test_images_indexed_before_there_were_hashes_get_theirs(add_indexed: AddImage) -> None:
    from django.core.management import call_command

    image = add_indexed(RED, BLUE)
    expected = image.perceptual_hash
    assert expected is not None
    GalleryImage.objects.update(perceptual_hash=None)
    assert list(GalleryImage.objects.unhashed()) == [image]
    regions = set(image.regions.values_list("pk", flat=True))
    call_command("index_gallery", verbosity=0)
    image.refresh_from_db()
    assert image.perceptual_hash == expected
    assert set(image.regions.values_list("pk", flat=True)) == regions


def test_the_slider_is_offered_where_both_spaces_answer_and_moves_the_answer(
    query_photo: Photo, two_spaces: None, search_of: SearchOf
) -> None:
    search = search_of(query_photo, VISITOR)
    looks, means = (answer_with(search, balance=balance) for balance in (0, 100))
    assert looks.controls.balance
    by_space = {hit.image.title: hit.scores_by_space for hit in answer_with(search).hits}
    assert all(set(parts) == {"appearance", "meaning"} for parts in by_space.values())
    # At either end the one space is the score.
    assert all(hit.score == hit.scores_by_space["appearance"] for hit in looks.hits)
    assert all(hit.score == hit.scores_by_space["meaning"] for hit in means.hits)
