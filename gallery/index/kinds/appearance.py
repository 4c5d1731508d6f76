"""The kind `appearance`: histograms of colour and texture. It needs no model and is always there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gallery.descriptors import appearance
from gallery.index.describers import Describer, Kind, SpaceUnavailable
from gallery.index.segmented_photo import SegmentedImage
from gallery.models import DescriptorSpace
from selector.arrays import Floats


class AppearanceDescriber(Describer):
    """Histograms, counted per superpixel."""

    def words_vector(self, text: str) -> Floats:
        raise SpaceUnavailable("Words say nothing about colour and texture: search for them by meaning.")

    def extract_features(self, image: SegmentedImage) -> Floats:
        return image.histogram_counts

    def region_vectors(self, features: Floats, members: npt.NDArray[np.bool_], image: SegmentedImage) -> Floats:
        return appearance.region_vectors(features, members)

    def region_vectors_alone(self, features: Floats, members: npt.NDArray[np.bool_], image: SegmentedImage) -> Floats:
        return appearance.region_vectors(features, members, context=0)

    def cells(self, features: Floats, image: SegmentedImage) -> Floats:
        return appearance.cell_vectors(features, image.cell_shares)


class Appearance(Kind):
    """One space for each version of the histograms; only today's can be computed."""

    name = "appearance"
    label = "looks like"
    # Chosen with that of `meaning`, by measuring with a model that was never trained on what it was asked for.
    default_weight = 0.2
    missing = "Search by colour and texture is not available here just now."

    @property
    def model(self) -> str:
        """What is stored as the model of today's space."""
        return f"histograms {appearance.VERSION}"

    def ensure_space(self) -> DescriptorSpace:
        return self._row(model=self.model, dimensions=appearance.DIMENSIONS)

    def is_configured(self, space: DescriptorSpace) -> bool:
        return space.model == self.model

    def describer(self, space: DescriptorSpace) -> Describer:
        if not self.is_configured(space):
            raise SpaceUnavailable("Search by appearance has changed: run manage.py index_gallery.")
        return AppearanceDescriber()
