"""How near just any region is to a query: the sample that scores are calibrated against."""

from __future__ import annotations

import numpy as np

from gallery.descriptors.pooling import unit
from gallery.models import DescriptorSpace, IndexedRegion, RegionVector
from gallery.search import scoring
from gallery.search.nearest import EqualsAny, Integers, Neighbours, QueryVector, StoredVector
from selector.arrays import Floats

# Regions that say how similar just anything is to the question.
SAMPLE = 1000


# The sample of each space as this process fetched it last: the keys of its regions, and their vectors.
_samples: dict[int, tuple[list[int], Floats]] = {}


def calibrated(question: QueryVector, regions: Integers, near: Neighbours) -> Floats:
    """How far the similarity of each region to a question is above that of just any region.

    The regions are sorted. Those that another space found are looked up; nan for one that has no vector in this space.
    """
    similarities = near.similarities(regions)
    if len(missing := regions[np.isnan(similarities)]):
        vectors = RegionVector.objects.filter(EqualsAny("region", missing.tolist()), space=question.space)
        rows = vectors.annotate(distance=question.distance).values_list("region", "image", "distance")
        similarities = np.fmax(similarities, Neighbours.of_rows(list(rows)).similarities(regions))
    return scoring.calibrate(similarities, sample_of(question.space) @ unit(question.vector))


def sample_of(space: DescriptorSpace) -> Floats:
    """The vectors of the regions with the lowest sample keys, float32 (at most `SAMPLE`, D), of unit length.

    Which these are is asked every time. Their vectors never change, so a process fetches them once for each sample;
    but not for good while a region is not described in the space yet.
    """
    keys = list(IndexedRegion.objects.order_by("sample_key", "pk").values_list("pk", flat=True)[:SAMPLE])
    known, vectors = _samples.get(space.pk, ([], np.zeros((0, space.dimensions), np.float32)))
    if known != keys:
        rows = RegionVector.objects.filter(EqualsAny("region", keys), space=space)
        stored = list(rows.values_list(StoredVector("vector"), flat=True))
        vectors = unit(np.array(stored, np.float32).reshape(len(stored), space.dimensions))
        if len(vectors) == len(keys):
            _samples[space.pk] = keys, vectors
    return vectors
