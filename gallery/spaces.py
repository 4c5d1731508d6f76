"""Descriptor spaces: from a row in the database to the functions that describe a photo and its regions."""

from __future__ import annotations

import logging
import os
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from math import inf
from threading import Lock
from time import monotonic
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection

from gallery.descriptors import appearance, meaning
from gallery.models import DescriptorSpace, GalleryImage, PhotoFeatures
from selector import photos
from selector.label_maps import Segmentation, load
from selector.models import LabelMap

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]
Members = npt.NDArray[np.bool_]
Progress = Callable[[int, int | None], None]
Kind = DescriptorSpace.Kind
SECONDS_UNTIL_RETRY = 60.0


class Lately:
    """The last few results, by key: whoever refines a search asks for the same ones again and again.

    Keys name rows that never change and are never used again.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: OrderedDict[Hashable, npt.NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The result of a key, computed when it is not one of the last; two threads at once may both do it."""
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
                return found
        result = compute()
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return result

    def clear(self) -> None:
        with self._lock:
            self._results.clear()


def forget() -> None:
    """Empty this process's caches, for whoever turns to another database: its keys mean other photos."""
    for lately in (_seen, _spread, _selected):
        lately.clear()


# Up to 4 and 11 MB each: what a process keeps of the photos that are searched for just now.
_seen = Lately(8)
_spread = Lately(4)
# A few kilobytes each: a slider, a filter or an opinion asks for the same selection again, and some models look at the
# photo anew for each selection.
_selected = Lately(128)


