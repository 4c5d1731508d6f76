"""Searches by words alone: what is found, in which order, by whom, and what narrows it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gallery.models import GalleryImage
from gallery.models.folding import Folded, folded
from gallery.search.by_words import Found, find
from gallery.search.options import Options
from selector.models import Photo
from selector.people import Person
from tests.gallery.discs import AddImage
from tests.gallery.test_refining import Wordy
from tests.pictures import BLUE, GREEN, RED, YELLOW

pytestmark = pytest.mark.django_db
STRANGER = Person()
FIND = "/gallery/find/"
HTMX = {"HX-Request": "true"}


def told(title: str, *, owner: User | None = None, tags: tuple[str, ...] = (), **details: str) -> GalleryImage:
    """An image of which only words are known."""
    photo = Photo.objects.create(
        name=title,
        is_public=owner is None,
        owner=owner,
        width=9,
        height=9,
        working_sha256=f"{title.encode().hex():0<64}"[:64],
    )
    image = GalleryImage.objects.create(photo=photo, title=title, **details)
    image.tags.add(*tags)
    return image


def titles(found: Found) -> list[str]:
    return [hit.image.title for hit in found.hits]


def found_by(words: str, person: Person = STRANGER, **filters: Any) -> list[str]:
    return titles(find(Options(words=words, **filters), person))


@pytest.mark.parametrize("words", ["café", "cafe", "CAFÉ", "caf", "cafe angst", "angström noir", "lodz", "Łódź"])
def test_words_are_found_by_their_beginnings_and_without_accents(words: str) -> None:
    told("Café noir", creator="Anna Ångström", description="In Łódź", tags=("été",))
    told("Something else", description="A decafé")
    assert found_by(words) == ["Café noir"]


def test_tags_are_words_too_and_accents_do_not_count_there_either() -> None:
    told("One", tags=("crème brûlée",))
    told("Two", tags=("scream",))
    assert found_by("creme") == found_by("brulee crème") == ["One"]


def test_all_words_must_be_there_and_titles_come_before_descriptions() -> None:
    told("Harbour", description="A red cat")
    told("A dog", description="With a cat")
    told("Cat", description="Asleep")
    told("Tagged", tags=("cat",))
    assert found_by("cat")[-2:] == ["A dog", "Harbour"]
    assert set(found_by("cat")[:2]) == {"Cat", "Tagged"}
    assert found_by("cat harbour") == ["Harbour"]
    assert found_by("cat whale") == []


@pytest.mark.parametrize(
    "text", ["Ångström Łódź", "naïve ﬁancé", "İstanbul ıı", "Øre, đ and ħ", "e\u0301\u0327", "日本"]
)
def test_python_and_the_database_fold_words_alike(text: str) -> None:
    image = told(text)
    by_database = GalleryImage.objects.filter(pk=image.pk).values_list(Folded("title"), flat=True)
    assert list(by_database) == [folded(text)]


def test_private_images_are_found_by_their_owner_alone(alice: User, bob: User) -> None:
    told("Secret cat", owner=alice)
    told("Public cat")
    assert found_by("cat") == found_by("cat", Person(user=bob)) == ["Public cat"]
    assert sorted(found_by("cat", Person(user=alice))) == ["Public cat", "Secret cat"]
    assert found_by("cat", Person(user=alice), mine=True) == ["Secret cat"]


def test_what_is_withdrawn_is_not_found() -> None:
    told("A cat")
    GalleryImage.objects.all().withdraw()
    assert found_by("cat") == []


# Chips


@pytest.fixture
def animals() -> None:
    told("cat 1", tags=("animal", "Indoor"), creator="Ann Lee", licence="CC BY 4.0")
    told("cat 2", tags=("animal", "indoor"), creator="Ann", licence="CC BY")
    told("cat 3", tags=("animal",), creator="Ben", licence="CC0")
    told("dog", tags=("animal",), creator="Ben", licence="CC0")


def test_chips_tell_how_many_images_each_filter_leaves(animals: None, client: Client) -> None:
    page = client.get(FIND, {"q": "cat"})
    chips = {(chip.kind, chip.label): chip for chip in page.context["answer"].chips}
    assert ("tag", "animal") not in chips, "all have it: it would narrow nothing"
    assert chips["licence", "CC BY"].count == 2
    assert chips["creator", "Ann"].count == 2
    assert len(chips) == 5
    for chip in chips.values():
        narrowed = client.get(f"{FIND}?{chip.query}").context["answer"]
        assert narrowed.total == chip.count, chip
        (off,) = [chip for chip in narrowed.chips if chip.is_set]
        assert off.query == "q=cat"


def test_a_licence_may_be_begun_and_words_stay_within_the_filters(animals: None, client: Client) -> None:
    page = client.get("/gallery/", {"licence": "cc b"})
    assert page.context["shelf"].total == 2
    assert '<input type="hidden" name="licence" value="cc b">' in page.content.decode()
    # Of what all pages show, in one spelling; below another page nothing is counted.
    counts = {chip.label.lower(): chip.count for chip in client.get("/gallery/").context["shelf"].chips}
    assert counts["indoor"] == 2 and "animal" not in counts
    assert client.get("/gallery/", {"more": "on"}).context["shelf"].chips == []


def test_only_those_with_images_of_their_own_are_offered_these(animals: None, alice: User) -> None:
    told("my cat", owner=alice)
    for person, is_offered in ((STRANGER, False), (Person(user=alice), True)):
        chips = find(Options(words="cat"), person).chips
        assert ("mine" in [chip.kind for chip in chips]) is is_offered


# What is said


def test_answers_say_how_much_there_is(animals: None) -> None:
    def sentence(words: str, **filters: Any) -> str:
        return find(Options(words=words, **filters), STRANGER).sentence

    assert sentence("cat") == "3 images say “cat”."
    assert sentence("dog", licence="CC0") == "1 image says “dog”, under CC0."
    assert sentence("", tag="indoor") == "2 images, tagged “indoor”, the latest first."


def test_the_best_of_many_are_said_to_be_that(animals: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.search.by_words.MOST_SAID", 2)
    assert find(Options(words="cat"), STRANGER).sentence == "The best 2 of 3 images that say “cat”."
    assert find(Options(), STRANGER).sentence == "The latest 2 of 4 images."


def test_empty_answers_say_why(client: Client) -> None:
    def said(**query: str) -> str:
        return client.get(FIND, query).content.decode()

    assert "The gallery is empty" in said(q="cat")
    told("cat", tags=("animal",))
    assert "No image says “whale”. The beginnings of words are enough" in said(q="whale")
    assert "no model here knows what pictures show" in said(q="whale")
    assert "There is no word in this" in said(q="!?")
    filtered = said(q="cat", tag="plant")
    assert "No image that passes the filters (tagged “plant”) says “cat”." in filtered
    assert "Search without the filters" in filtered
    assert "Search without the filters" not in said(q="whale", tag="plant")
    assert "No image passes the filters: tagged “plant”." in said(tag="plant")


# By what pictures show


def test_what_pictures_show_and_what_is_said_of_them_are_one_ranking(
    add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [
        (RED, "a"),
        (GREEN, "b"),
        (BLUE, "d green"),
        (GREEN, "green"),
        *((colour, "x") for colour in 2 * (RED, BLUE, YELLOW)),
    ]
    for seed, (colour, title) in enumerate(pictures):
        add_indexed(colour, colour, seed=seed, title=title)
    assert set(found_by("green")) == {"d green", "green"}
    monkeypatch.setattr("gallery.index.kinds.appearance.AppearanceDescriber", Wordy)
    found = find(Options(words="green"), STRANGER)
    assert titles(found)[0] == "green", "it says and shows it"
    assert "b" in titles(found) and "d green" in titles(found)
    assert "2 images say “green”, " in found.sentence and " like it." in found.sentence
    (shown,) = [hit for hit in found.hits if hit.image.title == "b"]
    assert shown.region_id and shown.reasons
    (said,) = [hit for hit in found.hits if hit.image.title == "d green"]
    assert (said.region_ids, said.reasons) == ([], [])


# Pages


def test_the_page_works_without_scripts_and_its_drawer_with_them(animals: None, client: Client) -> None:
    page = client.get(FIND, {"q": "cat"}).content.decode()
    assert "<h1>Search by words</h1>" in page and page.count('<article class="hit') == 3
    drawer = client.get(FIND, {"q": "cat"}, headers=HTMX).content.decode()
    assert "<h1>" not in drawer and 'id="drawer"' in drawer and "data-close" in drawer
    assert 'name="like"' not in drawer, "there is no search to judge hits of"
    alone = client.get(FIND, {"q": "cat", "alone": "on"}, headers=HTMX)
    assert b"data-close" not in alone.content
    assert alone.headers["HX-Replace-Url"] == f"{FIND}?q=cat"
    shelf = client.get("/gallery/", {"q": "cat"}).content.decode()
    assert shelf.count('<li class="card"') == 3 and "3 images say “cat”." in shelf


def test_hits_come_in_pages(animals: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.search.answers.PAGE", 2)
    first = client.get(FIND, {"q": "cat"})
    assert "page=2" in first.content.decode()
    second = client.get(FIND, {"q": "cat", "page": "2", "more": "on"}, headers=HTMX).content.decode()
    assert second.count("<article") == 1 and "page=3" not in second and 'id="drawer"' not in second
    assert client.get(FIND, {"q": "cat", "page": "900"}).status_code == 200


@pytest.mark.parametrize("query", [{"q": "x" * 300}, {"first": "soon"}, {"page": "x"}, {"tag": "y" * 200}, {}])
def test_what_cannot_be_read_is_left_out(animals: None, client: Client, query: dict[str, str]) -> None:
    assert client.get(FIND, query).status_code == 200


def test_the_number_of_questions_does_not_grow_with_the_answer(animals: None, client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(FIND, {"q": "cat"})
        return len(captured)

    before = queries()
    for number in range(10):
        told(f"cat {10 + number}", tags=(f"tag {number}", "animal"), creator=f"C {number}")
    assert queries() == before
