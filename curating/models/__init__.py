"""Work on the collection that takes long, and what became of each file of an import."""

from curating.models.bulk_tasks import BulkTask, BulkTaskQuerySet
from curating.models.image_batches import IMAGES_A_BATCH, ImageBatch
from curating.models.import_items import ImportItem, ImportItemQuerySet

__all__ = ["IMAGES_A_BATCH", "BulkTask", "BulkTaskQuerySet", "ImageBatch", "ImportItem", "ImportItemQuerySet"]
