"""One HNSW index a descriptor space, built when there are so many regions that it pays.

References
----------
Malkov, Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World
graphs", PAMI 2018.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection

from gallery.models import DescriptorSpace, RegionVector

Progress = Callable[[str, int, int], None]

# Of the graph: links of a node (m), and candidates for them when it is built (ef_construction).
LINKS = 16
CANDIDATES = 64
# Bytes of a node besides its vector, while the graph is built in memory.
NODE_BYTES = 800
LEAST_MEMORY_MB = 64
SECONDS_BETWEEN_REPORTS = 1.0
# The first half of the key of the lock that is held while an index is built; the second half is the space's key.
LOCK = 0x5650
# A graph in which so many times the bytes are spent on a vector that is there than when it was built has bloated: what
# is deleted leaves room that only new vectors fill. A small one is as fast either way.
BLOATED = 2.0
LEAST_BLOATED_BYTES = 64 * 2**20
# What REINDEX leaves behind where it was interrupted: an index under the name, and with these at its end.
LEFT_BEHIND = ("_ccnew", "_ccold")


class CannotBuild(Exception):
    """An index could not be built. The text is one sentence. Searches work without it."""


def name_of(space: DescriptorSpace) -> str:
    """The name of a space's index in PostgreSQL."""
    return f"gallery_vectors_of_space_{space.pk}"


def is_built(space: DescriptorSpace) -> bool:
    """Whether searches can use the index of a space."""
    return _validity(space) is True


def due() -> list[DescriptorSpace]:
    """The spaces that have no index and so many regions that one pays."""
    return [space for space in DescriptorSpace.objects.order_by("pk") if pays(space) and not is_built(space)]


def bloated() -> list[DescriptorSpace]:
    """The spaces whose index has become so much larger than its vectors that building it again pays."""
    return [space for space in DescriptorSpace.objects.order_by("pk") if is_built(space) and bloat(space) >= BLOATED]


def bloat(space: DescriptorSpace) -> float:
    """How many times the bytes of when it was built the index of a space spends on a vector; 1 where nobody knows."""
    size, built = size_of(space), _as_built(space)
    if not built or size < LEAST_BLOATED_BYTES:
        return 1.0
    return size / max(space.vectors.count(), 1) / (built["bytes"] / max(built["vectors"], 1))


def pays(space: DescriptorSpace) -> bool:
    """Whether a space has so many regions that an index is faster than comparing all."""
    least = settings.VECTOR_INDEX_FROM
    return space.vectors.order_by()[least - 1 : least].exists()


def build(space: DescriptorSpace, progress: Progress | None = None) -> None:
    """Build the index of a space while the site goes on reading and writing.

    An index that an interrupted build has left behind is removed first.

    Parameters
    ----------
    space : DescriptorSpace
    progress : callable, optional
        Called about once a second with PostgreSQL's name of the phase, the rows that are done, and their total.

    Raises
    ------
    CannotBuild
        When another process is building it, or with PostgreSQL's own reason.
    """
    _build(space, progress, again=False)


def rebuild(space: DescriptorSpace, progress: Progress | None = None) -> None:
    """Build the index of a space again; the old one answers until then. Parameters and errors are those of `build`."""
    _build(space, progress, again=True)


def _build(space: DescriptorSpace, progress: Progress | None, *, again: bool) -> None:
    if connection.in_atomic_block:
        raise RuntimeError("PostgreSQL builds an index beside other work outside transactions only.")
    with _locked(space):
        clean(space)
        if is_built(space) != again:
            return
        n = RegionVector.objects.filter(space=space).count()
        statement = f"REINDEX INDEX CONCURRENTLY {name_of(space)}" if again else _statement(space)
        try:
            with _session(memory_mb(n, space.dimensions)), _watched(n, progress), connection.cursor() as cursor:
                with _can_be_stopped():
                    cursor.execute(statement)
                _note_as_built(space, n)
        except DatabaseError as problem:
            # What is left is removed by the next round, or build: to do so now might wait for what was in the way.
            raise CannotBuild(f"The index of {space} could not be built: {str(problem).splitlines()[0]}.") from problem


def clean(space: DescriptorSpace) -> None:
    """Remove what an interrupted build has left behind; the caller holds the lock."""
    with connection.cursor() as cursor:
        for ending in LEFT_BEHIND:
            cursor.execute(f"DROP INDEX IF EXISTS {name_of(space)}{ending}")
    if _validity(space) is False:
        drop(space)


