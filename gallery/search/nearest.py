"""Regions nearest to a query vector in one space: exactly, or by the space's HNSW index."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from math import ceil

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Cast
from pgvector import HalfVector
from pgvector.django import HalfVectorField

from gallery.descriptors.late_interaction import Clusters
from gallery.index import hnsw
from gallery.models import DescriptorSpace, GalleryImage, RegionVector
from gallery.search.candidates import Candidates
from gallery.search.expressions import BinaryColumn, Distance, EqualsAny
from selector.arrays import Floats

Integers = npt.NDArray[np.int64]
Rows = list[tuple[int, int, float]]

# Of many candidates, so many images are found in each space, or all if there are fewer.
ENOUGH = 50
# For those, so many regions are looked at first, nearest first, where all have been compared.
NEAREST = 1000
# The same through an index, where the next region costs more: so many at a time, until enough images are found.
BY_INDEX = 400
# Looking at more regions than this for each image takes longer than comparing those of all candidates.
MOST_FOR_AN_IMAGE = 40
# So does looking for more images than this, further and further from where the index is quick.
MOST_BY_INDEX = 32 * ENOUGH

# PostgreSQL's parameters for searching an index.
INDEX_PARAMETERS = {
    "hnsw.iterative_scan": "strict_order",
    "hnsw.ef_search": str(BY_INDEX),
    # After its first lists the index goes on with what it has seen on the way. Measured: twice as fast for filters
    # that pass a tenth, and as good for the first hundred. More images need more (`parameters_for`).
    "hnsw.max_scan_tuples": "3000",
    # To sort is not to use the index.
    "enable_sort": "off",
    "jit": "off",
}
# Compiling a statement takes longer than running it.
EXACT_PARAMETERS = {"jit": "off"}


@dataclass(frozen=True)
class QueryVector:
    """A query in one space.

    Attributes
    ----------
    space : DescriptorSpace
    vector : float32 (D,)
    is_of_words : bool
        Whether it describes words, and no region.
    alone : float32 (D,), optional
        The selection without what is around it, to be compared with cells; by default `vector` is.
    cells : callable, optional
        Gives the cells that the selection covers, projected, float32 (c, d), and their places on the grid, (c,), if
        there are any; None where the selection is too large to be told by them.
    clusters : Clusters, optional
        Its cells, to be looked for in those of the first images.
    """

    space: DescriptorSpace
    vector: Floats
    is_of_words: bool = False
    alone: Floats | None = None
    cells: Callable[[], tuple[Floats, npt.NDArray[np.intp]] | None] | None = None
    clusters: Clusters | None = None

    @property
    def distance(self) -> Distance:
        """Cosine distance, computed for every vector: written as no index has it, so that none is used."""
        return Distance(F("vector"), HalfVector(self.vector))

    @property
    def indexed_distance(self) -> Distance:
        """Cosine distance, written as the space's own index has it: else it would not be used."""
        typed = Cast("vector", HalfVectorField(dimensions=self.space.dimensions))
        return Distance(typed, HalfVector(self.vector))


@dataclass(frozen=True)
class Neighbours:
    """The regions nearest to a query vector, nearest first; equally near ones by their keys.

    Attributes
    ----------
    region_ids, image_ids : int64 (k,)
        Each region once, with the image it belongs to.
    distances : float64 (k,)
        Cosine distance.
    are_all : bool
        Whether no candidate has other regions in the space.
    """

    region_ids: Integers
    image_ids: Integers
    distances: npt.NDArray[np.float64]
    are_all: bool = False

    @classmethod
    def of(
        cls, region_ids: npt.ArrayLike, image_ids: npt.ArrayLike, distances: npt.ArrayLike, *, are_all: bool = False
    ) -> Neighbours:
        """Neighbours from columns (k,) in any order."""
        regions, images = np.asarray(region_ids, np.int64), np.asarray(image_ids, np.int64)
        lengths = np.asarray(distances, np.float64)
        order = np.lexsort((regions, lengths))
        return cls(regions[order], images[order], lengths[order], are_all)

    @classmethod
    def of_rows(cls, rows: Rows, *, are_all: bool = False) -> Neighbours:
        """Neighbours from rows of region, image and distance, in any order."""
        return cls.of(*(zip(*rows, strict=True) if rows else ((), (), ())), are_all=are_all)

    def similarities(self, regions: Integers) -> npt.NDArray[np.float64]:
        """The cosine of each of some regions, float64 (r,); nan for regions that are not among the neighbours.

        Parameters
        ----------
        regions : int64 (r,)
            Keys, sorted.
        """
        cosines = np.full(len(regions), np.nan)
        places = np.searchsorted(regions, self.region_ids)
        known = places < len(regions)
        known[known] = regions[places[known]] == self.region_ids[known]
        cosines[places[known]] = 1 - self.distances[known]
        return cosines


