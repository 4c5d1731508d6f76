"""Images whose scene is that of the first hits are ahead: where these agree, and only then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gallery.descriptors.pooling import unit
from gallery.index.kinds import MEANING
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from gallery.search import scenes
from gallery.search.nearest import QueryVector
from gallery.search.ranking import rank_images
from selector.arrays import Floats
from selector.models import LabelMap, Photo

pytestmark = pytest.mark.django_db

DIMENSIONS, HITS, OTHERS = 32, 4, 24
AXES = np.eye(DIMENSIONS, dtype=np.float32)
THING, BEACH, STREET = AXES[:3]
RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def few_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "FIRST", HITS)
    monkeypatch.setattr(scenes, "FEWEST", 10)


def noise(size: float = 0.4) -> Floats:
    return size * unit(RNG.standard_normal(DIMENSIONS).astype(np.float32))


def add(space: DescriptorSpace, name: str, scene: Floats, thing: Floats | None) -> GalleryImage:
    """An image of a scene, in which is a thing, or another piece of the scene."""
    photo = Photo.objects.create(name=name, is_public=True, width=9, height=9, original_sha256=name)
    label_map = LabelMap.objects.create(photo=photo, engine="none", n_superpixels=1, hierarchy=b"")
    image = GalleryImage.objects.create(photo=photo, title=name, status="indexed", perceptual_hash=None)
    for node, (area, vector) in enumerate([(1.0, scene), (0.05, scene + noise() if thing is None else thing)]):
        region = IndexedRegion.objects.create(
            image=image, label_map=label_map, node=node, left=0, top=0, right=9, bottom=9, area=area, mask=b"",
            sample_key=int(RNG.integers(2**60)),
        )  # fmt: skip
        RegionVector.objects.create(region=region, image=image, space=space, vector=unit(vector))
    return image


def titles(space: DescriptorSpace, hits: Sequence[Floats]) -> list[str]:
    """The names of images, best first: hits in these scenes, and two that show the thing a little less clearly."""
    for number, scene in enumerate(hits):
        add(space, f"hit {number}", scene + noise(), THING + noise(0.3))
    faint = unit(THING + noise(0.8))
    add(space, "in a street", STREET + noise(), faint)
    add(space, "on a beach", BEACH + noise(), faint - 0.01 * THING)
    for number in range(OTHERS):
        add(space, f"other {number}", AXES[3 + number] + noise(), None)
    ranking = rank_images([QueryVector(space, THING)], GalleryImage.objects.all())
    named = dict(GalleryImage.objects.values_list("pk", "title"))
    return [named[key] for key in ranking.image_ids.tolist()]


@pytest.fixture
def space(db: None) -> DescriptorSpace:
    return DescriptorSpace.objects.create(kind=MEANING.name, model="toy", dimensions=DIMENSIONS, is_ready=True)


def test_what_stands_where_the_first_hits_stand_is_ahead(
    space: DescriptorSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = titles(space, [BEACH] * HITS)
    assert found.index("on a beach") < found.index("in a street")
    monkeypatch.setattr(scenes, "COUNTS", 0.0)
    ranking = rank_images([QueryVector(space, THING)], GalleryImage.objects.all())
    named = dict(GalleryImage.objects.values_list("pk", "title"))
    without = [named[key] for key in ranking.image_ids.tolist()]
    assert without.index("on a beach") > without.index("in a street"), "By itself it shows the thing less clearly."


def test_hits_in_different_scenes_say_nothing(space: DescriptorSpace) -> None:
    found = titles(space, [-BEACH, BEACH, -STREET, STREET])
    assert found.index("on a beach") > found.index("in a street")


def test_of_few_images_the_first_are_no_choice(space: DescriptorSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "FEWEST", 1000)
    found = titles(space, [BEACH] * HITS)
    assert found.index("on a beach") > found.index("in a street")
