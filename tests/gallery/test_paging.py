"""Answers in pages: what is said of how much there is, and going on until nothing is left."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gallery.index import hnsw, spaces
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector, Search
from gallery.search.answers import Answer
from gallery.search.ask import ask, next_page
from selector.models import LabelMap, Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import SearchOf, thing_on_ground
from tests.pictures import GREEN, RED, image_file

VISITOR = Person(visitor=uuid.UUID(int=7))
IMAGES, REGIONS = 150, 6


@pytest.fixture
def search(transactional_db: None, search_of: SearchOf, monkeypatch: pytest.MonkeyPatch) -> Search:
    """A search among 150 images of six regions each, whose vectors are drawn by chance; an index finds them."""
    # In proportion to so few images.
    monkeypatch.setattr("gallery.search.nearest.BY_INDEX", 100)
    (space,), _ = spaces.ensure_spaces()
    DescriptorSpace.objects.update(is_ready=True)
    photos = [Photo(name=f"{n}.jpg", is_public=True, width=9, height=9, original_sha256=f"{n}") for n in range(IMAGES)]
    Photo.objects.bulk_create(photos)
    maps = [LabelMap(photo=photo, engine="none", n_superpixels=1, hierarchy=b"") for photo in photos]
    LabelMap.objects.bulk_create(maps)
    images = [
        GalleryImage(photo=photo, title=photo.name, status="indexed", creator="odd" if n % 2 else "even")
        for n, photo in enumerate(photos)
    ]
    GalleryImage.objects.bulk_create(images)
    regions = [
        IndexedRegion(
            image=image, label_map=label_map, node=node, left=0, top=0, right=9, bottom=9, area=1, mask=b"",
            sample_key=int.from_bytes(hashlib.sha256(f"{image.pk} {node}".encode()).digest()[:7]),
        )
        for image, label_map in zip(images, maps, strict=True)
        for node in range(REGIONS)
    ]  # fmt: skip
    IndexedRegion.objects.bulk_create(regions)
    drawn = np.random.default_rng(1).random((len(regions), space.dimensions), np.float32) ** 4
    RegionVector.objects.bulk_create(
        RegionVector(region=region, image_id=region.image_id, space=space, vector=vector)
        for region, vector in zip(regions, drawn / np.linalg.norm(drawn, axis=1, keepdims=True), strict=True)
    )
    hnsw.build(space)
    photo = store_photo(image_file(thing_on_ground(RED, GREEN)), "query.jpg", visitor=VISITOR.visitor)
    return search_of(photo, VISITOR)


def titles(answer: Answer) -> list[str]:
    return [hit.image.title for hit in answer.hits]


def all_pages(search: Search) -> list[str]:
    """The titles of all pages, one after the other, as a person goes on."""
    answer = ask(search, VISITOR)
    seen = titles(answer)
    while answer.next_page:
        answer = next_page(search, VISITOR, answer.next_page, answer.kept)
        seen += titles(answer)
    return seen


def test_what_is_only_the_nearest_of_many_says_so(search: Search, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = 10_000
    assert ask(search, VISITOR).sentence.startswith(f"{IMAGES} images, nearest first")
    settings.VECTOR_INDEX_FROM = 1
    answer = ask(search, VISITOR)
    assert 48 <= answer.total < IMAGES
    assert answer.sentence == f"The nearest {answer.total} of {IMAGES} images; none stands out."
    search.refine({"creator": "odd"})
    answer = ask(search, VISITOR)
    assert answer.sentence == f"The nearest {answer.total} of {IMAGES // 2} images, by odd; none stands out."


def test_more_than_is_worth_counting_is_said_without_a_number(
    search: Search, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VECTOR_INDEX_FROM = 1
    for module in ("candidates", "answers"):
        monkeypatch.setattr(f"gallery.search.{module}.MOST_COUNTED", 120)
    assert " of more than 120 images; none stands out." in ask(search, VISITOR).sentence


@given(
    creator=st.sampled_from(["", "odd", "even"]),
    index_from=st.sampled_from([1, 300, 1_000_000]),
    page=st.sampled_from([7, 24, 40]),
)
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_going_on_shows_every_image_that_passes_the_filter_once(
    search: Search, settings: Any, creator: str, index_from: int, page: int
) -> None:
    settings.VECTOR_INDEX_FROM = index_from
    search.refine({"creator": creator} if creator else {})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gallery.search.answers.PAGE", page)
        seen = all_pages(search)
        assert len(ask(search, VISITOR).hits) == page
    passing = GalleryImage.objects.filter(creator=creator) if creator else GalleryImage.objects.all()
    assert sorted(seen) == sorted(passing.values_list("title", flat=True))


def test_going_on_asks_by_the_options_that_the_first_page_had(search: Search, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = 1
    search.refine({"creator": "odd"})
    answer = ask(search, VISITOR)
    search.refine({})
    seen = titles(answer)
    while answer.next_page:
        answer = next_page(search, VISITOR, answer.next_page, answer.kept)
        seen += titles(answer)
    assert sorted(seen) == sorted(GalleryImage.objects.filter(creator="odd").values_list("title", flat=True))


def test_a_page_that_is_asked_for_at_once_is_as_full_as_one_that_was_come_to(search: Search, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = 1
    assert len(ask(search, VISITOR, 5).hits) == 24
    assert ask(search, VISITOR, 400).hits == []


def test_copies_do_not_make_a_page_shorter(search: Search, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = 1
    nearest = ask(search, VISITOR)
    copies = [hit.image.pk for hit in nearest.hits] + [hit.image.pk for hit in ask(search, VISITOR, 2).hits]
    GalleryImage.objects.filter(pk__in=copies).update(perceptual_hash=7 << 24)
    hashes = np.random.default_rng(3).integers(0, 2**62, IMAGES)
    for image, value in zip(GalleryImage.objects.exclude(pk__in=copies), hashes.tolist(), strict=False):
        image.set_hash(value)
    answer = ask(search, VISITOR)
    assert len(answer.hits) == 24
    assert len(answer.hits[0].copies) == 47
    assert RegionVector.objects.count() == IMAGES * REGIONS
