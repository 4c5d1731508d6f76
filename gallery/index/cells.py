"""Maps of cells of images, by which hits are outlined; and the projections that make them small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from psycopg import sql

from gallery.descriptors.cell_maps import SIDE, Bytes, Projection, pack_cells
from gallery.descriptors.late_interaction import Clusters
from gallery.descriptors.outline_tree import OutlineTree
from gallery.index import storing
from gallery.index.features import features_of
from gallery.index.kinds import describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import CellMap, CellProjection, DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from selector.arrays import Floats, Members
from selector.lru_cache import LRUCache
from selector.segmentation.lab import lab_planes
from selector.selection.objects.look import borders_between

# Regions that a projection is learned on, of fifty images or more; while there are fewer, there is none.
LEARNED_ON = 800
# Pixels at which contrasts along the edges of nodes are looked at, or up to half as many again.
LONG_SIDE = 512
# Of a selection, cells count of which it covers more than this share of what it covers of any.
COVERED = 0.5

# Bytes of PostgreSQL's binary format before all rows, and before the first map: two counts, a key and its length.
_HEADER = 19
_BEFORE = _HEADER + 2 + 4 + 8 + 4

# Those of each space, once there are any: they never change.
_projections: dict[int, Projection] = {}
# Of the photos that are being searched for in this process, 100 KB each, by the keys of the label map and of the space.
_cells_of_photos: LRUCache[Floats] = LRUCache(16 * 2**20, lambda cells: cells.nbytes)


def projection_of(space: DescriptorSpace) -> Projection | None:
    """The projection of the cells of a space; None while it has not been learned."""
    if space.pk not in _projections:
        row = CellProjection.objects.filter(space=space).first()
        if row is None:
            return None
        _projections[space.pk] = Projection.unpack(bytes(row.data))
    return _projections[space.pk]


def learn_projections(spaces: Sequence[DescriptorSpace]) -> None:
    """Learn the projections that are missing, where there are enough regions. For processes that index."""
    for space in spaces:
        if projection_of(space) is not None:
            continue
        sample = list(IndexedRegion.objects.order_by("sample_key", "pk").values_list("pk", flat=True)[:LEARNED_ON])
        rows = RegionVector.objects.filter(space=space, region__in=sample).values_list("vector", flat=True)
        if len(sample) < LEARNED_ON or rows.count() < LEARNED_ON:
            continue
        learned = Projection.learn(np.array([list(vector) for vector in rows], np.float32))
        # Of two processes that learn at once, the first one counts.
        CellProjection.objects.get_or_create(space=space, defaults={"data": learned.pack()})


def packed_cells(
    photo: SegmentedPhoto, features: Mapping[int, npt.NDArray[Any]], spaces: Sequence[DescriptorSpace]
) -> dict[int, bytes]:
    """The cells of a photo by the keys of those spaces that have a projection, as they are stored.

    Parameters
    ----------
    photo : SegmentedPhoto
    features : mapping of int to ndarray
        From `Describer.extract_features`, by the key of the space.
    spaces : sequence of DescriptorSpace
    """
    packed = {}
    for space in spaces:
        projection = projection_of(space)
        if projection is None:
            continue
        cells = describer_of(space).cells(features[space.pk], photo)
        packed[space.pk] = b"" if cells is None else pack_cells(projection.apply(cells))
    return packed


def selected_cells(
    space: DescriptorSpace, photo: SegmentedPhoto, members: Members
) -> tuple[Floats, npt.NDArray[np.intp]] | None:
    """The cells of a photo that some superpixels, bool (n,), cover for a good part: projected, and where they are.

    float32 (c, d), and their numbers on the grid, (c,).

    None in a space whose cells are not compared (yet), and without superpixels.

    Raises
    ------
    SpaceUnavailable
        When the model is needed and cannot be loaded.
    """
    cells, covered = projected_cells(space, photo), photo.cell_shares[members].sum(axis=0)
    if not len(cells) or not covered.any():
        return None
    places = np.flatnonzero(covered > COVERED * covered.max())
    return cells[places], places


def selection_clusters(space: DescriptorSpace, photo: SegmentedPhoto, members: Members) -> Clusters | None:
    """The cells of some superpixels of a photo, bool (n,), as they are looked for in images.

    None in a space whose cells are not compared (yet), and without superpixels.

    Raises
    ------
    SpaceUnavailable
        When the model is needed and cannot be loaded.
    """
    cells = projected_cells(space, photo)
    return Clusters.of(cells, photo.cell_shares[members].sum(axis=0)) if len(cells) else None


def projected_cells(space: DescriptorSpace, photo: SegmentedPhoto) -> Floats:
    """All cells of a photo, projected: float32 (c, d); none in a space whose cells are not compared (yet)."""
    projection = projection_of(space)
    if projection is None:
        return np.zeros((0, 0), np.float32)

    def projected() -> Floats:
        describer = describer_of(space)
        cells = describer.cells(features_of(space, describer, photo), photo)
        return np.zeros((0, 0), np.float32) if cells is None else projection.apply(cells)

    return _cells_of_photos.get((photo.label_map.pk, space.pk), projected)


def packed_outlines(photo: SegmentedPhoto) -> bytes:
    """The nodes of a photo's merge tree that may be drawn, as they are stored."""
    segmentation = photo.segmentation
    parents, labels = segmentation.hierarchy.parents, segmentation.labels
    # At about half the size of a photo its edges are as sharp, and cost a quarter.
    step = max(round(max(labels.shape) / LONG_SIDE), 1)
    planes = lab_planes(np.ascontiguousarray(photo.rgb[::step, ::step]))
    borders = borders_between(np.ascontiguousarray(labels[::step, ::step]), planes)
    return OutlineTree.of(parents, labels, segmentation.areas, photo.cell_shares, borders).pack()


