"""Regions nearest to a query vector in one space: exactly, or by the space's HNSW index."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Aggregate, BinaryField, BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Cast
from pgvector import HalfVector
from pgvector.django import CosineDistance, HalfVectorField

from gallery.descriptors.region_choice import COUNT
from gallery.index import hnsw
from gallery.models import DescriptorSpace, GalleryImage, RegionVector
from selector.arrays import Floats

Integers = npt.NDArray[np.int64]
Rows = list[tuple[int, int, float]]

# Regions of many images looked at in each space, nearest first: enough for a hundred different images.
NEAREST = 1000
# The same through an index, where the next region costs more: so many at a time, until enough belong to the images.
BY_INDEX = 400
ENOUGH = 100
# Looking further than this for enough takes longer than comparing the regions of all the images.
MOST_BY_INDEX = 2000

# PostgreSQL's parameters for searching an index.
INDEX_PARAMETERS = {
    "hnsw.iterative_scan": "strict_order",
    "hnsw.ef_search": str(BY_INDEX),
    # After the first lists of candidates the rest of what was seen on the way has to do: measured, twice as fast for
    # filters that pass a tenth, and as good for the first hundred.
    "hnsw.max_scan_tuples": "3000",
    # To sort is not to use the index.
    "enable_sort": "off",
    "jit": "off",
}
# Compiling a query takes longer than running it.
EXACT_PARAMETERS = {"jit": "off"}


class Distance(CosineDistance):  # type: ignore[misc]
    """Cosine distance as the driver brings it: to make floats of thousands of floats takes as long as fetching them."""

    @cached_property
    def convert_value(self) -> Any:
        return self._convert_value_noop


@dataclass(frozen=True)
class QueryVector:
    """What is asked in one space."""

    space: DescriptorSpace
    vector: Floats

    @property
    def distance(self) -> Distance:
        """Cosine distance, computed for every vector: written as no index has it, so that none is used."""
        return Distance(F("vector"), HalfVector(self.vector))

    @property
    def indexed_distance(self) -> Distance:
        """Cosine distance as the space's own index has it, or that would not be used."""
        typed = Cast("vector", HalfVectorField(dimensions=self.space.dimensions))
        return Distance(typed, HalfVector(self.vector))


@dataclass(frozen=True)
class Neighbours:
    """Regions near to a question, nearest first, by region where that is equal.

    Attributes
    ----------
    region_ids, image_ids : int64 (k,)
        Each region once, with the image it belongs to.
    distances : float64 (k,)
        Cosine distance.
    """

    region_ids: Integers
    image_ids: Integers
    distances: npt.NDArray[np.float64]

    @classmethod
    def of(cls, region_ids: npt.ArrayLike, image_ids: npt.ArrayLike, distances: npt.ArrayLike) -> Neighbours:
        """Put regions in their order."""
        found = np.asarray(region_ids, np.int64), np.asarray(image_ids, np.int64), np.asarray(distances, np.float64)
        order = np.lexsort((found[0], found[2]))
        return cls(*(column[order] for column in found))  # type: ignore[arg-type]

    @classmethod
    def of_rows(cls, rows: Rows) -> Neighbours:
        """Of region, image and distance."""
        return cls.of(*(zip(*rows, strict=True) if rows else ((), (), ())))

    def similarities(self, regions: Integers) -> npt.NDArray[np.float64]:
        """The cosine of each of these regions, which are sorted: float64 (r,), nan for those that are not near."""
        found = np.full(len(regions), np.nan)
        places = np.searchsorted(regions, self.region_ids)
        known = places < len(regions)
        known[known] = regions[places[known]] == self.region_ids[known]
        found[places[known]] = 1 - self.distances[known]
        return found


