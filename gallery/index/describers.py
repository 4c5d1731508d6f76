"""What each descriptor space computes: the features of a photo, and the vectors of its regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gallery.descriptors import appearance
from gallery.descriptors.open_clip import feature_maps
from gallery.descriptors.open_clip.tower import Tower
from gallery.descriptors.open_clip.weights import WeightsMissing
from gallery.index.lru_cache import LRUCache
from gallery.index.model_loading import SpaceUnavailable, load_tower, why_meaning_is_off
from gallery.models import DescriptorSpace
from selector.arrays import Floats, Members
from selector.models import LabelMap
from selector.services import photos
from selector.services.label_maps import Segmentation, load

Kind = DescriptorSpace.Kind
_spread = LRUCache(4)


@dataclass(frozen=True)
class SegmentedPhoto:
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

    def look(self, picture: SegmentedPhoto) -> npt.NDArray[Any]: ...

    def region_vectors(self, seen: npt.NDArray[Any], picture: SegmentedPhoto, members: Members) -> Floats: ...


class Appearance:
    """Histograms of colour and texture, counted per superpixel."""

    knows_words = False

    def words_vector(self, text: str) -> Floats:
        raise SpaceUnavailable("Words say nothing about colour and texture: search for them by meaning.")

    def look(self, picture: SegmentedPhoto) -> Floats:
        return picture.votes

    def region_vectors(self, seen: Floats, picture: SegmentedPhoto, members: Members) -> Floats:
        return appearance.region_vectors(seen, members)


@dataclass
class Meaning:
    """The image tower of an open_clip model, loaded when it is first needed."""

    space: DescriptorSpace
    _tower: Tower | None = field(default=None, repr=False)

    @property
    def tower(self) -> Tower:
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
        except WeightsMissing as problem:
            raise SpaceUnavailable(str(problem)) from problem

    def look(self, picture: SegmentedPhoto) -> npt.NDArray[np.float16]:
        return self.tower.feature_map(picture.rgb).astype(np.float16)

    def region_vectors(self, seen: npt.NDArray[np.float16], picture: SegmentedPhoto, members: Members) -> Floats:
        labels = picture.segmentation.labels
        key = (picture.label_map.pk, self.space.pk)
        features = _spread.get(key, lambda: feature_maps.superpixel_features(seen, labels))
        if self.space.method == "feature-map":
            return feature_maps.region_vectors(features, members)  # Without the model: it need not even be loaded.
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
    if reason := why_meaning_is_off():
        raise SpaceUnavailable(reason)
    return Meaning(space)


# Which spaces there are


def appearance_model() -> str:
    return f"histograms {appearance.VERSION}"