def stored_cells(space: DescriptorSpace, image_ids: Sequence[int]) -> tuple[npt.NDArray[np.int64], Bytes]:
    """The maps of cells of some images in a space: the keys of those that have one, (n,), and int8 (n, c, d).

    Copied in PostgreSQL's binary format and cut by their length, which is the same for all maps of a space: as text,
    megabytes take four times as long, and row by row half as long again.
    """
    # Without parameters: Django's cursor takes none with a COPY where DEBUG is on.
    query = sql.SQL(
        "COPY (SELECT image_id, data FROM {} WHERE space_id = {} AND image_id = ANY({}) AND data <> '') "
        "TO STDOUT (FORMAT BINARY)"
    ).format(sql.Identifier(CellMap._meta.db_table), sql.Literal(space.pk), sql.Literal(list(image_ids)))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copied = b"".join(copy)
    length = int.from_bytes(copied[_BEFORE - 4 : _BEFORE]) if len(copied) > _BEFORE else 0
    row = np.dtype([("n", ">i2"), ("size of key", ">i4"), ("image", ">i8"), ("size", ">i4"), ("cells", "i1", length)])
    rows = np.frombuffer(copied, row, (len(copied) - _HEADER) // row.itemsize, _HEADER)
    return rows["image"].astype(np.int64), rows["cells"].reshape(len(rows), SIDE * SIDE, -1 if len(rows) else 1)


def lacking(image: GalleryImage, spaces: Sequence[DescriptorSpace]) -> list[DescriptorSpace]:
    """The spaces, of those given, in which an image has no map of cells and could have one."""
    there = set(CellMap.objects.filter(image=image).values_list("space", flat=True))
    return [space for space in spaces if space.pk not in there and projection_of(space) is not None]


def add_cells(image: GalleryImage, spaces: Sequence[DescriptorSpace]) -> None:
    """Add the maps of cells of an indexed image in some more spaces."""
    region = image.regions.select_related("label_map__photo").order_by("pk").first()
    if region is None:
        return
    photo = SegmentedPhoto(region.label_map)
    features = {space.pk: describer_of(space).extract_features(photo) for space in spaces}
    cells, outlines = packed_cells(photo, features, spaces), packed_outlines(photo)
    with transaction.atomic():
        # Regions that were replaced meanwhile came with cells of their own.
        if image.regions.select_for_update().filter(pk=region.pk).exists():
            storing.add_cells(image, cells, outlines)
