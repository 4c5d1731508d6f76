"""The ranking of a search: images in order, each with the regions that matched."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.index.perceptual_hash import folded
from gallery.models import GalleryImage
from gallery.search import scoring
from gallery.search.expansion import made_to_fall
from gallery.search.expressions import EqualsAny
from gallery.search.nearest import Integers
from gallery.search.outlining import Asked
from selector.arrays import Floats

# Further down nobody looks, and folding copies takes the square of this.
MOST_PLACES = 2400
# In a packed ranking, before the name of a space: its scores; before its key: what is looked for in cells.
SPACE_PREFIX, ASKED_PREFIX = "space ", "asked "
POINTS = "points"
# What has no row for each image.
NO_COLUMNS = ("scores_by_space", "asked", "points", "is_whole")


@dataclass(frozen=True)
class RankedImages:
    """A ranking: images, best first, each with its best region for each part that was searched for.

    Attributes
    ----------
    image_ids : int64 (k,)
    region_ids : int64 (k, p)
        One for each of p parts.
    scores : float32 (k,)
        Over all parts and spaces.
    scores_by_part : float32 (k, p)
        Over all spaces.
    groups : int64 (k,)
        The place in the answer, from 0: copies of one picture share one, and follow each other.
    scores_by_space : mapping of space to float32 (k,)
        The mean over the parts; nan where a region is not described in a space.
    asked : dict
        From `outlining.asked_of`: what is outlined on the hits; nothing where there are several parts.
    points : dict of int to int
        By the keys of images that were checked: how many keypoints lie as in the selection.
    claims : bool (k,), optional
        Which images are claimed to be close matches, those in front of all others; None before anybody has looked.
    is_whole : bool
        Whether it holds every candidate that can be found; else there are others, further away.
    """

    image_ids: Integers
    region_ids: Integers
    scores: Floats
    scores_by_part: Floats
    groups: Integers
    scores_by_space: dict[str, Floats]
    asked: Asked = field(default_factory=dict)
    points: dict[int, int] = field(default_factory=dict)
    claims: npt.NDArray[np.bool_] | None = None
    is_whole: bool = True

    @classmethod
    def nothing(cls) -> RankedImages:
        """A ranking without images."""
        ids, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return cls(ids, ids[:, None], scores, scores[:, None], ids, {})

    @property
    def total(self) -> int:
        """How many places the answer has."""
        return int(self.groups[-1]) + 1 if len(self.groups) else 0

    def goes_beyond(self, n_places: int) -> bool:
        """Whether so many places are not all that a person can see of the answer."""
        return n_places < (self.total if self.is_whole else MOST_PLACES)

    @property
    def n_strong(self) -> int:
        """How many places, from the first on, are claimed to be close matches; those that stand out, if none are."""
        leads = np.flatnonzero(np.diff(self.groups, prepend=-1))
        if self.claims is not None:
            return int(np.logical_and.accumulate(self.claims[leads]).sum())
        return scoring.weak_line(self.scores[leads])

    def take(self, rows: npt.NDArray[np.intp]) -> RankedImages:
        """The ranking of these rows, in this order."""
        by_space = {space: scores[rows] for space, scores in self.scores_by_space.items()}
        columns: dict[str, Any] = {name: column[rows] for name, column in self._columns()}
        return replace(self, **columns, scores_by_space=by_space)

    def followed_by(self, others: RankedImages) -> RankedImages:
        """One ranking of this one and, behind it, that of other images, each with a place of its own."""
        columns: dict[str, Any] = {
            name: np.concatenate([column, getattr(others, name)]) for name, column in self._columns()
        }
        columns["groups"] = np.arange(len(columns["image_ids"]))
        silent = np.full(len(others.image_ids), np.nan, np.float32)  # where a space does not answer any more
        by_space = {
            space: np.concatenate([scores, others.scores_by_space.get(space, silent)])
            for space, scores in self.scores_by_space.items()
        }
        return replace(self, **columns, scores_by_space=by_space)

    def led_by(self, claims: npt.NDArray[np.bool_]) -> RankedImages:
        """This ranking with the images in front that are claimed, bool (k,), to be close matches."""
        led = replace(self, claims=claims).take(np.argsort(~claims, kind="stable"))
        return replace(led, scores=made_to_fall(led.scores), groups=self.groups)

    def going_on(self, further: RankedImages) -> RankedImages:
        """This ranking, and behind it those images that another, longer one holds beside them: no place changes."""
        new = further.take(np.flatnonzero(~np.isin(further.image_ids, self.image_ids)))
        longer = self.followed_by(replace(new, claims=np.zeros(len(new.image_ids), np.bool_)))
        return fold_copies(replace(longer, scores=np.minimum.accumulate(longer.scores), is_whole=further.is_whole))

    def pack(self) -> bytes:
        """All arrays as bytes, in the format of `numpy.savez`."""
        out = io.BytesIO()
        by_space = {f"{SPACE_PREFIX}{space}": scores for space, scores in self.scores_by_space.items()}
        asked = {f"{ASKED_PREFIX}{space}": vector for space, vector in self.asked.items()}
        points = {POINTS: np.array(list(self.points.items()), np.int64).reshape(-1, 2)}
        columns = dict(self._columns())
        arrays: dict[str, Any] = {**columns, **by_space, **asked, **points, "is_whole": np.bool_(self.is_whole)}
        np.savez(out, **arrays)
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> RankedImages:
        """The ranking that `pack` made bytes of."""
        with np.load(io.BytesIO(data)) as arrays:
            stored = dict(arrays)
        spaces = [name for name in stored if name.startswith(SPACE_PREFIX)]
        by_space = {name.removeprefix(SPACE_PREFIX): stored.pop(name) for name in spaces}
        keys = [name for name in stored if name.startswith(ASKED_PREFIX)]
        asked = {int(name.removeprefix(ASKED_PREFIX)): stored.pop(name) for name in keys}
        points = dict(stored.pop(POINTS, np.zeros((0, 2), np.int64)).tolist())
        # Those that were kept before there was more to come lack it.
        is_whole = bool(stored.pop("is_whole", True))
        return cls(**stored, scores_by_space=by_space, asked=asked, points=points, is_whole=is_whole)

    def _columns(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """The arrays with a row for each image, by name."""
        for one in fields(self):
            if one.name not in NO_COLUMNS and getattr(self, one.name) is not None:
                yield one.name, getattr(self, one.name)


def fold_copies(ranking: RankedImages) -> RankedImages:
    """The same ranking in which copies of one picture share a place: that of the best of them."""
    if not ranking.total:
        return ranking
    image_ids = ranking.image_ids.tolist()
    hashes = dict(GalleryImage.objects.filter(EqualsAny("pk", image_ids)).values_list("pk", "perceptual_hash"))
    leads = folded(np.array([hashes.get(key) for key in image_ids], object))
    _, groups = np.unique(leads, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    return replace(ranking.take(order), groups=groups[order])
