"""Nearest regions: exact among few, by an index among many, and the life of that index."""

from __future__ import annotations

import hashlib
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gallery.index import hnsw, spaces
from gallery.index.kinds import APPEARANCE
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, PhotoFeatures, RegionVector
from gallery.search.ask import ask
from gallery.search.candidates import Candidates
from gallery.search.nearest import (
    INDEX_PARAMETERS,
    Neighbours,
    QueryVector,
    Rows,
    exact_scan,
    index_scan,
    nearest,
    parameters,
    rows_by_index,
)
from selector.models import LabelMap, Photo
from selector.people import Person
from tests.gallery.discs import AddImage, SearchOf

IMAGES, REGIONS, DIMENSIONS = 60, 16, 32
Keys = list[int]


@pytest.fixture
def collection(transactional_db: None) -> DescriptorSpace:
    """Sixty images of sixteen regions each with random vectors; the first two are private."""
    space = DescriptorSpace.objects.create(
        kind=APPEARANCE.name, model=APPEARANCE.model, dimensions=DIMENSIONS, is_ready=True
    )
    photos = [Photo(name=f"{n}.jpg", is_public=n > 1, width=9, height=9, original_sha256=f"{n}") for n in range(IMAGES)]
    Photo.objects.bulk_create(photos)
    maps = [LabelMap(photo=photo, engine="none", n_superpixels=1, hierarchy=b"") for photo in photos]
    LabelMap.objects.bulk_create(maps)
    images = [GalleryImage(photo=photo, title=photo.name, status="indexed", perceptual_hash=0) for photo in photos]
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
    drawn = np.random.default_rng(1).standard_normal((len(regions), DIMENSIONS), np.float32)
    RegionVector.objects.bulk_create(
        RegionVector(region=region, image_id=region.image_id, space=space, vector=vector)
        for region, vector in zip(regions, drawn, strict=True)
    )
    return space


@pytest.fixture
def indexed(collection: DescriptorSpace) -> DescriptorSpace:
    hnsw.build(collection)
    return collection


def query_in(space: DescriptorSpace, seed: int = 2) -> QueryVector:
    return QueryVector(space, np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32))


def by_numpy(query: QueryVector, images: Any) -> Keys:
    """All regions of the images, nearest first, from the vectors as they are stored."""
    rows = RegionVector.objects.filter(space=query.space, image__in=images)
    keys = np.array(rows.order_by("pk").values_list("region", flat=True))
    stored = np.array(list(rows.order_by("pk").values_list("vector", flat=True)), np.float64)
    vector = query.vector.astype(np.float16).astype(np.float64)
    cosines = stored @ vector / np.linalg.norm(stored, axis=1) / np.linalg.norm(vector)
    nearest_first: Keys = keys[np.argsort(-cosines)].tolist()
    return nearest_first


def found(query: QueryVector, images: Any) -> Keys:
    regions: Keys = nearest(query, Candidates(images)).region_ids.tolist()
    return regions


