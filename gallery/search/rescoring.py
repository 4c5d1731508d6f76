"""The second stage of a search: the first images of a ranking, scored anew by all their regions.

The inner products are computed by the database: the vectors themselves would be megabytes to bring here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from django.db.models import F, QuerySet
from pgvector import HalfVector
from pgvector.django import MaxInnerProduct

from gallery.descriptors.outline_tree import MAX_SHARE
from gallery.descriptors.pooling import unit
from gallery.index.kinds import kind_of
from gallery.models import DescriptorSpace, RegionVector
from gallery.search import scoring
from gallery.search.calibration import last_background_of
from gallery.search.expansion import Background, Question
from gallery.search.expressions import BinaryColumn, EqualsAny, StoredVector
from gallery.search.nearest import Integers, Neighbours, QueryVector
from selector.arrays import Floats

# Of a ranking, so many images are scored anew.
RESCORED = 200

# That of each space as this process used it last.
_backgrounds: dict[int, Background] = {}


@dataclass(frozen=True)
class Regions:
    """All regions of some images, in the order of their keys.

    Attributes
    ----------
    ids, images : int64 (r,)
    areas : float64 (r,)
        Shares of the image.
    """

    ids: Integers
    images: Integers
    areas: npt.NDArray[np.float64]

    def proper(self, scores: Floats, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The rows of some regions; where one is nearly the whole image, that of the best smaller one of its image.

        Parameters
        ----------
        scores : float32 (r,)
            Of all regions.
        rows : intp (k,)
        """
        smaller = np.flatnonzero(self.areas <= MAX_SHARE)
        images, best = scoring.best_regions(self.images[smaller], scores[smaller])
        instead = dict(zip(images.tolist(), smaller[best].tolist(), strict=True))
        return np.array(
            [
                row if self.areas[row] <= MAX_SHARE else instead.get(image, row)
                for row, image in zip(rows.tolist(), self.images[rows].tolist(), strict=True)
            ],
            np.intp,
        )

    def products(self, space: DescriptorSpace, vectors: Sequence[Floats]) -> list[npt.NDArray[np.float64]]:
        """The inner products of the regions with some vectors (D,) of a space: float64 (r,) each.

        nan for a region that is not described in the space.
        """
        rows = RegionVector.objects.filter(EqualsAny("image", np.unique(self.images).tolist()), space=space)
        asked = {f"product_{n}": MaxInnerProduct(F("vector"), HalfVector(vector)) for n, vector in enumerate(vectors)}
        columns = rows.aggregate(
            region_ids=BinaryColumn("region", "int8"),
            **{name: BinaryColumn(product, "float8") for name, product in asked.items()},
        )
        found = np.frombuffer(columns["region_ids"] or b"", ">i8")
        places = np.searchsorted(self.ids, found)
        known = places < len(self.ids)
        known[known] = self.ids[places[known]] == found[known]
        products = []
        for name in asked:
            product = np.full(len(self.ids), np.nan)
            # PostgreSQL has the negative one, since its operators sort upwards.
            product[places[known]] = -np.frombuffer(columns[name] or b"", ">f8")[known]
            products.append(product)
        return products


