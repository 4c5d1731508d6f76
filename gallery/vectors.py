"""The vectors of indexed regions: which are nearest to a question, and how near just any is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Cast
from pgvector import HalfVector
from pgvector.django import CosineDistance, HalfVectorField

from gallery import ranking
from gallery.models import DescriptorSpace, GalleryImage, RegionVector
from gallery.spaces import Floats

# Regions looked at in each space, nearest first: enough for a hundred different images.
NEAREST = 1000
# Regions that say how similar just anything is to the question.
SAMPLE = 1000


@dataclass(frozen=True)
class Question:
    """What is asked in one space."""

    space: DescriptorSpace
    vector: Floats

    @property
    def distance(self) -> CosineDistance:
        """Cosine distance as the space's own index would compute it."""
        typed = Cast("vector", HalfVectorField(dimensions=self.space.dimensions))
        return CosineDistance(typed, HalfVector(self.vector))


class AnyOf(Func):
    """Whether a key is one of many: one parameter, where `__in` has one for each and takes longer than the query."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, name: str, keys: Iterable[int]) -> None:
        super().__init__(F(name), Value(list(keys)))


def nearest(question: Question, images: QuerySet[GalleryImage]) -> list[tuple[int, int, float]]:
    """The regions nearest to a question: region, image, cosine distance."""
    return list(
        RegionVector.objects.filter(space=question.space, region__image__in=images)
        .annotate(distance=question.distance)
        .order_by("distance", "region")
        .values_list("region", "region__image", "distance")[:NEAREST]
    )


def calibrated(question: Question, regions: npt.NDArray[np.int64], known: dict[int, float]) -> Floats:
    """How far the similarity of each region to a question is above that of just any region.

    Regions that another space found are looked up; one that has no vector in this space is taken for average.
    """
    distances = RegionVector.objects.filter(space=question.space).annotate(distance=question.distance)
    missing = [region for region in regions.tolist() if region not in known]
    if missing:
        known = known | {
            region: 1 - distance
            for region, distance in distances.filter(AnyOf("region", missing)).values_list("region", "distance")
        }
    sample = distances.order_by("region__lot").values_list("distance", flat=True)[:SAMPLE]
    background = 1 - np.array(sample, np.float32)
    scores = ranking.calibrate(np.array([known.get(region, np.nan) for region in regions.tolist()]), background)
    return np.nan_to_num(scores, nan=0.0)
