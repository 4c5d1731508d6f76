"""Ways of searching that compare whole images: what the site's own way is measured against."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gallery.descriptors.open_clip import feature_maps
from gallery.descriptors.pooling import unit
from gallery.evaluation.filling import Tick
from gallery.index.kinds import describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.models import DescriptorSpace, GalleryImage
from selector.arrays import Floats, Labels, Mask, Rgb
from selector.services.label_maps import get_or_compute


class WholeImages:
    """The whole images of a dataset in one space: as the model describes pictures, and as they are indexed."""

    def __init__(self, space: DescriptorSpace, images: dict[str, GalleryImage], tick: Tick) -> None:
        self.space, self.names = space, list(images)
        self.described = self._described(images.values(), tick)
        self.indexed = self._indexed(images.values())

    def _described(self, images: Iterable[GalleryImage], tick: Tick) -> Floats:
        vectors = []
        for image in images:
            vectors.append(describer_of(self.space).image_vectors([SegmentedPhoto(get_or_compute(image.photo)).rgb])[0])
            tick("Whole images")
        return np.stack(vectors)

    def _indexed(self, images: Iterable[GalleryImage]) -> Floats:
        rows = self.space.vectors.filter(region__area=1).values_list("region__image", "vector")
        vectors = {image: np.array(list(vector), np.float32) for image, vector in rows}
        return np.stack([vectors[image.pk] for image in images])

    def rankings(self, picture: SegmentedPhoto, members: Mask, vector: Floats) -> dict[str, list[str]]:
        """Rank the images in three ways.

        Parameters
        ----------
        picture
            The photo that is asked with.
        members : bool (n,)
            The superpixels that are selected in it.
        vector : float32 (D,)
            The site's own query vector.

        Returns
        -------
        dict
            For each way the names of all images, best first. "prototype" asks with the selection on white, "padded
            crop" with its box and some of what is around, both against pictures; "whole images" asks with the site's
            query vector, against the indexed vectors of whole images.
        """
        labels = picture.segmentation.labels
        crop = feature_maps.padded_crops(picture.rgb, labels, members[None])[0]
        white, cropped = describer_of(self.space).image_vectors([on_white(picture.rgb, labels, members), crop])
        return {
            "prototype": self._ranked(self.described @ white),
            "padded crop": self._ranked(self.described @ cropped),
            "whole images": self._ranked(self.indexed @ unit(vector)),
        }

    def _ranked(self, similarities: Floats) -> list[str]:
        return [self.names[row] for row in np.argsort(-similarities, kind="stable")]


def on_white(rgb: Rgb, labels: Labels, members: Mask) -> Rgb:
    """Paint everything but a selection white: what the first prototype of this idea asked with.

    Parameters
    ----------
    rgb : uint8 (H, W, 3)
        The picture.
    labels : uint16 (H, W)
        Superpixel of each pixel, 0..n-1.
    members : bool (n,)
        The superpixels that are selected.

    Returns
    -------
    uint8 (H, W, 3)
    """
    shown: Rgb = np.where(members[labels][..., None], rgb, np.uint8(255))
    return shown
