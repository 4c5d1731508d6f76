"""The admin of curators: the collection, and the tasks on it."""

from curating.admin.images import GalleryImageAdmin
from curating.admin.tasks import BulkTaskAdmin

__all__ = ["BulkTaskAdmin", "GalleryImageAdmin"]
