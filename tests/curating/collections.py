"""Collections of rows without pixels, as many as a test wants."""

from __future__ import annotations

from typing import Any

from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from selector.models import LabelMap, Photo


def bare_image(number: int = 0, *, owner: Any = None, tags: tuple[str, ...] = (), **columns: Any) -> GalleryImage:
    """A row of the collection, or of a person's own."""
    photo = Photo.objects.create(
        name=f"{number}.jpg", is_public=owner is None, owner=owner, width=8, height=8, working_sha256=f"{number:064}"
    )
    given = {"title": f"Picture {number}", "status": "indexed"} | columns
    image: GalleryImage = GalleryImage.objects.create(photo=photo, **given)
    image.tags.add(*tags)
    return image


def describe(image: GalleryImage, space: DescriptorSpace) -> None:
    """One region of an image, in a space."""
    label_map = LabelMap.objects.create(photo=image.photo, engine="slic", n_superpixels=1, hierarchy=b"")
    region = IndexedRegion.objects.create(
        image=image, label_map=label_map, node=0, left=0, top=0, right=8, bottom=8, area=1, mask=b"", sample_key=0
    )
    RegionVector.objects.create(region=region, image=image, space=space, vector=[1, 0])
