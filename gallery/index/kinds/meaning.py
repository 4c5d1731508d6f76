"""The kind `meaning`: the image tower of an open_clip model, named by the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from django.conf import settings

from gallery.descriptors.cell_maps import resampled
from gallery.descriptors.open_clip import feature_maps
from gallery.descriptors.open_clip.feature_maps import SharedMap
from gallery.descriptors.open_clip.tower import WITHOUT_CROPS, Tower
from gallery.descriptors.open_clip.weights import Progress, WeightsMissing
from gallery.index import model_loading
from gallery.index.describers import Describer, Kind, Notice, SpaceUnavailable
from gallery.index.segmented_photo import SegmentedImage
from gallery.models import DescriptorSpace
from selector.arrays import Floats, Rgb


@dataclass
class MeaningDescriber(Describer):
    """A feature map of the image, shared out among its superpixels. The model is loaded when it is first needed."""

    space: DescriptorSpace

    @cached_property
    def tower(self) -> Tower:
        """The model of the space.

        Raises
        ------
        SpaceUnavailable
            When it cannot be loaded, or has other weights than the space.
        """
        # As it is loaded for indexing, so that there is one copy; an older space may have used it otherwise.
        tower = model_loading.load_tower(self.space.model, self.space.pretrained, _named_method(self.space))
        if tower.method != self.space.method:
            tower = model_loading.load_tower(self.space.model, self.space.pretrained, self.space.method)
        if tower.weights_hash != self.space.weights:
            raise SpaceUnavailable(f"The weights of {self.space} have changed since the images were indexed.")
        return tower

    @property
    def knows_words(self) -> bool:
        """Whether the model was trained with text.

        Noted with the space: a search whose features are stored needs no model, and must not load one to find out.
        """
        return self.space.knows_words

    def load(self) -> None:
        self.tower  # noqa: B018  loaded when first asked for

    def words_vector(self, text: str) -> Floats:
        try:
            return self.tower.text_vector(text)
        except WeightsMissing as problem:
            raise SpaceUnavailable(str(problem)) from problem

    def extract_features(self, image: SegmentedImage) -> npt.NDArray[np.float16]:
        return self.tower.feature_map(image.rgb).astype(np.float16)

    def superpixel_features(self, features: npt.NDArray[np.float16], image: SegmentedImage) -> SharedMap:
        return feature_maps.superpixel_features(features, image.labels)

    def region_vectors(self, features: SharedMap, members: npt.NDArray[np.bool_], image: SegmentedImage) -> Floats:
        if self.space.method in WITHOUT_CROPS:
            return feature_maps.region_vectors(features, members)  # Without the model: it need not be loaded.
        return self.tower.region_vectors(features, members, rgb=image.rgb, labels=image.labels)

    def region_vectors_alone(
        self, features: SharedMap, members: npt.NDArray[np.bool_], image: SegmentedImage
    ) -> Floats:
        # As cells are described: without crops, and so without the model.
        return feature_maps.region_vectors(features, members)

    def cells(self, features: npt.NDArray[np.float16], image: SegmentedImage) -> Floats | None:
        # Towers without a feature map give one cell.
        return resampled(features) if features.shape[:2] != (1, 1) else None

    def image_vectors(self, images: Sequence[Rgb]) -> Floats:
        return self.tower.image_vectors(images)


class Meaning(Kind):
    """One space for each model, its weights, and the method by which it describes regions."""

    name = "meaning"
    label = "means like"
    default_weight = 0.8
    missing = "Search by meaning is not available here yet: what is found looks like your selection."
    is_fetched = True
    is_expanded = True

    def ensure_space(self) -> DescriptorSpace:
        if reason := self.why_off():
            raise SpaceUnavailable(reason)
        tower = model_loading.load_tower(settings.MEANING_MODEL, settings.MEANING_WEIGHTS, settings.MEANING_METHOD)
        return self._row(
            model=tower.model,
            method=tower.method,
            weights=tower.weights_hash,
            dimensions=tower.dimensions,
            pretrained=tower.pretrained,
            knows_words=tower.knows_words,
        )

    def is_configured(self, space: DescriptorSpace) -> bool:
        named = (settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
        is_method = settings.MEANING_METHOD in ("", space.method)
        return not self.why_off() and (space.model, space.pretrained) == named and is_method

    def describer(self, space: DescriptorSpace) -> MeaningDescriber:
        if reason := self.why_off():
            raise SpaceUnavailable(reason)
        return MeaningDescriber(space)

    def why_off(self) -> str:
        return model_loading.why_meaning_is_off()

    def why_no_answer(self) -> Notice | None:
        # Switching it off is a choice of those who run the site: to those who search it would mean nothing.
        if not settings.MEANING_ENABLED:
            return None
        failure = model_loading.last_failure(settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
        if cause := self.why_off() or failure:
            return Notice(self.missing, cause)
        return Notice("No image is indexed by meaning yet: search again in a few minutes.")

    def fetch(self, progress: Progress | None = None) -> str:
        return model_loading.fetch_weights(progress)

    def preload(self, space: DescriptorSpace) -> None:
        model_loading.load_tower(space.model, space.pretrained, _named_method(space))


def _named_method(space: DescriptorSpace) -> str:
    """The method to load the model of a space with: as the settings have it where that is the same, for one copy."""
    return settings.MEANING_METHOD if settings.MEANING_METHOD in ("", space.method) else space.method
