"""Bulk tasks, what became of each file of an import, copies in the collection, and photos that people offer."""

from curating.models.bulk_tasks import BulkTask, BulkTaskQuerySet
from curating.models.duplicates import DuplicatePair, DuplicatePairQuerySet, Fingerprint, KnownCopy, not_compared
from curating.models.image_batches import IMAGES_A_BATCH, ImageBatch
from curating.models.import_items import ImportItem, ImportItemQuerySet
from curating.models.offers import Offer, OfferQuerySet

__all__ = [
    "IMAGES_A_BATCH",
    "BulkTask",
    "BulkTaskQuerySet",
    "DuplicatePair",
    "DuplicatePairQuerySet",
    "Fingerprint",
    "ImageBatch",
    "ImportItem",
    "ImportItemQuerySet",
    "KnownCopy",
    "Offer",
    "OfferQuerySet",
    "not_compared",
]