class EqualsAny(Func):
    """Whether a key is one of many: one parameter, where `__in` has one for each and takes longer than the query."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, name: str, keys: Iterable[int]) -> None:
        super().__init__(F(name), Value(list(keys)))


@dataclass(frozen=True)
class CandidateFilter:
    """The images a search may answer with; several questions among the same images count them once."""

    images: QuerySet[GalleryImage]

    @cached_property
    def few(self) -> list[int] | None:
        """Their keys, when they are so few that comparing all their regions is quicker than an index."""
        most = -(-settings.VECTOR_INDEX_FROM // (COUNT + 1))
        keys = list(self.images.order_by().values_list("pk", flat=True)[: most + 1])
        return keys if len(keys) <= most else None


class BinaryColumn(Aggregate):
    """The numbers of all rows as PostgreSQL sends them, one after the other.

    To make thousands of numbers in Python one by one takes as long as it takes to compare the vectors.
    """

    template = "string_agg(%(send)s(%(expressions)s), '')"
    output_field = BinaryField()

    def __init__(self, expression: Any, kind: str) -> None:
        super().__init__(expression, send=f"{kind}send")


class StoredVector(Func):
    """A vector as float32 (D,), read from what PostgreSQL sends: quicker than from text, as the driver does."""

    function = "halfvec_send"
    output_field = BinaryField()

    @cached_property
    def convert_value(self) -> Any:
        # Its length and 0 in 16 bits each, then its numbers in half precision.
        return lambda data, *_: np.frombuffer(data, ">f2", offset=4).astype(np.float32)


def nearest(
    question: QueryVector, images: QuerySet[GalleryImage] | CandidateFilter, limit: int = NEAREST
) -> Neighbours:
    """The regions nearest to a question.

    Of few images all regions. Of many, where the space has no index, the nearest `limit` regions: these answers are
    exact. Else the index answers, with `ENOUGH` regions or more; where these would be too far to look for, all are
    compared as well.
    """
    among = images if isinstance(images, CandidateFilter) else CandidateFilter(images)
    if among.few is not None:
        return all_of(question, among.few)
    if hnsw.is_built(question.space):
        found = index_scan(question, among.images)
        if found is not None:
            return found
    return exact_scan(question, among.images, limit)


def all_of(question: QueryVector, images: Sequence[int]) -> Neighbours:
    """All regions of few images."""
    columns = RegionVector.objects.filter(EqualsAny("image", images), space=question.space).aggregate(
        region_ids=BinaryColumn("region", "int8"),
        image_ids=BinaryColumn("image", "int8"),
        distances=BinaryColumn(question.distance, "float8"),
    )
    kinds = {"region_ids": ">i8", "image_ids": ">i8", "distances": ">f8"}
    return Neighbours.of(**{name: np.frombuffer(columns[name] or b"", kind) for name, kind in kinds.items()})


def exact_scan(question: QueryVector, images: QuerySet[GalleryImage], limit: int = NEAREST) -> Neighbours:
    """The nearest regions of many images, `limit` or all there are, by comparing all of them."""
    rows = (
        RegionVector.objects.filter(image__in=images, space=question.space)
        .annotate(distance=question.distance)
        .order_by("distance", "region")
        .values_list("region", "image", "distance")[:limit]
    )
    with parameters(EXACT_PARAMETERS):
        return Neighbours.of_rows(list(rows))


def index_scan(question: QueryVector, images: QuerySet[GalleryImage]) -> Neighbours | None:
    """`ENOUGH` regions or more, by the index of the space; None where that is not worth while.

    The images are looked up for the regions that come, and not joined: what a filter may be, the planner does not
    always see how few rows it has to look at.
    """
    found: Rows = []
    looked_at, number = 0, BY_INDEX
    # Closed before the transaction: it is a cursor of PostgreSQL, which goes on from list to list.
    with parameters(INDEX_PARAMETERS), closing(_one_by_one(rows_by_index(question))) as regions:
        while len(found) < ENOUGH and (near := list(islice(regions, number))):
            keys = {image for _, image, _ in near}
            passing = set(images.order_by().filter(EqualsAny("pk", keys)).values_list("pk", flat=True))
            found += [row for row in near if row[1] in passing]
            looked_at += len(near)
            if len(found) * MOST_BY_INDEX < ENOUGH * looked_at:
                return None
            # If the next ones pass as often, a few more than are needed.
            number = ceil(1.2 * (ENOUGH - len(found)) * looked_at / len(found))
    return Neighbours.of_rows(found) if len(found) >= ENOUGH else None


def rows_by_index(question: QueryVector) -> QuerySet[Any, Any]:
    """The nearest regions of all images, written so that the index answers it."""
    return (
        RegionVector.objects.filter(space=question.space)
        .annotate(distance=question.indexed_distance)
        .order_by("distance")
        .values_list("region", "image", "distance")[:MOST_BY_INDEX]
    )


def _one_by_one(rows: QuerySet[Any, Any]) -> Generator[tuple[int, int, float], None, None]:
    yield from rows.iterator(chunk_size=BY_INDEX)


@contextmanager
def parameters(values: Mapping[str, str]) -> Iterator[None]:
    """PostgreSQL's parameters for the queries of the block, which only reads."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            wanted = ", ".join(["set_config(%s, %s, true)"] * len(values))
            cursor.execute(f"SELECT {wanted}", [text for pair in values.items() for text in pair])
        try:
            yield
        finally:
            # Nothing was written, and the parameters must go even where there is a transaction around this one.
            transaction.set_rollback(True)
