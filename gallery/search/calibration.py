"""How near any region is to a query vector: the background that scores are calibrated against."""

from __future__ import annotations

import numpy as np

from gallery.descriptors.pooling import unit
from gallery.models import DescriptorSpace, IndexedRegion, RegionVector
from gallery.search import scoring
from gallery.search.expressions import BinaryColumn, EqualsAny, StoredVector
from gallery.search.nearest import Integers, Neighbours, QueryVector
from selector.arrays import Floats

# Regions in the background of each space.
BACKGROUND = 1000


# The sample of each space as this process fetched it last: the keys of its regions, and their vectors.
_samples: dict[int, tuple[list[int], Floats]] = {}


def calibrated(query: QueryVector, regions: Integers, neighbours: Neighbours) -> Floats:
    """How far the similarity of each region to a query vector stands out from the background, float32 (r,).

    nan for a region that has no vector in the query's space. The unit is that of `scoring.calibrate`.

    Parameters
    ----------
    query : QueryVector
    regions : int64 (r,)
        Keys, sorted.
    neighbours : Neighbours
        What is known of the query already. The other regions are looked up: another space has found them.
    """
    similarities = neighbours.similarities(regions)
    if len(missing := regions[np.isnan(similarities)]):
        vectors = RegionVector.objects.filter(EqualsAny("region", missing.tolist()), space=query.space)
        rows = vectors.annotate(distance=query.distance).values_list("region", "image", "distance")
        similarities = np.fmax(similarities, Neighbours.of_rows(list(rows)).similarities(regions))
    return scoring.calibrate(similarities, background_of(query.space) @ unit(query.vector))


def background_of(space: DescriptorSpace) -> Floats:
    """The vectors of a random sample of regions, float32 (at most `BACKGROUND`, D), of unit length.

    The sample are the regions with the lowest sample keys; which these are is asked every time. Their vectors never
    change, so a process fetches them once for each sample. While a region of it is not described in the space yet,
    they are fetched every time.
    """
    sample = IndexedRegion.objects.order_by("sample_key", "pk").values("pk")[:BACKGROUND]
    keys = np.frombuffer(sample.aggregate(keys=BinaryColumn("pk", "int8"))["keys"] or b"", ">i8").tolist()
    known, vectors = _samples.get(space.pk, ([], np.zeros((0, space.dimensions), np.float32)))
    if known != keys:
        rows = RegionVector.objects.filter(EqualsAny("region", keys), space=space)
        stored = list(rows.values_list(StoredVector("vector"), flat=True))
        vectors = unit(np.array(stored, np.float32).reshape(len(stored), space.dimensions))
        if len(vectors) == len(keys):
            _samples[space.pk] = keys, vectors
        else:
            _samples.pop(space.pk, None)
    return vectors


def last_background_of(space: DescriptorSpace) -> Floats:
    """The same as this process had it last, for what follows right after: nothing is asked, unless it keeps none."""
    known = _samples.get(space.pk)
    return background_of(space) if known is None else known[1]
