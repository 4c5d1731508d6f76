"""Files from strangers, read in a child process: within the site's limits, in one of its slots for heavy work."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from typing import IO, TypeVar

from django.conf import settings

from selector.imaging import child
from selector.imaging.imagefile import Pixels, WorkingCopy, make_working_copy, read_pixels, upright_size
from selector.imaging.turns import Box
from selector.rendering.details import write_detail
from selector.rendering.matte import Alpha
from selector.rendering.original_size import write_portion
from selector.rendering.previews import Background
from superpixel_site.refusals import Busy
from superpixel_site.waiting import give_up_if_nobody_waits
from superpixel_site.work_slots import seconds_so_far, work_slot

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# An upload is answered within ten seconds, even if a decoder hangs. By default waiting for a slot, for seven seconds at
# most (WORK_PATIENCE_SECONDS), and reading share nine of them, of which reading has two at least.
CLOCK_SECONDS = 1.8  # for each of DECODE_SECONDS, which are of processor time
LEAST_CLOCK_SECONDS = 0.4
# A detail is cut by the worker, one at a time: nobody's click waits for it.
DETAIL_LIMITS = child.Limits(memory=500 * 2**20, seconds=60, clock_seconds=180.0)
# The portion in original size is no upload: all of 120 megapixels are decoded, composed and compressed.
TIMES_FOR_ORIGINAL_SIZE = 3
# Who has waited longer, in seconds, is told to come back rather than that the picture takes too much time.
LONG_WAIT = 1.0

# Formats that are read where their package is installed.
OPTIONAL = {"HEIC": "pillow_heif", "JPEG XL": "pillow_jxl"}

child.preload("selector.rendering.warmed")


def formats_not_read() -> list[str]:
    """The formats whose package is not installed."""
    return [name for name, package in OPTIONAL.items() if find_spec(package) is None]


def prepare() -> None:
    """Start the server of children, for which the first picture would wait otherwise."""
    if missing := formats_not_read():
        logger.info("Not read here: %s. The extra more-formats (make run FORMATS=1) does.", ", ".join(missing))
    try:
        child.in_child(os.getpid, limits=_limits())
    except child.ChildFailed as problem:
        logger.error("%s", problem)


def working_copy_of(data: bytes, quarter_turns: int = 0) -> WorkingCopy:
    """The working copy of a file, turned clockwise by quarters after EXIF.

    Raises
    ------
    InvalidImage
        With the sentence to show.
    Busy, NobodyWaits
    """
    return _read(partial(make_working_copy, data, quarter_turns=quarter_turns))


def pixels_of(data: bytes, long_side: int | None = None) -> Pixels:
    """The picture in a file, upright, at most so long; nothing of it is kept.

    Raises
    ------
    InvalidImage
        With the sentence to show.
    Busy, NobodyWaits
    """
    return _read(partial(read_pixels, data, long_side=long_side))


def portion_of(data: bytes, alpha: Alpha, *, background: Background, crop: bool, quarter_turns: int) -> IO[bytes]:
    """What is selected of a file in its own size, as a PNG in a file that is deleted when it is closed.

    Parameters are those of `selector.rendering.original_size.write_portion`.
    """
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".png", dir=settings.FILE_UPLOAD_TEMP_DIR))
        write = partial(write_portion, file.name, data, alpha, background=background, crop=crop)
        _read(partial(write, quarter_turns=quarter_turns), TIMES_FOR_ORIGINAL_SIZE)
        stack.pop_all()
    return file


def upright_size_of(data: bytes) -> tuple[int, int]:
    """Width and height of the picture in a file, upright by EXIF.

    Raises
    ------
    InvalidImage
        With the sentence to show.
    Busy, NobodyWaits
    """
    return _read(partial(upright_size, data))


def detail_of(data: bytes, box: Box, *, quarter_turns: int, stop: Callable[[], None]) -> bytes:
    """A part of the picture in a file as a file of its own, for the worker; `stop` may end it by an error.

    The other parameters are those of `selector.rendering.details.write_detail`.

    Raises
    ------
    InvalidImage
        With the sentence to show.
    ChildFailed
    """
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        write = partial(write_detail, file.name, data, box, quarter_turns=quarter_turns)
        child.in_child(partial(write, **limits_of_files()), limits=DETAIL_LIMITS, stop=stop)
        return file.read()


def _read(function: Callable[..., Result], times: int = 1) -> Result:
    """Call a function that reads a file, in a child and within the limits, so many times those of time."""
    function = partial(function, **limits_of_files())
    with work_slot():
        waited = seconds_so_far()
        try:
            return child.in_child(function, limits=_limits(waited, times), stop=give_up_if_nobody_waits)
        except child.OutOfTime as problem:
            if waited < LONG_WAIT:
                raise
            # It had less time than others: that says little about the picture.
            raise Busy from problem
        except child.ChildFailed as problem:
            # Rather not at all than without limits; where memory or processes are short, they may be back soon.
            logger.exception("A picture could not be read.")
            raise Busy from problem


def limits_of_files() -> dict[str, int]:
    """How large a file may be, as `selector.imaging.imagefile.make_working_copy` takes it."""
    return {
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "max_pixels": settings.MAX_UPLOAD_PIXELS,
        "max_large_pixels": settings.MAX_LARGE_PIXELS,
    }


def _limits(waited: float = 0.0, times: int = 1) -> child.Limits:
    """Those of a child whose work has waited so many seconds for its turn, with so many times the time."""
    seconds = times * settings.DECODE_SECONDS
    left = max(CLOCK_SECONDS * seconds - waited, LEAST_CLOCK_SECONDS * seconds)
    return child.Limits(settings.DECODE_MEMORY_BYTES, seconds, left)
