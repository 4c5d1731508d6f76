"""From a gallery image to its indexed regions: the one way, for the job, the command and the admin alike."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, ParamSpec

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from gallery.descriptors.appearance import hellinger_vectors
from gallery.descriptors.region_choice import choose_regions
from gallery.index import cells, storing
from gallery.index.indexing_process import IndexingProcesses, ProcessDied, ProcessFailed
from gallery.index.kinds import describer_of
from gallery.index.perceptual_hash import perceptual_hash
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from selector.arrays import Floats, Labels
from selector.imaging.imagefile import InvalidImage
from selector.rendering.masks import MASK_SIDE, SAMPLES, mask_bits, sample_positions
from selector.segmentation.superpixels import area_share, superpixel_boxes
from selector.selection.tree import node_members
from selector.services.photos import working_copy

logger = logging.getLogger(__name__)

P = ParamSpec("P")
RegionMasks = npt.NDArray[np.bool_]
"""The superpixels of each of r regions: (r, n)."""


def bring_up_to_date(image_id: int, spaces: Sequence[DescriptorSpace], *, afresh: bool = False) -> None:
    """Do what an image lacks: index it, or only describe its regions in the spaces that are new.

    It can be stopped and repeated at any point: regions are replaced, or vectors added, in one transaction.

    Parameters
    ----------
    image_id : int
        Key of a gallery image; nothing is done when it has been deleted.
    spaces : sequence of DescriptorSpace
        The spaces to describe it in.
    afresh : bool, optional
        Index it again, whatever is there.

    Raises
    ------
    InvalidImage
        When its file cannot be decoded. Storage, database and models may raise other errors.
    """
    if described := described_or_completed(image_id, spaces, afresh=afresh):
        storing.replace_regions([described])


def described_or_completed(
    image_id: int, spaces: Sequence[DescriptorSpace], *, afresh: bool
) -> storing.Described | None:
    """Do what an image lacks, but for storing its regions where those are new: that is left to the caller."""
    image = GalleryImage.objects.select_related("photo").filter(pk=image_id).first()
    if image is None:
        return None
    cells.learn_projections(spaces)
    if afresh or image.status != GalleryImage.Status.INDEXED or not image.regions.exists():
        return describe(image, spaces)
    _complete(image, spaces)
    image.forget_failures()
    return None


def _complete(image: GalleryImage, spaces: Sequence[DescriptorSpace]) -> None:
    """Add what an indexed image lacks."""
    for space in lacking(image, spaces):
        add_space(image, space)
    if uncelled := cells.lacking(image, spaces):
        cells.add_cells(image, uncelled)
    if image.perceptual_hash is None:
        # Only to fold copies: an image that can be found stays so, also without its file.
        with suppress(OSError, ValueError):
            image.set_hash(perceptual_hash(working_copy(image.photo)))


def failure_of(
    image_id: int,
    spaces: Sequence[DescriptorSpace],
    *,
    afresh: bool = False,
    processes: IndexingProcesses | None = None,
) -> str:
    """Bring an image up to date. Returns an empty string, or why that failed, which is also noted on its row.

    With `processes` a child does it. An image on which it dies is tried again, up to JOB_ATTEMPTS times.

    Raises
    ------
    OperationalError, InterfaceError, ProcessFailed
        When the database is away, or no child can be started: no image is to blame.
    """
    run = processes.run if processes else _directly
    while True:
        try:
            run(bring_up_to_date, image_id, spaces, afresh=afresh)
        except (OperationalError, InterfaceError, ProcessFailed):
            raise
        except ProcessDied:
            if failed_too_often(image_id):
                return put_aside(image_id)
        except Exception as problem:
            sentence = sentence_about(problem)
            logger.debug("Gallery image %s", image_id, exc_info=True)
            give_up(image_id, sentence)
            return sentence
        else:
            return ""


def _directly(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    work(*args, **kwargs)


def give_up(image_id: int, sentence: str) -> None:
    """Note on an image why it cannot be indexed. It is tried again only on demand."""
    for image in GalleryImage.objects.filter(pk=image_id):
        image.mark_failed(sentence)
        # On demand it is tried as often as a new one.
        image.forget_failures()


def failed_too_often(image_id: int) -> bool:
    """Count one more failure of an image, and say whether it is not to be tried again."""
    image = GalleryImage.objects.filter(pk=image_id).first()
    if image is None:
        return True
    image.note_failure()
    return image.failures >= settings.JOB_ATTEMPTS


def put_aside(image_id: int) -> str:
    """Give up an image on which a process died, and return the sentence that says so."""
    after = f"{settings.JOB_ATTEMPTS} attempts" if settings.JOB_ATTEMPTS > 1 else "one attempt"
    sentence = f"It was put aside after {after}: indexing it ended the process that did it."
    logger.error("Gallery image %s: %s", image_id, sentence)
    give_up(image_id, sentence)
    return sentence


def sentence_about(problem: Exception) -> str:
    """An error as a sentence for the people who run the site."""
    if isinstance(problem, InvalidImage):
        return str(problem)
    if isinstance(problem, FileNotFoundError):
        return "Its file is missing from the storage."
    # What a database says further on holds values of the row.
    said = str(problem).partition("\n")[0]
    return f"It could not be indexed: {type(problem).__name__}{f' ({said})' if said else ''}."


def describe(image: GalleryImage, spaces: Sequence[DescriptorSpace]) -> storing.Described:
    """Choose the regions of an image and describe them; of these, nothing is stored yet."""
    photo = SegmentedPhoto.of(image.photo)
    nodes = choose_nodes(photo)
    members = members_of(photo, nodes)
    features = {space.pk: describer_of(space).extract_features(photo) for space in spaces}
    vectors = {space.pk: region_vectors(space, photo, members, features[space.pk]) for space in spaces}
    mapped = cells.packed_cells(photo, features, spaces)
    return storing.Described(
        image,
        region_rows(image, photo, nodes, members),
        vectors,
        perceptual_hash(photo.rgb),
        mapped,
        cells.packed_outlines(photo) if mapped else b"",
    )


def add_space(image: GalleryImage, space: DescriptorSpace) -> None:
    """Describe the indexed regions of an image in one more space."""
    rows = list(image.regions.select_related("label_map__photo").order_by("pk"))
    photo = SegmentedPhoto(rows[0].label_map)
    vectors = region_vectors(space, photo, members_of(photo, [row.node for row in rows]))
    with transaction.atomic():
        # Regions that were replaced meanwhile have been described by the process that replaced them.
        still_there = set(image.regions.select_for_update().values_list("pk", flat=True))
        # Another worker may have described them meanwhile.
        if still_there >= {row.pk for row in rows} and lacking(image, [space]):
            storing.add_vectors([(rows, {space.pk: vectors})])


def lacking(image: GalleryImage, spaces: Iterable[DescriptorSpace]) -> list[DescriptorSpace]:
    """The spaces, of those given, in which an image is not described."""
    described = set(RegionVector.objects.filter(image=image).values_list("space", flat=True).distinct())
    return [space for space in spaces if space.pk not in described]


def choose_nodes(photo: SegmentedPhoto) -> list[int]:
    """The nodes of a photo's merge tree to index: the root, and those that represent all others best.

    They are chosen by appearance, which every installation has: they do not depend on which models are there.
    """
    segmentation = photo.segmentation
    return choose_regions(
        segmentation.hierarchy.parents,
        photo.histogram_counts,
        segmentation.areas,
        vectors=hellinger_vectors,
    )


def members_of(photo: SegmentedPhoto, nodes: Sequence[int]) -> RegionMasks:
    """The superpixels under each of r nodes: bool (r, n)."""
    parents = photo.segmentation.hierarchy.parents
    return np.stack([node_members(parents, node) for node in nodes])


def region_vectors(
    space: DescriptorSpace, photo: SegmentedPhoto, members: RegionMasks, features: npt.NDArray[Any] | None = None
) -> Floats:
    """Describe regions of a photo in a space, from bool (r, n): unit vectors, float32 (r, D).

    Its features are extracted, unless they are given.
    """
    describer = describer_of(space)
    known = describer.extract_features(photo) if features is None else features
    return describer.region_vectors(describer.superpixel_features(known, photo), members, photo)


def region_rows(
    image: GalleryImage, photo: SegmentedPhoto, nodes: Sequence[int], members: RegionMasks
) -> list[IndexedRegion]:
    """Rows for regions, with all that is stored of each besides its vectors; they are not saved yet."""
    segmentation = photo.segmentation
    boxes = superpixel_boxes(segmentation.labels)
    sampled = _sampled(segmentation.labels)
    return [
        IndexedRegion(
            image=image,
            label_map=photo.label_map,
            node=node,
            area=area_share(inside, segmentation.areas),
            mask=mask_bits(sampled, inside),
            sample_key=sample_key_of(photo.label_map.working_sha256, node),
            **_box_around(boxes[inside]),
        )
        for node, inside in zip(nodes, members, strict=True)
    ]


def _box_around(boxes: npt.NDArray[np.int64]) -> dict[str, int]:
    """The smallest box around the boxes of superpixels (k, 4), as fields of a row."""
    ends = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
    return dict(zip(("left", "top", "right", "bottom"), map(int, ends), strict=True))


def _sampled(labels: Labels) -> Labels:
    """The pixels that `mask_bits` samples, taken once for all regions of an image."""
    rows, columns = (sample_positions(length, MASK_SIDE * SAMPLES) for length in labels.shape)
    sampled: Labels = labels[rows[:, None], columns]
    return sampled


def sample_key_of(working_sha256: str, node: int) -> int:
    """A pseudo-random number from 0 to 2**63 - 1 that depends only on the working copy and the node."""
    digest = hashlib.sha256(f"{working_sha256}:{node}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1
