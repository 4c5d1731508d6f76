"""The worker looks after the indexes of vectors: builds where it pays, again where one has bloated, and cleans."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery import jobs
from gallery.index import hnsw, hnsw_states, spaces
from gallery.jobs import upkeep
from gallery.models import DescriptorSpace, RegionVector
from tests.gallery.discs import AddImage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def space(add_indexed: AddImage, settings: Any) -> DescriptorSpace:
    """A space with two images, for which an index pays."""
    for seed in range(2):
        add_indexed(seed=seed)
    settings.VECTOR_INDEX_FROM = 5
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    return spaces.ensure_spaces()[0][0]


def queued() -> list[str]:
    return list(ProcrastinateJob.objects.values_list("task_name", flat=True))


def indexes(space: DescriptorSpace) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE %s", [f"{hnsw.name_of(space)}%"])
        return {name for (name,) in cursor.fetchall()}


def leave_an_invalid_index(space: DescriptorSpace, ending: str = "") -> None:
    """As a process does that is killed while it builds one."""
    with connection.cursor() as cursor, pytest.raises(Exception, match="could not create unique index"):
        cursor.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {hnsw.name_of(space)}{ending} ON gallery_regionvector (space_id)"
        )


def test_the_worker_builds_an_index_where_it_pays_once(space: DescriptorSpace, settings: Any) -> None:
    settings.VECTOR_INDEX_FROM = 1000
    upkeep.Looks().look()
    assert queued() == []
    settings.VECTOR_INDEX_FROM = 5
    looks = upkeep.Looks()
    looks.look()
    upkeep.Looks().look()
    assert queued() == [upkeep.LOOK_AFTER_INDEXES]
    call_command("worker", "--once")
    assert hnsw.is_built(space) and queued() == []
    state = hnsw_states.states()[space.pk]
    assert state.is_built and not state.is_being_built and state.n_bytes == hnsw.size_of(space)
    assert state.as_built == {"vectors": space.vectors.count(), "bytes": state.n_bytes}
    upkeep.Looks().look()
    assert queued() == []


def test_what_a_killed_build_has_left_is_removed_and_built_again(space: DescriptorSpace) -> None:
    leave_an_invalid_index(space)
    upkeep.Looks().look()
    assert indexes(space) == set() and queued() == [upkeep.LOOK_AFTER_INDEXES]
    upkeep.look_after_indexes()
    assert indexes(space) == {hnsw.name_of(space)}
    leave_an_invalid_index(space, "_ccnew")
    hnsw.clean_all()
    assert indexes(space) == {hnsw.name_of(space)} and hnsw.is_built(space)


def test_nothing_is_removed_while_it_is_being_built(space: DescriptorSpace, other_session: Any) -> None:
    with other_session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [hnsw.LOCK, space.pk])
    leave_an_invalid_index(space)
    hnsw.clean_all()
    assert indexes(space) == {hnsw.name_of(space)}
    assert hnsw_states.states()[space.pk].is_being_built
    with pytest.raises(jobs.TryAgain):
        upkeep.look_after_indexes()


def test_an_index_that_has_bloated_is_built_again_while_the_old_one_answers(
    space: DescriptorSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hnsw.build(space)
    monkeypatch.setattr(hnsw, "LEAST_BLOATED_BYTES", 0)
    assert hnsw.bloated() == []
    keys = list(RegionVector.objects.order_by("pk").values_list("pk", flat=True))
    RegionVector.objects.filter(pk__in=keys[3:]).delete()
    assert hnsw.bloat(space) == pytest.approx(len(keys) / 3)
    assert hnsw.bloated() == [space]
    said: list[str] = []

    def listen(run: Any, statement: str, *rest: Any) -> Any:
        said.append(statement)
        return run(statement, *rest)

    with connection.execute_wrapper(listen):
        upkeep.Looks().look()
        upkeep.look_after_indexes()
    assert any(statement.startswith("REINDEX INDEX CONCURRENTLY") for statement in said)
    assert hnsw.is_built(space) and hnsw.bloated() == []
    assert hnsw_states.states()[space.pk].as_built["vectors"] == 3


def test_a_worker_that_is_told_to_stop_ends_its_build_and_leaves_nothing(
    space: DescriptorSpace, other_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hnsw, "SECONDS_BETWEEN_REPORTS", 0.01)
    # The build waits for a transaction that writes.
    other_session.ensure_connection()
    other_session.connection.autocommit = False
    other_session.connection.execute("UPDATE gallery_regionvector SET space_id = space_id WHERE false")
    with pytest.raises(hnsw.CannotBuild, match="canceling statement"):
        hnsw.build(space, lambda *_: hnsw.stop_building())
    other_session.connection.rollback()
    hnsw.clean_all()
    assert indexes(space) == set()