@pytest.fixture
def index_only(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VECTOR_INDEX_FROM = 1
    for exact in ("exact_scan", "all_regions"):
        monkeypatch.setattr(f"gallery.search.nearest.{exact}", lambda *_: pytest.fail("All regions were compared."))


@pytest.fixture
def exact_only(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VECTOR_INDEX_FROM = 1_000_000
    monkeypatch.setattr("gallery.search.nearest.index_scan", lambda *_: pytest.fail("The index was asked."))


def test_among_few_images_all_regions_are_compared(indexed: DescriptorSpace, exact_only: None) -> None:
    query = query_in(indexed)
    assert found(query, GalleryImage.objects.all()) == by_numpy(query, GalleryImage.objects.all())


def test_among_many_images_the_index_answers(indexed: DescriptorSpace, index_only: None) -> None:
    for seed in range(5):
        query = query_in(indexed, seed)
        true = by_numpy(query, GalleryImage.objects.all())
        assert found(query, GalleryImage.objects.all())[:10] == true[:10]


def test_a_filter_that_passes_half_is_answered_by_the_index(indexed: DescriptorSpace, index_only: None) -> None:
    half = GalleryImage.objects.filter(pk__in=list(GalleryImage.objects.values_list("pk", flat=True))[::2])
    query, enough = query_in(indexed), IMAGES // 4
    near = nearest(query, Candidates(half), enough)
    assert near.region_ids.tolist()[:10] == by_numpy(query, half)[:10]
    assert len(set(near.image_ids.tolist())) >= enough


def test_of_few_images_no_region_is_missing_however_few_are_enough(
    collection: DescriptorSpace, exact_only: None
) -> None:
    near = nearest(query_in(collection), Candidates(GalleryImage.objects.all()), enough=1)
    assert len(near.region_ids) == IMAGES * REGIONS
    image_of = dict(IndexedRegion.objects.values_list("pk", "image"))
    assert near.image_ids.tolist() == [image_of[region] for region in near.region_ids.tolist()]
    assert (np.diff(near.distances) >= 0).all()


@pytest.mark.parametrize("near", [[], [(4, 1, 0.5), (9, 2, 0.25)], [(4, 1, 0.5), (12, 2, 0.25), (1, 3, 0.0)]])
def test_similarities_of_regions_that_are_not_near_are_unknown(near: Rows) -> None:
    regions = np.array([2, 4, 6, 9])
    distances = {region: distance for region, _, distance in near}
    expected = [1 - distances[region] if region in distances else np.nan for region in regions.tolist()]
    np.testing.assert_array_equal(Neighbours.of_rows(near).similarities(regions), expected)


@pytest.mark.parametrize("index_from", [1, 1_000_000])
def test_a_filter_that_passes_few_finds_all_there_are(indexed: DescriptorSpace, settings: Any, index_from: int) -> None:
    settings.VECTOR_INDEX_FROM = index_from
    few = GalleryImage.objects.filter(photo__name__in=["3.jpg", "40.jpg"])
    query = query_in(indexed)
    assert found(query, few) == by_numpy(query, few)
    assert len(found(query, few)) == 2 * REGIONS


def test_an_index_that_gives_up_does_not_end_the_search(
    indexed: DescriptorSpace, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VECTOR_INDEX_FROM = 1
    hasty = {"hnsw.ef_search": "1", "hnsw.iterative_scan": "off"}
    monkeypatch.setattr("gallery.search.nearest.INDEX_PARAMETERS", INDEX_PARAMETERS | hasty)
    query = query_in(indexed)
    assert index_scan(query, GalleryImage.objects.all()) is None
    assert found(query, GalleryImage.objects.all()) == by_numpy(query, GalleryImage.objects.all())


def test_without_an_index_many_images_are_compared_as_well(
    collection: DescriptorSpace, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VECTOR_INDEX_FROM = 1
    query = query_in(collection)
    true = by_numpy(query, GalleryImage.objects.all())
    assert found(query, GalleryImage.objects.all()) == true
    monkeypatch.setattr("gallery.search.nearest.NEAREST", 7)
    near = nearest(query, Candidates(GalleryImage.objects.all()), enough=1)
    assert (near.region_ids.tolist(), near.are_all) == (true[:7], False)


@given(
    every=st.integers(1, 12),
    index_from=st.sampled_from([1, 50, 200, 500, 1_000_000]),
    enough=st.integers(1, 2 * IMAGES),
    seed=st.integers(0, 50),
)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_filter_and_the_way_no_fewer_images_are_found_than_are_enough(
    indexed: DescriptorSpace, settings: Any, every: int, index_from: int, enough: int, seed: int
) -> None:
    settings.VECTOR_INDEX_FROM = index_from
    keys = list(GalleryImage.objects.order_by("pk").values_list("pk", flat=True))[::every]
    passing = GalleryImage.objects.filter(pk__in=keys)
    near = nearest(query_in(indexed, seed), Candidates(passing), enough)
    found_images = set(near.image_ids.tolist())
    assert found_images <= set(keys)
    assert len(found_images) >= min(enough, len(keys))
    true = by_numpy(query_in(indexed, seed), passing)
    # Of one image there may be fewer regions than ten.
    first = near.region_ids.tolist()[:10]
    assert first and first == true[: len(first)]
    if near.are_all:
        assert near.region_ids.tolist() == true


def test_images_that_take_all_first_places_leave_room_for_others(
    collection: DescriptorSpace, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VECTOR_INDEX_FROM = 1
    monkeypatch.setattr("gallery.search.nearest.NEAREST", 4)
    query = query_in(collection)
    first = GalleryImage.objects.order_by("pk").values("pk")[:1]
    RegionVector.objects.filter(image__in=first).update(vector=query.vector)
    for way in (
        exact_scan(query, GalleryImage.objects.all(), 5),
        nearest(query, Candidates(GalleryImage.objects.all()), 5),
    ):
        assert len(set(way.image_ids.tolist())) >= 5


def test_the_planner_uses_the_index_for_one_way_and_not_for_the_other(indexed: DescriptorSpace) -> None:
    query = query_in(indexed)
    with parameters(INDEX_PARAMETERS):
        plan = rows_by_index(query).explain()
    assert f"Index Scan using {hnsw.name_of(indexed)}" in plan
    exact = RegionVector.objects.filter(space=indexed).annotate(distance=query.distance).order_by("distance")
    with parameters(INDEX_PARAMETERS):
        assert hnsw.name_of(indexed) not in exact[:10].explain()


def test_each_way_keeps_private_images_from_strangers(indexed: DescriptorSpace, settings: Any) -> None:
    private = set(IndexedRegion.objects.filter(image__photo__is_public=False).values_list("pk", flat=True))
    assert len(private) == 2 * REGIONS
    for region in private:
        vector = np.array(RegionVector.objects.get(region=region).vector, np.float32)
        for settings.VECTOR_INDEX_FROM in (1, 1_000_000):
            near = found(QueryVector(indexed, vector), GalleryImage.objects.visible_to(Person()))
            assert near and not private & set(near)


def test_several_query_vectors_count_their_candidates_once(
    indexed: DescriptorSpace, django_assert_num_queries: Any
) -> None:
    candidates = Candidates(GalleryImage.objects.all())
    with django_assert_num_queries(3):
        nearest(query_in(indexed, 1), candidates)
        nearest(query_in(indexed, 2), candidates)


def test_a_search_leaves_the_parameters_as_they_were(indexed: DescriptorSpace, index_only: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        nearest(query_in(indexed), Candidates(GalleryImage.objects.all()))
        for name, value in {"enable_sort": "on", "hnsw.iterative_scan": "off"}.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,)


# The life of an index


def index_gallery() -> str:
    err = StringIO()
    call_command("index_gallery", stdout=StringIO(), stderr=err)
    return err.getvalue()


def test_index_gallery_builds_an_index_where_it_pays(collection: DescriptorSpace, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = IMAGES * REGIONS + 1
    index_gallery()
    assert not hnsw.is_built(collection)
    settings.VECTOR_INDEX_FROM = IMAGES * REGIONS
    index_gallery()
    assert hnsw.is_built(collection)
    assert hnsw.due() == []


def test_an_index_left_half_built_is_not_used_and_built_again(collection: DescriptorSpace, settings: Any) -> None:
    with connection.cursor() as cursor, pytest.raises(Exception, match="could not create unique index"):
        cursor.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {hnsw.name_of(collection)} ON gallery_regionvector (space_id)"
        )
    assert hnsw._validity(collection) is False
    assert found(query_in(collection), GalleryImage.objects.all())
    settings.VECTOR_INDEX_FROM = 1
    index_gallery()
    assert hnsw.is_built(collection)


def test_an_index_that_another_process_builds_is_left_to_it(
    collection: DescriptorSpace, settings: Any, other_session: BaseDatabaseWrapper
) -> None:
    settings.VECTOR_INDEX_FROM = 1
    with other_session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [hnsw.LOCK, collection.pk])
    assert f"The index of {collection} is being built by another process.\n" in index_gallery()
    assert not hnsw.is_built(collection)


def test_progress_is_told_while_an_index_is_built(
    collection: DescriptorSpace, other_session: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hnsw, "SECONDS_BETWEEN_REPORTS", 0.01)
    # The build waits for a transaction that writes, and this one ends when progress has been told.
    other_session.ensure_connection()
    writer = other_session.connection
    writer.autocommit = False
    writer.execute("UPDATE gallery_regionvector SET space_id = space_id WHERE false")
    told = []

    def tell(phase: str, done: int, total: int) -> None:
        told.append((phase, total))
        writer.rollback()

    hnsw.build(collection, tell)
    assert told[0] == ("waiting for writers before build", IMAGES * REGIONS)
    assert hnsw.is_built(collection)


def test_the_memory_of_a_build_is_what_it_needs_within_the_setting(settings: Any) -> None:
    settings.VECTOR_INDEX_MEMORY_MB = 2048
    assert hnsw.memory_mb(0, 512) == 64
    assert 1700 < hnsw.memory_mb(1_000_000, 512) < 2000
    assert hnsw.memory_mb(10_000_000, 512) == 2048


@pytest.mark.django_db(transaction=True)
def test_a_removed_space_leaves_nothing_behind(add_indexed: AddImage, search_of: SearchOf, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = 1
    image = add_indexed()
    index_gallery()
    alice = Person(visitor=image.photo.pk)
    ask(search_of(image.photo, alice), alice)
    space = DescriptorSpace.objects.get()
    assert hnsw.is_built(space) and PhotoFeatures.objects.filter(space=space).exists()

    out = StringIO()
    call_command("spaces", remove=space.pk, no_input=True, stdout=out)
    assert out.getvalue().startswith("Removed: appearance by histograms")
    assert not DescriptorSpace.objects.exists()
    assert not RegionVector.objects.exists() and not PhotoFeatures.objects.exists()
    assert hnsw.size_of(space) == 0
    assert image.regions.exists()


# The command


@pytest.mark.django_db
def test_spaces_are_listed_with_what_they_hold(add_indexed: AddImage) -> None:
    add_indexed()
    spaces.mark_ready()
    DescriptorSpace.objects.create(kind="meaning", model="new", dimensions=512)
    out = StringIO()
    call_command("spaces", stdout=out)
    first, second = out.getvalue().splitlines()
    assert f": answers; {RegionVector.objects.count()} vectors, no index" in first
    assert "meaning by new, 512 dimensions: not all images described yet; 0 vectors, no index" in second


@pytest.mark.django_db
@pytest.mark.parametrize(("reply", "stays"), [("y", False), ("", True), ("n", True)])
def test_a_space_is_removed_when_the_question_is_answered_with_yes(
    add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch, reply: str, stays: bool
) -> None:
    add_indexed()
    space = DescriptorSpace.objects.get()
    monkeypatch.setattr("builtins.input", lambda prompt: reply)
    out = StringIO()
    if stays:
        with pytest.raises(CommandError, match="Nothing was removed"):
            call_command("spaces", remove=space.pk, stdout=out)
    else:
        call_command("spaces", remove=space.pk, stdout=out)
    assert "Searches are answered from it." in out.getvalue()
    assert DescriptorSpace.objects.exists() == stays


@pytest.mark.django_db
def test_a_space_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(CommandError, match="There is no space 7"):
        call_command("spaces", remove=7)
