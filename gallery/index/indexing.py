"""From a gallery image to its indexed regions: the one way, for the job, the command and the admin alike."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
from django.db import transaction

from gallery.descriptors import appearance
from gallery.descriptors.region_choice import choose_regions
from gallery.index.describers import SegmentedPhoto, describer_of
from gallery.index.perceptual_hash import perceptual_hash
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from selector.arrays import Floats, Labels, Members
from selector.imaging.imagefile import InvalidImage
from selector.rendering.masks import MASK_SIDE, SAMPLES, mask_bits
from selector.segmentation.superpixels import area_share
from selector.selection.tree import node_members
from selector.services.label_maps import get_or_compute
from selector.services.photos import working_copy

logger = logging.getLogger(__name__)


def update(image_id: int, spaces: Sequence[DescriptorSpace], *, afresh: bool = False) -> None:
    """Bring an image's index up to date: all of it, or its vectors in the spaces it is not described in yet.

    It can be stopped and repeated at any point: regions are replaced, or vectors added, in one transaction.
    """
    image = GalleryImage.objects.select_related("photo").filter(pk=image_id).first()
    if image is None:
        return
    if afresh or image.status != GalleryImage.Status.INDEXED or not image.regions.exists():
        index(image, spaces)
        return
    for space in lacking(image, spaces):
        add_space(image, space)
    if image.perceptual_hash is None:
        # Only to fold copies: an image that can be found stays so, whatever has become of its file.
        with suppress(OSError, ValueError):
            image.set_hash(perceptual_hash(working_copy(image.photo)))


def failure_of(image_id: int, spaces: Sequence[DescriptorSpace], *, afresh: bool = False) -> str:
    """Update an image; when that fails, note why on its row and return the sentence. Empty when it worked."""
    try:
        update(image_id, spaces, afresh=afresh)
    except Exception as problem:
        sentence = sentence_about(problem)
        logger.debug("Gallery image %s", image_id, exc_info=True)
        give_up(image_id, sentence)
        return sentence
    return ""


def give_up(image_id: int, sentence: str) -> None:
    """Put an image aside until somebody asks for it again."""
    for image in GalleryImage.objects.filter(pk=image_id):
        image.mark_failed(sentence)


def sentence_about(problem: Exception) -> str:
    """What to tell the person who looks after the collection."""
    if isinstance(problem, InvalidImage):
        return str(problem)
    if isinstance(problem, FileNotFoundError):
        return "Its file is missing from the storage."
    return f"It could not be indexed: {type(problem).__name__}{f' ({problem})' if str(problem) else ''}."


def index(image: GalleryImage, spaces: Sequence[DescriptorSpace]) -> None:
    """Choose the regions of an image and describe them, in place of whatever was indexed before."""
    label_map = get_or_compute(image.photo)
    picture = SegmentedPhoto(label_map)
    nodes = choose_nodes(picture)
    members = members_of(picture, nodes)
    vectors = {space.pk: region_vectors(space, picture, members) for space in spaces}
    store(image, region_rows(image, picture, nodes, members), vectors, perceptual_hash(picture.rgb))


def store(image: GalleryImage, rows: Sequence[IndexedRegion], vectors: dict[int, Floats], looks: int) -> None:
    """Put the regions of an image, and all that is known of them, in place of those that were there."""
    with transaction.atomic():
        # Locked, so that two at once come one after the other. It may have been deleted meanwhile.
        if not GalleryImage.objects.select_for_update().filter(pk=image.pk).exists():
            return
        image.regions.all().delete()
        store_vectors(IndexedRegion.objects.bulk_create(rows), vectors)
        image.set_hash(looks)
        image.mark_indexed()


def add_space(image: GalleryImage, space: DescriptorSpace) -> None:
    """Describe the regions an image has been indexed by in one more space."""
    rows = list(image.regions.select_related("label_map__photo").order_by("pk"))
    picture = SegmentedPhoto(rows[0].label_map)
    vectors = region_vectors(space, picture, members_of(picture, [row.node for row in rows]))
    with transaction.atomic():
        # Regions that were replaced meanwhile have been described by whoever did it.
        kept = set(image.regions.select_for_update().values_list("pk", flat=True))
        if kept >= {row.pk for row in rows}:
            store_vectors(rows, {space.pk: vectors})


def lacking(image: GalleryImage, spaces: Iterable[DescriptorSpace]) -> list[DescriptorSpace]:
    """The spaces, of those given, in which an image is not described."""
    described = set(RegionVector.objects.filter(image=image).values_list("space", flat=True).distinct())
    return [space for space in spaces if space.pk not in described]


def choose_nodes(picture: SegmentedPhoto) -> list[int]:
    """The whole image and the few regions of its merge tree that best stand for all.

    Chosen by appearance, which every installation has: they do not depend on which models are there.
    """
    segmentation = picture.segmentation
    return choose_regions(
        segmentation.hierarchy.parents,
        picture.votes,
        segmentation.areas,
        vectors=appearance.vectors,
    )


def members_of(picture: SegmentedPhoto, nodes: Sequence[int]) -> Members:
    """The superpixels under each node, bool (r, n)."""
    parents = picture.segmentation.hierarchy.parents
    return np.stack([node_members(parents, node) for node in nodes])


def region_vectors(space: DescriptorSpace, picture: SegmentedPhoto, members: Members) -> Floats:
    """Describe regions of a photo in a space, float32 (r, D)."""
    describer = describer_of(space)
    return describer.region_vectors(describer.look(picture), picture, members)


def region_rows(
    image: GalleryImage, picture: SegmentedPhoto, nodes: Sequence[int], members: Members
) -> list[IndexedRegion]:
    """What is stored of each region besides its vectors."""
    segmentation = picture.segmentation
    boxes = superpixel_boxes(segmentation.labels)
    sampled = sampled_labels(segmentation.labels)
    rows = []
    for node, inside in zip(nodes, members, strict=True):
        (left, top), (right, bottom) = boxes[inside, :2].min(axis=0), boxes[inside, 2:].max(axis=0)
        row = IndexedRegion(
            image=image,
            label_map=picture.label_map,
            node=node,
            left=int(left),
            top=int(top),
            right=int(right),
            bottom=int(bottom),
            area=area_share(inside, segmentation.areas),
            mask=mask_bits(sampled, inside),
            sample_key=sample_key_of(picture.label_map.working_sha256, node),
        )
        rows.append(row)
    return rows


def superpixel_boxes(labels: Labels) -> npt.NDArray[np.int64]:
    """Left, top, right, bottom (ends excluded) of each superpixel, int64 (n, 4): those of a region follow."""
    from gallery.descriptors import kernels

    height, width = labels.shape
    boxes = np.empty((int(labels.max()) + 1, 4), np.int64)
    boxes[:] = width, height, 0, 0
    kernels.grow_boxes(np.ascontiguousarray(labels), boxes)
    return boxes


def sampled_labels(labels: Labels) -> Labels:
    """The very pixels that `mask_bits` looks at, picked once for all regions of an image."""
    side = MASK_SIDE * SAMPLES
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in labels.shape)
    sampled: Labels = labels[rows[:, None], columns]
    return sampled


def sample_key_of(working_sha256: str, node: int) -> int:
    """A number from 0 to 2**63 - 1 that looks random and depends on the content alone."""
    digest = hashlib.sha256(f"{working_sha256}:{node}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def store_vectors(rows: Sequence[IndexedRegion], vectors: dict[int, Floats]) -> None:
    """Store one vector a region and space, as given: space -> float32 (r, D).

    A space that has been removed meanwhile is left out.
    """
    there = set(DescriptorSpace.objects.filter(pk__in=vectors).values_list("pk", flat=True))
    RegionVector.objects.bulk_create(
        (
            RegionVector(region=row, image_id=row.image_id, space_id=space, vector=vector)
            for space, described in vectors.items()
            if space in there
            for row, vector in zip(rows, described, strict=True)
        ),
        ignore_conflicts=True,
    )