@dataclass(frozen=True)
class Rescored:
    """A query vector whose regions are scored anew.

    Attributes
    ----------
    query : QueryVector
    plain : float32 (r,)
        Calibrated scores of the regions by the cosine alone, as in the first stage.
    to_mean : float64 (r,)
        Inner products of the regions with the mean; empty where the space has no use for them.
    """

    query: QueryVector
    regions: Regions
    plain: Floats
    question: Question
    background: Background
    to_mean: npt.NDArray[np.float64]
    scores: Floats

    @classmethod
    def of(cls, query: QueryVector, regions: Regions, known: Neighbours) -> Rescored:
        """Score regions by a query vector: where its space has use for it, around the mean as well.

        What is near to the query is known from the first look; where that is all there is, its cosines are those of
        the regions.
        """
        background = _background_in(query.space)
        question = Question.of(query.vector, background)
        wanted = [] if known.are_all else [question.plain]
        if _is_expanded(query):
            wanted.append(background.mean)
        products = regions.products(query.space, wanted) if wanted else []
        cosines = known.similarities(regions.ids) if known.are_all else products[0]
        to_mean = products[-1] if _is_expanded(query) else np.zeros(0)
        plain = scoring.calibrate(cosines, background.vectors @ question.plain)
        if not _is_expanded(query):
            return cls(query, regions, plain, question, background, to_mean, plain)
        centred = question.products_around(cosines, to_mean, background)
        scores = question.scores(cosines, centred, to_mean, background)
        return cls(query, regions, plain, question, background, to_mean, scores)

    def toward(self, hits: Integers) -> Rescored:
        """The same for the question moved toward its first hits, the keys of regions."""
        if not _is_expanded(self.query):
            return self
        rows = RegionVector.objects.filter(EqualsAny("region", hits.tolist()), space=self.query.space)
        vectors = list(rows.order_by("region").values_list(StoredVector("vector"), flat=True))
        if not vectors:
            return self
        moved = self.question.toward(np.stack(vectors), self.background)
        if moved is self.question:
            return self
        products = self.regions.products(self.query.space, [moved.plain, moved.centred])
        scores = moved.scores(products[0], products[1], self.to_mean, self.background)
        return replace(self, question=moved, scores=scores)

    @property
    def is_around_the_mean(self) -> bool:
        """Whether the space has use for what regions are around the mean."""
        return bool(len(self.to_mean))

    def vectors_of(self, rows: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], Floats]:
        """The vectors of some regions (k,), float32 (at most k, D), and which of them these are."""
        vectors = dict(self._described(rows).values_list("region", StoredVector("vector")))
        known = [place for place, region in enumerate(self.regions.ids[rows].tolist()) if region in vectors]
        found = [vectors[region] for region in self.regions.ids[rows[known]].tolist()]
        return np.array(known, np.intp), unit(
            np.array(found, np.float32).reshape(len(found), self.query.space.dimensions)
        )

    def products_of(self, rows: npt.NDArray[np.intp], vector: Floats) -> npt.NDArray[np.float64]:
        """The inner products of some regions with a vector (D,): float64 (k,), nan where one is not described."""
        distance = MaxInnerProduct(F("vector"), HalfVector(vector))
        negative = dict(self._described(rows).annotate(product=distance).values_list("region", "product"))
        return np.array([-negative.get(region, np.nan) for region in self.regions.ids[rows].tolist()], np.float64)

    def _described(self, rows: npt.NDArray[np.intp]) -> QuerySet[RegionVector]:
        """The stored vectors of some regions."""
        chosen = EqualsAny("region", self.regions.ids[rows].tolist())
        return RegionVector.objects.filter(chosen, space=self.query.space)


def _background_in(space: DescriptorSpace) -> Background:
    """The background of a space; what follows from its vectors is computed once while these stay the same."""
    vectors, known = last_background_of(space), _backgrounds.get(space.pk)
    if known is None or known.vectors is not vectors:
        known = _backgrounds[space.pk] = Background(vectors)
    return known


def _is_expanded(query: QueryVector) -> bool:
    """Words lie elsewhere than regions: from the mean of these, all words are in about the same direction."""
    return kind_of(query.space).is_expanded and not query.is_of_words


def by_kind(rescored: Sequence[Rescored], *, plain: bool = False) -> dict[str, Floats]:
    """The scores of the regions by kind of space, (r,); several query vectors of one kind weigh alike."""
    scores: dict[str, list[Floats]] = {}
    for one in rescored:
        scores.setdefault(one.query.space.kind, []).append(one.plain if plain else one.scores)
    return {kind: scoring.mean_over_parts(several) for kind, several in scores.items()}