def clean_all() -> None:
    """Remove what interrupted builds have left behind, but for those that are under way."""
    for space in DescriptorSpace.objects.order_by("pk"):
        if _validity(space) is False or _is_anything_left(space):
            with suppress(CannotBuild), _locked(space):
                clean(space)


def _is_anything_left(space: DescriptorSpace) -> bool:
    names = [f"{name_of(space)}{ending}" for ending in LEFT_BEHIND]
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_class WHERE relname = ANY(%s)", [names])
        return cursor.fetchone() is not None


_building: set[psycopg.Connection[Any]] = set()


@contextmanager
def _can_be_stopped() -> Iterator[None]:
    building = connection.connection
    _building.add(building)
    try:
        yield
    finally:
        _building.discard(building)


def stop_building() -> None:
    """End the builds of this process, which are then `CannotBuild`; may be called from any thread."""
    for building in list(_building):
        with suppress(psycopg.Error):
            building.cancel_safe(timeout=1.0)


def _note_as_built(space: DescriptorSpace, n: int) -> None:
    """Note on the index itself how large it was when it was built: its comment comes and goes with it."""
    noted = json.dumps({"vectors": n, "bytes": size_of(space)})
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON INDEX {name_of(space)} IS %s", [noted])


def _as_built(space: DescriptorSpace) -> dict[str, int]:
    """What `_note_as_built` has noted; nothing of an index that was built before there were such notes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [name_of(space)])
        row = cursor.fetchone()
    noted: dict[str, int] = json.loads(row[0]) if row and row[0] else {}
    return noted


def drop(space: DescriptorSpace) -> None:
    """Remove the index of a space, if there is one, also one that is not complete."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {name_of(space)}")


def size_of(space: DescriptorSpace) -> int:
    """Bytes of the index; 0 if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(to_regclass(%s))", [name_of(space)])
        return cursor.fetchone()[0] or 0


def _validity(space: DescriptorSpace) -> bool | None:
    """Whether the index can be used; None if there is none. An interrupted build leaves one that cannot be used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name_of(space)])
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


def _statement(space: DescriptorSpace) -> str:
    """The SQL that builds an index. Its expression and condition are those of `QueryVector.indexed_distance`."""
    return (
        f"CREATE INDEX CONCURRENTLY {name_of(space)} ON {RegionVector._meta.db_table} "
        f"USING hnsw ((vector::halfvec({int(space.dimensions)})) halfvec_cosine_ops) "
        f"WITH (m = {LINKS}, ef_construction = {CANDIDATES}) WHERE space_id = {int(space.pk)}"
    )


def memory_mb(n: int, dimensions: int) -> int:
    """The memory for building an index of n regions, in MB: what the graph needs, or the limit by the settings.

    A graph that does not fit is built far more slowly.
    """
    needed = n * (2 * dimensions + NODE_BYTES) // 2**20 + LEAST_MEMORY_MB
    return int(min(needed, settings.VECTOR_INDEX_MEMORY_MB))


@contextmanager
def _locked(space: DescriptorSpace) -> Iterator[None]:
    """Hold the lock for building an index. Without it, one that is being built would be taken for one left behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, space.pk])
        if not cursor.fetchone()[0]:
            raise CannotBuild(f"The index of {space} is being built by another process.")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, space.pk])


@contextmanager
def _session(memory: int) -> Iterator[None]:
    """Set memory and workers for a build, on this connection, until the block ends."""
    parameters = {
        "maintenance_work_mem": f"{memory}MB",
        "max_parallel_maintenance_workers": str(os.cpu_count() or 1),
        # Else the server goes on for hours with what a killed process has asked it for.
        "client_connection_check_interval": "2s",
    }
    with connection.cursor() as cursor:
        for name, value in parameters.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                for name in parameters:
                    cursor.execute(f"RESET {name}")


@contextmanager
def _watched(n: int, progress: Progress | None) -> Iterator[None]:
    """Report the progress of the build on this connection while the block runs, from a thread with its own one."""
    if progress is None:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=[backend, n, progress, done], daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _watch(backend: int, n: int, progress: Progress, done: threading.Event) -> None:
    """Report the progress of the build by a backend process of PostgreSQL, until `done` is set."""
    query = "SELECT phase, tuples_done FROM pg_stat_progress_create_index WHERE pid = %s"
    try:
        while not done.wait(SECONDS_BETWEEN_REPORTS):
            with connection.cursor() as cursor:
                cursor.execute(query, [backend])
                row: Any = cursor.fetchone()
            if row is not None:
                progress(row[0], min(row[1], n), n)
    finally:
        connection.close()
