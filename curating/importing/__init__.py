"""Importing into the public collection: what to take is listed first, then each file is taken, in many turns."""

from curating.importing.opening import Wanted
from curating.importing.running import blame, run
from curating.importing.starting import start_from_upload, start_import

__all__ = ["Wanted", "blame", "run", "start_from_upload", "start_import"]
