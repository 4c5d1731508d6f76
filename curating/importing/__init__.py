"""Importing into the public collection: what to take is listed first, then each file is taken, in many turns."""

from curating.importing.dropping import announce, end_dropping, start_dropping, take_dropped
from curating.importing.opening import Wanted
from curating.importing.running import blame, run
from curating.importing.starting import start_from_upload, start_import

__all__ = [
    "Wanted",
    "announce",
    "blame",
    "end_dropping",
    "run",
    "start_dropping",
    "start_from_upload",
    "start_import",
    "take_dropped",
]
