"""Which of the first hits are claimed to be close matches: those of which one can tell that it is really there.

Most images in which a thing is not have something that is near to it: what is nearest is no close match for that. So
the cells of the first hits are compared with those that were selected; where there are none, the score decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import unit
from gallery.index.cells import projection_of, stored_cells
from gallery.models import DescriptorSpace
from gallery.search import scoring
from gallery.search.evidence import LOOKED_AT, OF_MATCHES, Sought, presence
from gallery.search.nearest import Integers, QueryVector
from selector.arrays import Floats

# Of a ranking, so many first images are looked at; and as many more while at least half of them are claimed, to a page.
AT_ONCE, MOST = 8, 24
# The least of `evidence.presence`; chosen on one half of the questions, see docs/benchmarks.md.
PRESENT = 0.775
# A score that only the same thing reaches, whatever cells say: that of a copy, cut out or enlarged.
UNMISTAKABLE = 12.0
# How much more of a score is asked where several spaces have had a chance to find something that stands out.
FOR_SEVERAL = 1.0


def claims_of(
    images: Integers, scores: Floats, scores_by_space: Mapping[str, Floats], queries: Sequence[QueryVector]
) -> npt.NDArray[np.bool_]:
    """Which images of a ranking are claimed to be close matches: bool (k,).

    Parameters
    ----------
    images : int64 (k,)
        Best first.
    scores : float32 (k,)
    scores_by_space : mapping of kind of space to float32 (k,)
    queries : sequence of QueryVector
        What was asked.
    """
    asked = asked_in_cells(queries)
    looks = np.nan_to_num(scores_by_space.get(LOOKED_AT, np.zeros(len(images), np.float32)))
    claimed = np.zeros(len(images), np.bool_)
    for start in range(0, MOST, AT_ONCE):
        now = slice(start, start + AT_ONCE)
        present = presences(images[now], asked, looks[now]) if asked else None
        if present is None:
            return claimed if start else by_score(scores, scores_by_space)
        claimed[now] = (present >= PRESENT) | (scores[now] >= UNMISTAKABLE)
        if claimed[: start + AT_ONCE].mean() < 0.5:
            break
    return claimed


def by_score(scores: Floats, scores_by_space: Mapping[str, Floats]) -> npt.NDArray[np.bool_]:
    """Which images are claimed by their scores alone: bool (k,)."""
    several = sum(not np.isnan(each).all() for each in scores_by_space.values()) > 1
    claimed: npt.NDArray[np.bool_] = scores >= scoring.WEAK + (FOR_SEVERAL if several else 0.0)
    return claimed


def asked_in_cells(queries: Sequence[QueryVector]) -> Sequence[tuple[DescriptorSpace, Sought]]:
    """What is looked for in cells, by the space; nothing where a space that counts has none."""
    found = [(query.space, sought) for query in queries if (sought := sought_by(query)) is not None]
    return found if {space.kind for space, _ in found} == set(OF_MATCHES) else []


def presences(images: Integers, asked: Sequence[tuple[DescriptorSpace, Sought]], looks: Floats) -> Floats | None:
    """How clearly each of some images holds what was selected: float32 (k,), nan without cells; None if none has.

    Parameters
    ----------
    images : int64 (k,)
    asked : sequence of (DescriptorSpace, Sought)
    looks : float32 (k,)
        Their scores by their looks.
    """
    spaces = [space.pk for space, _ in asked]
    there: dict[int, dict[int, Floats]] = {}
    for space, _ in asked:
        for image, cells in zip(*stored_cells(space, images.tolist()), strict=True):
            there.setdefault(int(image), {})[space.pk] = unit(cells.astype(np.float32))
    found = np.full(len(images), np.nan, np.float32)
    for row, image in enumerate(images.tolist()):
        if len(cells := there.get(image, {})) == len(spaces):
            sought = [(space.kind, one) for space, one in asked]
            found[row] = presence(sought, [cells[key] for key in spaces], float(looks[row]))
    return None if np.isnan(found).all() else found


def sought_by(query: QueryVector) -> Sought | None:
    """What a query vector looks for in cells; None where it was made of words, or has none."""
    if query.cells is None or query.is_of_words or query.space.kind not in OF_MATCHES:
        return None
    selected, projection = query.cells(), projection_of(query.space)
    if selected is None or projection is None:
        return None
    cells, places = selected
    return Sought(cells, projection.apply(query.vector if query.alone is None else query.alone), places)
