"""How the indexes of vectors are: of all spaces by one query, for people to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import connection

from gallery.index.hnsw import BLOATED, LEAST_BLOATED_BYTES, LOCK
from gallery.models import DescriptorSpace

# The progress of a build is that of the session that holds its lock.
STATES = f"""
SELECT space.id, coalesce(pg_relation_size(class.oid), 0), coalesce(index.indisvalid, false),
    obj_description(class.oid, 'pg_class'), lock.pid IS NOT NULL, coalesce(progress.phase, ''), progress.tuples_done
FROM {DescriptorSpace._meta.db_table} AS space
LEFT JOIN pg_class AS class ON class.oid = to_regclass('gallery_vectors_of_space_' || space.id)
LEFT JOIN pg_index AS index ON index.indexrelid = class.oid
LEFT JOIN pg_locks AS lock ON lock.locktype = 'advisory' AND lock.granted AND lock.classid = {LOCK}
    AND lock.objid = space.id::oid
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LEFT JOIN pg_stat_progress_create_index AS progress ON progress.pid = lock.pid
ORDER BY space.id
"""  # nosec B608 # of our own constants


@dataclass(frozen=True)
class IndexState:
    """The index of a space.

    Attributes
    ----------
    space_id, n_bytes : int
    is_built : bool
        Whether searches use it.
    as_built : dict
        Its "vectors" and "bytes" when it was built; empty where nobody has noted that.
    is_being_built : bool
        For the first time, or again.
    phase : str
        Of PostgreSQL, while it is being built.
    n_done : int
        Vectors that are in it, while it is being built.
    """

    space_id: int
    n_bytes: int
    is_built: bool
    as_built: dict[str, int]
    is_being_built: bool
    phase: str
    n_done: int

    def bloat(self, n_vectors: int) -> float | None:
        """How many times the bytes of when it was built it spends on each of so many vectors; None if nobody knows."""
        if not (self.is_built and self.as_built and n_vectors):
            return None
        before = self.as_built["bytes"] / max(self.as_built["vectors"], 1)
        return self.n_bytes / n_vectors / before if before else None

    def has_bloated(self, n_vectors: int) -> bool:
        """Whether the worker will build it again."""
        return self.n_bytes >= LEAST_BLOATED_BYTES and (self.bloat(n_vectors) or 0.0) >= BLOATED


def states() -> dict[int, IndexState]:
    """The state of the index of each space, by the space's key."""
    with connection.cursor() as cursor:
        cursor.execute(STATES)
        rows = cursor.fetchall()
    return {
        key: IndexState(key, size, valid, json.loads(noted) if noted else {}, building, phase, done or 0)
        for key, size, valid, noted, building, phase, done in rows
    }
