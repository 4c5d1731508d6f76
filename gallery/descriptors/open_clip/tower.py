"""The `meaning` space: what a region shows, by the image tower of an open_clip model.

The vector of a region is the average of a feature map over its superpixels, both when indexing and when searching. The
map is a sum of two: that of the tower at twice its own resolution, which tells small things apart, and half as much of
that at its own resolution, which sees more of the surroundings. Towers without a feature map describe a padded crop of
each region; transformers use both.

torch is imported only by functions that run the model, when they are called. `feature_maps` turns a stored feature map
into vectors without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from gallery.descriptors.open_clip import dense_features
from gallery.descriptors.open_clip.feature_maps import SharedMap, padded_crops, region_vectors, superpixel_features
from gallery.descriptors.open_clip.inference import View
from gallery.descriptors.open_clip.weights import WeightsMissing
from gallery.descriptors.pooling import RegionMembers, unit
from selector.arrays import Floats, Labels, Rgb

Method = Literal["feature-map", "summaries", "crops", "sum"]
WITHOUT_CROPS = ("feature-map", "summaries")  # methods by which a stored feature map says all about a region
NATIVE_SHARE = 0.5  # of the map at the tower's own resolution, beside 1 of that at twice as much
CROP_SHARE = 0.5  # of the padded crop, beside 1 of the feature map, in the method "sum"


@dataclass(eq=False)
class Tower:
    """A model, loaded by `loading.load`. Several threads may use it; they take turns.

    Attributes
    ----------
    model, pretrained : str
        The arguments it was loaded with.
    method : {"feature-map", "summaries", "crops", "sum"}
        How it describes regions: by their mean in the feature map; by that of a map in which each patch of a
        transformer sums up what the last layer attends to; by a padded crop of each; by the first and the third.
    dimensions : int
        Length D of its vectors.
    weights_hash : str
        SHA-256 of all its weights and of `loading.VERSION`, in hexadecimal: vectors of two hashes are never compared.
    knows_words : bool
        Whether its text tower has been trained, so that `text_vector` can be used.
    """

    model: str
    pretrained: str
    method: Method
    dimensions: int
    weights_hash: str
    knows_words: bool
    _net: Any = field(repr=False)
    _views: list[View] = field(repr=False)
    _preprocess: dict[str, Any] = field(repr=False)
    _tokenizer: Any = field(repr=False)
    _device: str = field(repr=False)
    _batch: int = field(repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def feature_map(self, rgb: Rgb) -> Floats:
        """Describe the places of an image, in two forward passes.

        Parameters
        ----------
        rgb : uint8 ndarray, shape (H, W, 3)
            sRGB image.

        Returns
        -------
        float32 ndarray, shape (h, w, D)
            A vector for each cell of a grid over the image; for the method "crops" one cell of zeros.
        """
        maps = [self._run(view.feature_map, [rgb], view.size)[0] for view in self._views]
        if not maps:
            return np.zeros((1, 1, self.dimensions), np.float32)
        total = _level(maps[0])
        for other in maps[1:]:
            total += NATIVE_SHARE * _enlarged(_level(other), total.shape[:2])
        return total

    def superpixel_features(self, rgb: Rgb, labels: Labels) -> SharedMap:
        """Describe superpixels by additive features.

        Parameters
        ----------
        rgb : uint8 ndarray, shape (H, W, 3)
            sRGB image.
        labels : uint16 ndarray, shape (H, W)
            Superpixel of each pixel, 0..n-1.

        Returns
        -------
        SharedMap
        """
        return superpixel_features(self.feature_map(rgb), labels)

    def region_vectors(
        self, features: SharedMap, members: RegionMembers, *, rgb: Rgb | None = None, labels: Labels | None = None
    ) -> Floats:
        """Describe regions.

        Parameters
        ----------
        features : SharedMap
            From `superpixel_features`.
        members : bool ndarray, shape (r, n), or a sequence of r integer arrays
            The superpixels of each region.
        rgb : uint8 ndarray, shape (H, W, 3), optional
            sRGB image; the methods "crops" and "sum" need it.
        labels : uint16 ndarray, shape (H, W), optional
            Superpixel of each pixel; the methods "crops" and "sum" need it.

        Returns
        -------
        float32 ndarray, shape (r, D)
            Unit vectors.

        Raises
        ------
        ValueError
            If the method needs the image.
        """
        if self.method in WITHOUT_CROPS:
            return region_vectors(features, members)
        if rgb is None or labels is None:
            raise ValueError(f"the method {self.method!r} needs the image and its labels")
        crops = self.image_vectors(padded_crops(rgb, labels, members))
        return crops if self.method == "crops" else unit(region_vectors(features, members) + CROP_SHARE * crops)

    def image_vectors(self, images: Sequence[Rgb]) -> Floats:
        """Describe whole images as the model itself does.

        Parameters
        ----------
        images : sequence of uint8 ndarray, shape (H, W, 3)
            k sRGB images, of any sizes.

        Returns
        -------
        float32 ndarray, shape (k, D)
            Unit vectors.
        """
        if not images:
            return np.zeros((0, self.dimensions), np.float32)
        return unit(self._run(self._net.encode_image, images, dense_features.image_size(self._net.visual)))

    def text_vector(self, words: str) -> Floats:
        """Describe words.

        Parameters
        ----------
        words : str
            A few words, in the language of the model.

        Returns
        -------
        float32 ndarray, shape (D,)
            A unit vector, to be compared with those of regions.

        Raises
        ------
        WeightsMissing
            If the model has no trained text tower.
        """
        import torch

        if not self.knows_words:
            name = Path(self.model).stem
            raise WeightsMissing(f"The model {name} knows no words: choose one that was trained with text.")
        with self._turn, torch.inference_mode():
            vectors: Floats = self._net.encode_text(self._tokenizer([words]).to(self._device)).float().cpu().numpy()
        return unit(vectors[0])

    def _run(self, forward: Callable[[Any], Any], images: Sequence[Rgb], size: tuple[int, int]) -> Floats:
        """The results of a forward pass for each image, batch by batch: float32 (k, ...)."""
        import torch

        results = []
        for start in range(0, len(images), self._batch):
            batch = np.stack([self._prepared(image, size) for image in images[start : start + self._batch]])
            with self._turn, torch.inference_mode():
                results.append(forward(torch.from_numpy(batch).to(self._device)).float().cpu().numpy())
        return np.concatenate(results)

    def _prepared(self, rgb: Rgb, size: tuple[int, int]) -> Floats:
        """Squash an image to (height, width), so that nothing of it is cut off, and normalise: float32 (3, h, w)."""
        linear = self._preprocess.get("interpolation") == "bilinear"
        how = Image.Resampling.BILINEAR if linear else Image.Resampling.BICUBIC
        small = np.asarray(Image.fromarray(rgb).resize(size[::-1], how))
        mean, std = (np.array(self._preprocess[key], np.float32) for key in ("mean", "std"))
        # There are 256 levels and ten times a hundred thousand pixels: what each level becomes is looked up.
        levels = (np.arange(256, dtype=np.float32)[:, None] / 255 - mean) / std
        return np.stack([levels[:, channel].take(small[..., channel]) for channel in range(3)])


def _level(feature_map: Floats) -> Floats:
    """Scale a map so that its mean has length 1; then maps of two resolutions can be added."""
    length = float(np.linalg.norm(feature_map.mean(axis=(0, 1))))
    return feature_map / length if length > 0 else feature_map.copy()


def _enlarged(feature_map: Floats, size: tuple[int, ...]) -> Floats:
    """Enlarge a map to (h, w) places bilinearly, edges repeated."""
    for axis in (0, 1):
        length = feature_map.shape[axis]
        places = np.clip((np.arange(size[axis]) + 0.5) * length / size[axis] - 0.5, 0, length - 1)
        low = places.astype(np.intp)
        high = np.minimum(low + 1, length - 1)
        share = (places - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        feature_map = feature_map.take(low, axis) * (1 - share) + feature_map.take(high, axis) * share
    return feature_map
