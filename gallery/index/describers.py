"""What a kind of descriptor space consists of: rows of `DescriptorSpace`, and describers that compute vectors.

The kinds themselves, and the list of them, are in `gallery.index.kinds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gallery.descriptors.open_clip.weights import Progress
from gallery.index.segmented_photo import SegmentedImage, WholeImage
from gallery.models import DescriptorSpace
from selector.arrays import Floats, Rgb


class SpaceUnavailable(Exception):
    """A space cannot be used here and now. The text is one sentence for who runs the site: why, and what to do."""


@dataclass(frozen=True)
class Notice:
    """What a search goes without.

    Attributes
    ----------
    told : str
        A sentence for people who search: they cannot do anything about it.
    cause : str
        One for those who run the site: why, and what to do. Empty where it says no more.
    """

    told: str
    cause: str = ""

    def read_by(self, *, staff: bool) -> str:
        """The sentence for one of the two."""
        return (staff and self.cause) or self.told


class Describer(ABC):
    """Computes the vectors of one space, in three steps: features of the image, of its superpixels, of regions.

    Every method but `superpixel_features` may raise `SpaceUnavailable`.
    """

    @property
    def knows_words(self) -> bool:
        """Whether `words_vector` can be called."""
        return False

    def load(self) -> None:  # noqa: B027  empty on purpose
        """Load what the other methods need, such as a model. By default nothing."""

    @abstractmethod
    def extract_features(self, image: SegmentedImage) -> npt.NDArray[Any]:
        """The features of a whole image, an array of any shape: the costly step, whose result is stored."""

    def superpixel_features(self, features: npt.NDArray[Any], image: SegmentedImage) -> Any:
        """What `region_vectors` takes: additive features of the superpixels, with their size in bytes as `nbytes`.

        By default the stored ones are such features.
        """
        return features

    @abstractmethod
    def region_vectors(self, features: Any, members: npt.NDArray[np.bool_], image: SegmentedImage) -> Floats:
        """Unit vectors of regions.

        Parameters
        ----------
        features
            From `superpixel_features`.
        members : bool ndarray, shape (r, n)
            The superpixels of each region.
        image : SegmentedImage

        Returns
        -------
        float32 ndarray, shape (r, D)
        """

    def region_vectors_alone(self, features: Any, members: npt.NDArray[np.bool_], image: SegmentedImage) -> Floats:
        """Unit vectors of regions as `cells` describes places: without what is around them, in spaces that add that.

        Arguments and result are those of `region_vectors`.
        """
        return self.region_vectors(features, members, image)

    def cells(self, features: npt.NDArray[Any], image: SegmentedImage) -> Floats | None:
        """What is in each cell of the grid of `cell_maps` over an image: float32 (SIDE * SIDE, D), of any length.

        To be compared with the vectors of regions. None for a space that cannot tell places apart, the default.

        Parameters
        ----------
        features
            From `extract_features`.
        image : SegmentedImage
        """
        return None

    def image_vectors(self, images: Sequence[Rgb]) -> Floats:
        """Unit vectors of k whole images without superpixels, each uint8 (H, W, 3): float32 (k, D)."""
        return np.concatenate([self._region_of_all(WholeImage(image)) for image in images])

    def _region_of_all(self, image: WholeImage) -> Floats:
        features = self.superpixel_features(self.extract_features(image), image)
        return self.region_vectors(features, np.ones((1, 1), bool), image)

    def words_vector(self, text: str) -> Floats:
        """The unit vector of words, to be compared with those of regions: float32 (D,)."""
        raise SpaceUnavailable("This way of searching knows no words.")


class Kind(ABC):
    """One way to compare regions. To add one: write a subclass and name it in `gallery.index.kinds.KINDS`.

    A kind may have several spaces, one for each model or version: vectors of two of them are never compared.

    Attributes
    ----------
    name : str
        Stored with its spaces and in kept answers, so it never changes. At most 20 characters.
    label : str
        How a hit is like the selection, as people read it: "looks like".
    default_weight : float
        How likely a person means this kind, beside the weights of the other kinds.
    missing : str
        What people who search are told where no space of this kind can be used.
    is_fetched : bool
        Whether `fetch` may have something to do.
    is_expanded : bool
        Whether searches are moved toward their first hits, and compare around the collection's mean as well.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    default_weight: ClassVar[float]
    missing: ClassVar[str] = "One of the ways to compare is not available here yet."
    is_fetched: ClassVar[bool] = False
    is_expanded: ClassVar[bool] = False

    @abstractmethod
    def ensure_space(self) -> DescriptorSpace:
        """The space of today's code and settings; its row is made if it is new. It may load a model.

        Raises
        ------
        SpaceUnavailable
            When images cannot be described in it here and now.
        """

    @abstractmethod
    def is_configured(self, space: DescriptorSpace) -> bool:
        """Whether a space of this kind is that of today's code and settings. Loads nothing."""

    @abstractmethod
    def describer(self, space: DescriptorSpace) -> Describer:
        """What computes the vectors of a space of this kind. Loads nothing.

        Raises
        ------
        SpaceUnavailable
            When this installation cannot compute them.
        """

    def why_off(self) -> str:
        """Why this kind cannot work in this installation, as a sentence; empty when it can, which is the default."""
        return ""

    def why_no_answer(self) -> Notice | None:
        """What is said of searches while no space of this kind answers; None to say nothing, the default."""
        return None

    def fetch(self, progress: Progress | None = None) -> str:
        """Fetch what the kind needs, if it is not here. Returns where it is; empty when it needs nothing, the default.

        Raises
        ------
        SpaceUnavailable
            When it cannot be fetched.
        """
        return ""

    def preload(self, space: DescriptorSpace) -> None:  # noqa: B027  empty on purpose
        """Load what searches need, before the first one. By default nothing.

        Parameters
        ----------
        space : DescriptorSpace
            The space of this kind that answers.

        Raises
        ------
        SpaceUnavailable
            When it cannot be loaded.
        """

    def _row(
        self,
        *,
        model: str,
        dimensions: int,
        method: str = "",
        weights: str = "",
        pretrained: str = "",
        knows_words: bool = False,
    ) -> DescriptorSpace:
        """The row of a space of this kind, made if it is new.

        Kind, model, method and weights tell which it is. The other columns are brought up to date: the same weights
        may be at another place now, and some rows are older than searching for words.
        """
        noted = {"pretrained": pretrained, "knows_words": knows_words}
        space, _ = DescriptorSpace.objects.get_or_create(
            kind=self.name,
            model=model,
            method=method,
            weights=weights,
            defaults={"dimensions": dimensions, **noted},
        )
        if (space.pretrained, space.knows_words) != (pretrained, knows_words):
            space.pretrained, space.knows_words = pretrained, knows_words
            space.save(update_fields=list(noted))
        return space
