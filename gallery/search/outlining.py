"""What is outlined on hits: on each image the node of its merge tree that is most like what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gallery.descriptors.cell_maps import SIDE, STEPS, likeness
from gallery.descriptors.outline_tree import OutlineTree
from gallery.index.cells import projection_of, stored_cells
from gallery.index.kinds import default_weights
from gallery.models import DescriptorSpace, Outlines
from gallery.search.expressions import EqualsAny
from gallery.search.nearest import QueryVector
from selector.arrays import Floats

Asked = dict[int, Floats]
"""What cells are compared with, by the key of the space: float32 (d,). The longer, the more the space counts."""


def asked_of(queries: Sequence[QueryVector], weights: Mapping[str, float] | None) -> Asked:
    """What to look for in the cells of hits, of the query vectors of one part; words lie elsewhere than regions.

    Parameters
    ----------
    queries : sequence of QueryVector
    weights : mapping of kind of space to float, optional
        How much each kind counts: here the root of it, as all spaces help to tell a thing from what is around.
    """
    counting = weights if weights and any(weights.get(query.space.kind) for query in queries) else default_weights()
    asked: Asked = {}
    for query in queries:
        weight = counting.get(query.space.kind, 0.0)
        # Without clusters there is no projection either: it is not asked for again.
        if not weight or query.clusters is None:
            continue
        if (projection := projection_of(query.space)) is not None:
            vector = query.vector if query.alone is None else query.alone
            asked[query.space.pk] = projection.apply(vector) * np.float32(weight**0.5)
    return asked


def outlined(asked: Asked, image_ids: Sequence[int]) -> dict[int, int]:
    """The node to outline on each of some images; those without maps of cells are left out."""
    if not asked:
        return {}
    found: dict[int, Floats] = {}
    seen: dict[int, list[tuple[Floats, Floats]]] = {}
    weights = {key: float(np.linalg.norm(vector)) for key, vector in asked.items()}
    spaces = DescriptorSpace.objects.filter(pk__in=list(asked))
    for space in sorted(spaces, key=lambda space: -weights[space.pk]):
        weight = weights[space.pk]
        looked_for = asked[space.pk] / weight
        known, maps = stored_cells(space, image_ids)
        for image, packed in zip(known.tolist(), maps, strict=True):
            cells = packed.astype(np.float32) / STEPS
            like = found.setdefault(image, np.zeros(SIDE * SIDE, np.float32))
            like += weight * likeness(cells, looked_for)
            seen.setdefault(image, []).append((cells, looked_for))
    trees = Outlines.objects.filter(EqualsAny("image", list(found))).values_list("image", "data")
    nodes = {image: OutlineTree.unpack(bytes(data)).best_node(found[image], seen[image]) for image, data in trees}
    return {image: node for image, node in nodes.items() if node is not None}
