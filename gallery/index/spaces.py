"""Which descriptor spaces images are described in, and which of them answer searches."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Exists, OuterRef, Q

from gallery.index import kinds
from gallery.index.describers import Kind, Notice, SpaceUnavailable
from gallery.models import DescriptorSpace, GalleryImage, RegionVector

logger = logging.getLogger(__name__)


def ensure_spaces() -> tuple[list[DescriptorSpace], list[str]]:
    """The spaces to describe images in, and a sentence for each kind of which there is none.

    For processes that index: it may load models, and it makes the rows of new spaces. Until all images are described
    in a new space, the old one of its kind answers; so images that come meanwhile are described in both.
    """
    configured: dict[Kind, DescriptorSpace] = {}
    notices: list[str] = []
    for kind in kinds.KINDS:
        try:
            configured[kind] = kind.ensure_space()
        except SpaceUnavailable as problem:
            notices.append(str(problem))
    spaces = list(configured.values())
    rows = _rows()
    for kind in configured:
        old = _answering_of(kind, rows)
        if old is not None and old not in spaces and _can_be_filled(kind, old):
            spaces.append(old)
    return spaces, notices


def _can_be_filled(kind: Kind, space: DescriptorSpace) -> bool:
    """Whether images can be described in an older space here and now."""
    try:
        kind.describer(space).load()
    except SpaceUnavailable:
        return False
    return True


def answering() -> tuple[list[DescriptorSpace], list[Notice]]:
    """The spaces that answer searches, one a kind, and notices about kinds of which there is none.

    A new space stands beside the old one of its kind, which answers until all images are described in the new. Where
    there is no old one, the new one answers from the first image on.
    """
    rows = _rows()
    spaces: list[DescriptorSpace] = []
    notices: list[Notice] = []
    for kind in kinds.KINDS:
        space = _answering_of(kind, rows)
        if space is not None:
            spaces.append(space)
        elif notice := kind.why_no_answer():
            notices.append(notice)
    return spaces, notices


def _rows() -> list[DescriptorSpace]:
    """The spaces with something to answer: those that are ready, and those with vectors. The newest first."""
    has_vectors = Exists(RegionVector.objects.filter(space=OuterRef("pk")))
    return list(DescriptorSpace.objects.filter(Q(is_ready=True) | has_vectors).order_by("-created", "-pk"))


def _answering_of(kind: Kind, rows: list[DescriptorSpace]) -> DescriptorSpace | None:
    """The space of a kind that answers: one that is ready before others, then the configured one, then the newest."""
    usable = [row for row in rows if row.kind == kind.name and _can_be_used(kind, row)]
    return max(usable, key=lambda row: (row.is_ready, kind.is_configured(row)), default=None)


def _can_be_used(kind: Kind, space: DescriptorSpace) -> bool:
    """Whether this installation has what a space needs. Loads nothing."""
    try:
        kind.describer(space)
    except SpaceUnavailable:
        return False
    return True


def mark_ready() -> None:
    """Let the spaces answer in which no image is left to be described, and no longer those that fell behind.

    A space that answers goes on, whatever it lacks: it is better than one that lacks more.
    """
    in_use = answering()[0]
    for space in DescriptorSpace.objects.all():
        if space.is_ready and space in in_use:
            continue
        is_ready = not GalleryImage.objects.lacking(space.pk).exists()
        if space.is_ready != is_ready:
            space.is_ready = is_ready
            space.save(update_fields=["is_ready"])


def preload() -> bool:
    """Load what searches need before the first one, in a thread of its own, whose connection is closed at the end.

    Failures are logged only: the first search says what is missing.

    Returns
    -------
    bool
        Whether that was all: a kind that may still get a space, when its model has come, has nothing to load yet.
    """
    # A second, whatever they are needed for.
    from gallery.descriptors import kernels  # noqa: F401

    is_all = True
    try:
        rows = _rows()
        for kind in kinds.KINDS:
            if (space := _answering_of(kind, rows)) is None:
                is_all = is_all and bool(kind.why_off())
                continue
            try:
                kind.preload(space)
            except SpaceUnavailable as problem:
                logger.info("%s", problem)
    except (OperationalError, InterfaceError):
        # The database is away; requests say so.
        is_all = False
    finally:
        connection.close()
    return is_all


def is_configured(space: DescriptorSpace) -> bool:
    """Whether a space is that of today's code and settings."""
    return any(kind.name == space.kind and kind.is_configured(space) for kind in kinds.KINDS)
