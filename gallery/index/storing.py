"""What indexing has found, into the database: the regions and vectors of many images by one COPY each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import connection, models, transaction
from pgvector import HalfVector
from psycopg import sql

from gallery.models import CellMap, DescriptorSpace, GalleryImage, IndexedRegion, Outlines, RegionVector
from selector.arrays import Floats


@dataclass(frozen=True)
class Described:
    """An image as it is to be stored.

    Attributes
    ----------
    image : GalleryImage
    rows : sequence of r IndexedRegion
        Not saved yet.
    vectors : mapping of int to float32 ndarray, shape (r, D)
        By the key of the space.
    hash : int
        From `perceptual_hash`.
    cells : mapping of int to bytes
        From `cells.packed_cells`.
    outlines : bytes
        From `cells.packed_outlines`; empty where there are no cells.
    """

    image: GalleryImage
    rows: Sequence[IndexedRegion]
    vectors: Mapping[int, Floats]
    hash: int
    cells: Mapping[int, bytes] = field(default_factory=dict)
    outlines: bytes = b""


def replace_regions(described: Sequence[Described]) -> None:
    """Store regions, vectors and hashes of images, in place of those that were there, and mark them as indexed.

    All of them in one transaction. Images that have been deleted meanwhile are left out.
    """
    with transaction.atomic():
        # Locked, so that two at once come one after the other, and in order, so that none waits for one that waits.
        keys = [one.image.pk for one in described]
        locked = GalleryImage.objects.select_for_update().filter(pk__in=keys).order_by("pk")
        there = set(locked.values_list("pk", flat=True))
        found = [one for one in described if one.image.pk in there]
        IndexedRegion.objects.filter(image__in=there).delete()
        CellMap.objects.filter(image__in=there).delete()
        Outlines.objects.filter(image__in=there).delete()
        _insert(found)
        for one in found:
            one.image.settle_as_indexed(one.hash)
        GalleryImage.objects.bulk_update([one.image for one in found], GalleryImage.SETTLED)


def _insert(described: Sequence[Described]) -> None:
    rows = [row for one in described for row in one.rows]
    _take_keys(rows)
    _copy(rows)
    add_vectors([(one.rows, one.vectors) for one in described])
    for one in described:
        add_cells(one.image, one.cells, one.outlines)


def add_vectors(described: Sequence[tuple[Sequence[IndexedRegion], Mapping[int, Floats]]]) -> None:
    """Store one vector a region and space, of regions that have none there. Spaces that are gone are left out.

    Parameters
    ----------
    described : sequence of pairs
        The regions of an image, and their vectors, float32 (r, D), by the key of the space.
    """
    wanted = {space for _, vectors in described for space in vectors}
    there = set(DescriptorSpace.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    found = [
        RegionVector(region=row, image_id=row.image_id, space_id=space, vector=vector)
        for rows, vectors in described
        for space, of_rows in vectors.items()
        if space in there
        for row, vector in zip(rows, of_rows, strict=True)
    ]
    _take_keys(found)
    _copy(found)


def add_cells(image: GalleryImage, cells: Mapping[int, bytes], outlines: bytes) -> None:
    """Store the maps of cells of an image in spaces in which it has none. Spaces that are gone are left out."""
    if not cells:
        return
    there = DescriptorSpace.objects.filter(pk__in=cells).values_list("pk", flat=True)
    rows = [CellMap(image=image, space_id=space, data=cells[space]) for space in there]
    CellMap.objects.bulk_create(rows, ignore_conflicts=True)
    Outlines.objects.bulk_create([Outlines(image=image, data=outlines)], ignore_conflicts=True)


def _take_keys(rows: Sequence[models.Model]) -> None:
    """Give new rows their primary keys: COPY does not tell those that it makes."""
    if not rows:
        return
    table = rows[0]._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(rows)]
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key


def _copy(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, in the form in which PostgreSQL sends numbers: as text, vectors cost the most."""
    if not rows:
        return
    fields = rows[0]._meta.concrete_fields
    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(rows[0]._meta.db_table), columns
    )
    types = [_type_of(field) for field in fields]
    values = [_value_of(field) for field in fields]
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row([value(row) for value in values])


def _type_of(field: models.Field[Any, Any]) -> str:
    """The type that a field's values are sent as. Those of pgvector are bytes to psycopg, which does not know it."""
    name = field.db_type(connection)
    return "bytea" if name is None or name.startswith("halfvec") else name.partition(" GENERATED")[0]


def _value_of(field: models.Field[Any, Any]) -> Callable[[models.Model], object]:
    """What a field of a row is sent as: decided once, since there are many rows."""
    value = attrgetter(field.attname)
    return (lambda row: HalfVector(value(row)).to_binary()) if field.db_type(connection) == "halfvec" else value
