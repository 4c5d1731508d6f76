"""Photos, their label maps, what people select on them, and the people who have no account."""

from selector.models.details import Cut
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
from selector.models.visitors import FormerVisitor, Visitor

__all__ = [
    "HISTORY_LENGTH",
    "Cut",
    "FormerVisitor",
    "LabelMap",
    "Owned",
    "OwnedQuerySet",
    "Photo",
    "PhotoQuerySet",
    "Selection",
    "SelectionStep",
    "SharedSelection",
    "Visitor",
    "label_map_path",
    "original_path",
    "working_path",
]