class SpaceUnavailable(Exception):
    """A space cannot be used here and now; the text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Picture:
    """A photo as descriptors look at it; what they do not need is not read."""

    label_map: LabelMap

    @cached_property
    def rgb(self) -> npt.NDArray[np.uint8]:
        return photos.working_copy(self.label_map.photo)

    @cached_property
    def segmentation(self) -> Segmentation:
        return load(self.label_map)

    @cached_property
    def votes(self) -> Floats:
        """What `appearance` sees; regions are also chosen by it."""
        return appearance.superpixel_features(self.rgb, self.segmentation.labels)


class Describer(Protocol):
    """The functions of a space. `look` is the costly one, its result is kept with the photo."""

    @property
    def knows_words(self) -> bool: ...

    def words_vector(self, text: str) -> Floats: ...

    def look(self, picture: Picture) -> npt.NDArray[Any]: ...

    def region_vectors(self, seen: npt.NDArray[Any], picture: Picture, members: Members) -> Floats: ...


class Appearance:
    """Histograms of colour and texture, counted per superpixel."""

    knows_words = False

    def words_vector(self, text: str) -> Floats:
        raise SpaceUnavailable("Words say nothing about colour and texture: search for them by meaning.")

    def look(self, picture: Picture) -> Floats:
        return picture.votes

    def region_vectors(self, seen: Floats, picture: Picture, members: Members) -> Floats:
        return appearance.region_vectors(seen, members)


@dataclass
class Meaning:
    """The image tower of an open_clip model, loaded when it is first needed."""

    space: DescriptorSpace
    _tower: meaning.Tower | None = field(default=None, repr=False)

    @property
    def tower(self) -> meaning.Tower:
        if self._tower is None:
            # As it is loaded for indexing, so that there is one copy; an old space may have used it otherwise.
            tower = load_tower(self.space.model, self.space.pretrained)
            if tower.method != self.space.method:
                tower = load_tower(self.space.model, self.space.pretrained, self.space.method)
            if tower.weights_hash != self.space.weights:
                raise SpaceUnavailable(f"The weights of {self.space} have changed since the images were indexed.")
            self._tower = tower
        return self._tower

    @property
    def knows_words(self) -> bool:
        """Whether the model was trained with text, so that words can be compared with regions.

        Noted with the space: a search whose features are kept needs no model, and must not load one to find out.
        """
        return self.space.knows_words

    def words_vector(self, text: str) -> Floats:
        """Describe words as regions are described: a unit vector, float32 (D,).

        Raises
        ------
        SpaceUnavailable
            When the model knows no words, or cannot be loaded.
        """
        try:
            return self.tower.text_vector(text)
        except meaning.WeightsMissing as problem:
            raise SpaceUnavailable(str(problem)) from problem

    def look(self, picture: Picture) -> npt.NDArray[np.float16]:
        return self.tower.feature_map(picture.rgb).astype(np.float16)

    def region_vectors(self, seen: npt.NDArray[np.float16], picture: Picture, members: Members) -> Floats:
        labels = picture.segmentation.labels
        key = (picture.label_map.pk, self.space.pk)
        features = _spread.get(key, lambda: meaning.superpixel_features(seen, labels))
        if self.space.method == "feature-map":
            return meaning.region_vectors(features, members)  # Without the model: it need not even be loaded.
        return self.tower.region_vectors(features, members, rgb=picture.rgb, labels=labels)


def describer_of(space: DescriptorSpace) -> Describer:
    """The functions of a space.

    Raises
    ------
    SpaceUnavailable
        When this process has no such descriptor.
    """
    if space.kind == Kind.APPEARANCE:
        if space.model != appearance_model():
            raise SpaceUnavailable("Search by appearance has changed: run manage.py index_gallery.")
        return Appearance()
    if reason := meaning_is_off():
        raise SpaceUnavailable(reason)
    return Meaning(space)


def seen_in(space: DescriptorSpace, describer: Describer, picture: Picture) -> npt.NDArray[Any]:
    """What a space sees in a photo, kept in the database so that it is worked out once.

    Raises
    ------
    SpaceUnavailable
        When it has to be worked out and the model cannot be loaded.
    """
    return _seen.get((picture.label_map.pk, space.pk), lambda: _kept_or_seen(space, describer, picture))


def _kept_or_seen(space: DescriptorSpace, describer: Describer, picture: Picture) -> npt.NDArray[Any]:
    kept = PhotoFeatures.objects.filter(label_map=picture.label_map, space=space).first()
    if kept is not None:
        return unpack(bytes(kept.data))
    seen = describer.look(picture)
    PhotoFeatures.objects.bulk_create(
        [PhotoFeatures(label_map=picture.label_map, space=space, data=pack(seen))], ignore_conflicts=True
    )
    return seen


def not_looked_at_in(label_map: LabelMap) -> list[DescriptorSpace]:
    """The spaces that searches are answered from and for which nobody has looked at a photo yet."""
    kept = set(PhotoFeatures.objects.filter(label_map=label_map).values_list("space", flat=True))
    return [space for space in answering()[0] if space.pk not in kept]


def look_ahead(label_map: LabelMap) -> None:
    """Look at a photo in every space, for the searches to come; where one is not available, they will say why."""
    picture = Picture(label_map)
    for space in not_looked_at_in(label_map):
        try:
            # Past the process's own cache: what counts is what other processes find.
            _kept_or_seen(space, describer_of(space), picture)
        except SpaceUnavailable as problem:
            logger.info("%s", problem)


def selection_vector(
    space: DescriptorSpace, describer: Describer, picture: Picture, members: npt.NDArray[np.bool_]
) -> Floats:
    """Describe the superpixels selected in a photo, bool (n,), float32 (D,); lately asked ones cost nothing.

    Raises
    ------
    SpaceUnavailable
        When the model is needed and cannot be loaded.
    """

    def describe() -> Floats:
        seen = seen_in(space, describer, picture)
        vector: Floats = describer.region_vectors(seen, picture, members[None])[0]
        return vector

    return _selected.get((picture.label_map.pk, space.pk, np.packbits(members).tobytes()), describe)


def pack(array: npt.NDArray[Any]) -> bytes:
    """An array with its type and shape, compressed: histograms are mostly zeros."""
    head = f"{array.dtype.str} {' '.join(map(str, array.shape))}\n".encode()
    return head + zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


def unpack(data: bytes) -> npt.NDArray[Any]:
    """Read what `pack` wrote."""
    head, _, packed = data.partition(b"\n")
    dtype, *shape = head.decode().split()
    return np.frombuffer(zlib.decompress(packed), np.dtype(dtype)).reshape([int(side) for side in shape])


# Which spaces there are


def appearance_model() -> str:
    return f"histograms {appearance.VERSION}"


def meaning_is_off() -> str:
    """Why search by meaning cannot work in this installation, as a sentence; empty when it can."""
    if not settings.MEANING_ENABLED:
        return "Search by meaning is switched off by the setting MEANING_ENABLED."
    if find_spec("torch") is None or find_spec("open_clip") is None:
        return "Search by meaning is off: torch and open_clip are not installed; start once without LIGHT=1."
    return ""


# Why a model could not be loaded, and when that was found out: (model, weights, method) -> (seconds, sentence).
_failures: dict[tuple[str, str, str], tuple[float, str]] = {}


def load_tower(model: str, pretrained: str, method: str = "") -> meaning.Tower:
    """Load a model from weights that are here already, once a process.

    Raises
    ------
    SpaceUnavailable
        With the sentence to show. It is said again for a minute without another try: trying takes seconds, and
        every job and every search would.
    """
    key = (model, pretrained, method)
    failed, sentence = _failures.get(key, (-inf, ""))
    if monotonic() - failed < SECONDS_UNTIL_RETRY:
        raise SpaceUnavailable(sentence)
    _silence_hub()
    try:
        return meaning.load(
            model,
            pretrained,
            cache_dir=settings.MODEL_CACHE_DIR,
            threads=settings.MEANING_THREADS,
            batch=settings.MEANING_BATCH,
            method=method or None,  # type: ignore[arg-type]
            # The same arguments everywhere, this one too: they are what makes it one copy a process.
            download=False,
        )
    except meaning.WeightsMissing as problem:
        _failures[key] = monotonic(), str(problem)
        raise SpaceUnavailable(str(problem)) from problem


def fetch_weights(progress: Progress | None = None) -> str:
    """Fetch the weights that the settings name, if they are not here, and return where they are.

    Raises
    ------
    SpaceUnavailable
        With the sentence to show.
    """
    if reason := meaning_is_off():
        raise SpaceUnavailable(reason)
    _silence_hub()
    try:
        found = meaning.fetch(
            settings.MEANING_MODEL,
            settings.MEANING_WEIGHTS,
            cache_dir=settings.MODEL_CACHE_DIR,
            download=True,
            progress=progress,
        )
    except meaning.WeightsMissing as problem:
        raise SpaceUnavailable(str(problem)) from problem
    _failures.clear()
    return str(found)


def _silence_hub() -> None:
    """Without a network the hub's client says so dozens of times; one sentence of ours is enough."""
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")


