"""Pictures of one thing on a plain ground, and what tests do to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.core.files.base import ContentFile

if TYPE_CHECKING:
    from gallery.models import GalleryImage, Search
    from selector.models import LabelMap, Photo

Colour = tuple[int, int, int]
Pixels = npt.NDArray[np.uint8]
AddImage = Callable[..., "GalleryImage"]
Select = Callable[..., "LabelMap"]
SearchOf = Callable[..., "Search"]


def thing_on_ground(thing: Colour, ground: Colour, seed: int = 0) -> Pixels:
    """A disc of one colour on a ground of another, 200 x 150, with a little noise that no two seeds share."""
    y, x = np.mgrid[:150, :200]
    picture = np.where(
        ((x - 70) ** 2 + (y - 75) ** 2 < 40**2)[..., None],
        np.array(thing, np.uint8),
        np.array(ground, np.uint8),
    )
    noise = np.random.default_rng(seed).integers(-8, 9, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def break_file(photo: Photo) -> None:
    """Let a photo's stored working copy be damaged."""
    name = str(photo.working.name)
    photo.working.storage.delete(name)
    photo.working.storage.save(name, ContentFile(b"no picture"))
