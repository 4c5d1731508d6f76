"""Where images are imported from: folders, ZIP archives, buckets. Each lists what it has, and reads a file by path."""

from curating.sources.archives import Archive
from curating.sources.buckets import Bucket
from curating.sources.common import CannotOpen, CannotRead, Found, LeftOut, Source
from curating.sources.folders import Folder

__all__ = ["Archive", "Bucket", "CannotOpen", "CannotRead", "Folder", "Found", "LeftOut", "Source"]
