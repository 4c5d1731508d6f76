"""Three lifetimes: the collection is kept, the index is derived from it, searches belong to one person."""

from gallery.models.clearing import Clearing
from gallery.models.collection import DemoCollection, GalleryImage, GalleryImageQuerySet
from gallery.models.index import (
    CellMap,
    CellProjection,
    DescriptorSpace,
    ImageKeypoints,
    IndexedRegion,
    Outlines,
    PhotoFeatures,
    RegionVector,
)
from gallery.models.pauses import IndexingPause
from gallery.models.searches import Feedback, KeptRanking, Search, SearchQuerySet

__all__ = [
    "CellMap",
    "CellProjection",
    "Clearing",
    "DemoCollection",
    "DescriptorSpace",
    "Feedback",
    "GalleryImage",
    "GalleryImageQuerySet",
    "ImageKeypoints",
    "IndexedRegion",
    "IndexingPause",
    "KeptRanking",
    "Outlines",
    "PhotoFeatures",
    "RegionVector",
    "Search",
    "SearchQuerySet",
]