def nearest(query: QueryVector, candidates: Candidates, enough: int = ENOUGH) -> Neighbours:
    """The regions of the candidates that are nearest to a query vector.

    Of few candidates all regions. Of many, those nearest ones that belong to `enough` images or more; to all, if there
    are fewer. Where the space has an index, that answers; without one, and where it would have to look too far, all
    regions are compared.
    """
    if candidates.few is not None:
        return all_regions(query, candidates.few)
    if enough <= MOST_BY_INDEX and hnsw.is_built(query.space):
        neighbours = index_scan(query, candidates.images, enough)
        if neighbours is not None:
            return neighbours
    return exact_scan(query, candidates.images, enough)


def all_regions(query: QueryVector, image_ids: Sequence[int]) -> Neighbours:
    """All regions of few images."""
    columns = RegionVector.objects.filter(EqualsAny("image", image_ids), space=query.space).aggregate(
        region_ids=BinaryColumn("region", "int8"),
        image_ids=BinaryColumn("image", "int8"),
        distances=BinaryColumn(query.distance, "float8"),
    )
    kinds = {"region_ids": ">i8", "image_ids": ">i8", "distances": ">f8"}
    found = {name: np.frombuffer(columns[name] or b"", kind) for name, kind in kinds.items()}
    return Neighbours.of(**found, are_all=True)


def exact_scan(query: QueryVector, images: QuerySet[GalleryImage], enough: int = ENOUGH) -> Neighbours:
    """The nearest regions of many images, by comparing all of them: of `enough` images, or of all."""
    ordered = (
        RegionVector.objects.filter(image__in=images, space=query.space)
        .annotate(distance=query.distance)
        .order_by("distance", "region")
        .values_list("region", "image", "distance")
    )
    limit = max(NEAREST, 2 * enough)
    with parameters(EXACT_PARAMETERS):
        # Images that look the same all over take many of the first places: then more of these are fetched.
        while len(rows := list(ordered[:limit])) == limit and len({image for _, image, _ in rows}) < enough:
            limit *= 4
    return Neighbours.of_rows(rows, are_all=len(rows) < limit)


def index_scan(query: QueryVector, images: QuerySet[GalleryImage], enough: int = ENOUGH) -> Neighbours | None:
    """The nearest regions of `enough` of many images, or more, by the index of the space; None where that is too slow.

    The images are looked up for the regions that come, and not joined: the planner misjudges how few rows of a filter
    it has to look at.
    """
    passed: Rows = []
    found: set[int] = set()
    looked_at, number = 0, BY_INDEX
    # The cursor is closed before the transaction: it is one of PostgreSQL, which goes on from list to list.
    with parameters(parameters_for(enough)), closing(_one_by_one(rows_by_index(query, enough))) as regions:
        while len(found) < enough and (rows := list(islice(regions, number))):
            keys = {image for _, image, _ in rows}
            passing = set(images.order_by().filter(EqualsAny("pk", keys)).values_list("pk", flat=True))
            passed += [row for row in rows if row[1] in passing]
            found |= passing
            looked_at += len(rows)
            if len(found) * MOST_FOR_AN_IMAGE < looked_at:
                return None
            # If the next ones pass as often, a few more than are needed.
            number = ceil(1.2 * (enough - len(found)) * looked_at / len(found))
    return Neighbours.of_rows(passed) if len(found) >= enough else None


def parameters_for(enough: int) -> dict[str, str]:
    """PostgreSQL's parameters for finding so many images through an index."""
    tuples = int(INDEX_PARAMETERS["hnsw.max_scan_tuples"]) * max(1, enough // ENOUGH)
    return INDEX_PARAMETERS | {"hnsw.max_scan_tuples": str(tuples)}


def rows_by_index(query: QueryVector, enough: int = ENOUGH) -> QuerySet[RegionVector, tuple[int, int, float]]:
    """The nearest regions of all images (region, image, distance), written so that the index answers."""
    return (
        RegionVector.objects.filter(space=query.space)
        .annotate(distance=query.indexed_distance)
        .order_by("distance")
        .values_list("region", "image", "distance")[: MOST_FOR_AN_IMAGE * enough]
    )


def _one_by_one(
    rows: QuerySet[RegionVector, tuple[int, int, float]],
) -> Generator[tuple[int, int, float], None, None]:
    yield from rows.iterator(chunk_size=BY_INDEX)


def union_of(neighbours: Sequence[Neighbours]) -> tuple[Integers, Integers]:
    """The regions that are near to any query vector, sorted, and the image of each: int64 (r,).

    They are sorted so that equal scores come in the same order every time.
    """
    regions, first = np.unique(np.concatenate([one.region_ids for one in neighbours]), return_index=True)
    return regions, np.concatenate([one.image_ids for one in neighbours])[first]


@contextmanager
def parameters(values: Mapping[str, str]) -> Iterator[None]:
    """Set parameters of PostgreSQL for the block, which must only read."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            wanted = ", ".join(["set_config(%s, %s, true)"] * len(values))
            cursor.execute(f"SELECT {wanted}", [text for pair in values.items() for text in pair])
        try:
            yield
        finally:
            # Nothing was written, and the parameters must go even where there is a transaction around this one.
            transaction.set_rollback(True)
