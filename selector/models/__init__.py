"""Photos, their label maps, and what people select on them."""

from selector.models.photos import (
    LabelMap,
    Owned,
    OwnedQuerySet,
    Photo,
    PhotoQuerySet,
    label_map_path,
    original_path,
    working_path,
)
from selector.models.selections import HISTORY_LENGTH, Selection, SelectionStep, SharedSelection

__all__ = [
    "HISTORY_LENGTH",
    "LabelMap",
    "Owned",
    "OwnedQuerySet",
    "Photo",
    "PhotoQuerySet",
    "Selection",
    "SelectionStep",
    "SharedSelection",
    "label_map_path",
    "original_path",
    "working_path",
]
