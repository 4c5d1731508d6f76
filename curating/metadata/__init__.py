"""What a picture's file says of it: EXIF, IPTC and XMP, read in bounded time and memory; never where it was made."""

from curating.metadata.embedded import Embedded, read_embedded

__all__ = ["Embedded", "read_embedded"]