def wanted() -> tuple[list[DescriptorSpace], list[str]]:
    """The spaces that images are to be described in by today's settings, and why one is missing.

    For processes that index: it loads the model, and makes the space's row when the model is new. Until all images are
    described in that, the old space answers, and what is added meanwhile is described in both.
    """
    spaces = [_row(kind=Kind.APPEARANCE, model=appearance_model(), dimensions=appearance.DIMENSIONS)]
    if reason := meaning_is_off():
        return spaces, [reason]
    try:
        tower = load_tower(settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
    except SpaceUnavailable as problem:
        return spaces, [str(problem)]
    new = _row_of(tower)
    return [*spaces, new, *_still_answering(new)], []


def _still_answering(new: DescriptorSpace) -> list[DescriptorSpace]:
    """The space that answers in place of a new one, where its model is still to be had."""
    old = [space for space in answering()[0] if space.kind == Kind.MEANING and space != new]
    try:
        for space in old:
            Meaning(space).tower  # noqa: B018
    except SpaceUnavailable:
        return []
    return old


def _row_of(tower: meaning.Tower) -> DescriptorSpace:
    return _row(
        kind=Kind.MEANING,
        model=tower.model,
        method=tower.method,
        weights=tower.weights_hash,
        dimensions=tower.dimensions,
        pretrained=tower.pretrained,
        knows_words=tower.knows_words,
    )


def _row(*, dimensions: int, pretrained: str = "", knows_words: bool = False, **key: str) -> DescriptorSpace:
    known = {"pretrained": pretrained, "knows_words": knows_words}
    space, _ = DescriptorSpace.objects.get_or_create(**key, defaults={"dimensions": dimensions, **known})
    if (space.pretrained, space.knows_words) != (pretrained, knows_words):
        # The same weights, now at another place; or a row that is older than searching for words.
        space.pretrained, space.knows_words = pretrained, knows_words
        space.save(update_fields=list(known))
    return space


def mark_ready() -> None:
    """Let the spaces answer in which no image is left to be described, and no longer those that fell behind.

    A space that answers goes on, whatever it lacks: it is better than one that lacks more.
    """
    in_use = answering()[0]
    for space in DescriptorSpace.objects.all():
        if space.is_ready and space in in_use:
            continue
        is_ready = not GalleryImage.objects.lacking(space).exists()
        if space.is_ready != is_ready:
            space.is_ready = is_ready
            space.save(update_fields=["is_ready"])


def answering() -> tuple[list[DescriptorSpace], list[str]]:
    """The spaces that searches are answered from, one a kind, and a sentence for each kind there is none of.

    A new model's space stands beside the old one, which answers until all images are described in the new. Where there
    is no old one, the new one answers from the first image on.
    """
    rows = list(DescriptorSpace.objects.order_by("-created", "-pk"))
    looks = [row for row in rows if row.kind == Kind.APPEARANCE and row.model == appearance_model()][:1]
    if reason := meaning_is_off():
        # Whoever runs the site may choose so; those who search would only wonder.
        return looks, [reason] if settings.MEANING_ENABLED else []
    means = [row for row in rows if row.kind == Kind.MEANING]
    means.sort(key=lambda row: (row.is_ready, is_configured(row)), reverse=True)
    best = next((row for row in means if row.is_ready or row.vectors.exists()), None)
    return (looks, [_why_no_meaning()]) if best is None else ([*looks, best], [])


def _why_no_meaning() -> str:
    """Why no image is described by meaning: what was said when this process last tried to load the model."""
    failed = (sentence for (model, weights, _), (_, sentence) in _failures.items() if _is_set(model, weights))
    return next(failed, "No image is indexed by meaning yet: search again in a few minutes.")


def preload() -> None:
    """Load what searches are answered with, while nobody waits for it, in a thread of its own.

    What is missing is said to those who search.
    """
    try:
        means = [space for space in answering()[0] if space.kind == Kind.MEANING]
        for space in means:
            load_tower(space.model, space.pretrained)
        if not means and not meaning_is_off():
            load_tower(settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
    except SpaceUnavailable as problem:
        logger.info("%s", problem)
    finally:
        connection.close()


def is_configured(space: DescriptorSpace) -> bool:
    """Whether it is the space that the settings name."""
    if space.kind == Kind.APPEARANCE:
        return space.model == appearance_model()
    return not meaning_is_off() and _is_set(space.model, space.pretrained)


def _is_set(model: str, weights: str) -> bool:
    return (model, weights) == (settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
