"""Work on the collection that takes long, and what became of each file of an import."""

from curating.models.bulk_tasks import BulkTask, BulkTaskQuerySet
from curating.models.import_items import ImportItem, ImportItemQuerySet

__all__ = ["BulkTask", "BulkTaskQuerySet", "ImportItem", "ImportItemQuerySet"]
