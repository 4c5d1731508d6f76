"""Work on the collection that takes long, what became of each file of an import, and copies in the collection."""

from curating.models.bulk_tasks import BulkTask, BulkTaskQuerySet
from curating.models.duplicates import DuplicatePair, DuplicatePairQuerySet, Fingerprint, KnownCopy, not_compared
from curating.models.import_items import ImportItem, ImportItemQuerySet

__all__ = [
    "BulkTask",
    "BulkTaskQuerySet",
    "DuplicatePair",
    "DuplicatePairQuerySet",
    "Fingerprint",
    "ImportItem",
    "ImportItemQuerySet",
    "KnownCopy",
    "not_compared",
]
