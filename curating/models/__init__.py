"""Work on the collection that takes long, what became of each file of an import, and photos that people offer."""

from curating.models.bulk_tasks import BulkTask, BulkTaskQuerySet
from curating.models.import_items import ImportItem, ImportItemQuerySet
from curating.models.offers import Offer, OfferQuerySet

__all__ = ["BulkTask", "BulkTaskQuerySet", "ImportItem", "ImportItemQuerySet", "Offer", "OfferQuerySet"]
