"""Indexing an image: what is stored, and that it may be stopped, repeated and overtaken."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from gallery.descriptors import appearance
from gallery.descriptors.region_choice import COUNT
from gallery.index import indexing, spaces, storing
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion, RegionVector
from selector.people import Person
from selector.rendering.masks import mask_bits, mask_box, mask_from_bits, region_mask
from selector.services.turning import turn
from tests.gallery.discs import AddImage, break_file
from tests.pictures import BLUE, YELLOW

pytestmark = pytest.mark.django_db


def index_gallery(*args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("index_gallery", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def content() -> list[Any]:
    """All that makes the index, without the keys that any run gives anew."""
    vectors = RegionVector.objects.order_by("region__image", "region__node", "space")
    return [
        (*row[:-2], bytes(row[-2]), tuple(row[-1]))
        for row in vectors.values_list(
            "region__image", "region__node", "region__sample_key", "region__left", "region__bottom", "region__area",
            "space", "region__mask", "vector",
        )
    ]  # fmt: skip


def test_an_image_is_indexed_as_a_whole_and_by_regions(add_indexed: AddImage) -> None:
    image = add_indexed()
    whole, *others = image.regions.order_by("-area")
    assert (whole.left, whole.top, whole.right, whole.bottom, whole.area) == (0, 0, 200, 150, 1)
    assert 1 <= len(others) <= COUNT
    assert image.status == GalleryImage.Status.INDEXED


def test_some_regions_lie_in_the_thing_and_some_around_it(add_indexed: AddImage) -> None:
    y, x = (np.mgrid[:64, :64] + 0.5) / 64
    disc = (x * 200 - 70) ** 2 + (y * 150 - 75) ** 2 < 40**2
    regions = [mask_from_bits(bytes(region.mask)) for region in add_indexed().regions.filter(area__lt=1)]
    shares = [(disc & region).sum() / region.sum() for region in regions]
    assert max(shares) > 0.9
    assert min(shares) < 0.1


def test_boxes_and_masks_are_those_of_the_members(add_indexed: AddImage) -> None:
    from selector.selection.tree import node_members
    from selector.services import label_maps

    image = add_indexed()
    for region in image.regions.select_related("label_map"):
        segmentation = label_maps.load(region.label_map)
        inside = node_members(segmentation.hierarchy.parents, region.node)
        box = (region.left, region.top, region.right, region.bottom)
        assert box == mask_box(region_mask(segmentation.labels, inside))
        assert bytes(region.mask) == mask_bits(segmentation.labels, inside)


def test_every_region_has_a_unit_vector_in_every_space(add_indexed: AddImage) -> None:
    image = add_indexed()
    space = DescriptorSpace.objects.get()
    vectors = np.array(RegionVector.objects.filter(space=space).values_list("vector", flat=True))
    assert vectors.shape == (image.regions.count(), space.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)


def test_an_image_is_decoded_once_and_its_label_map_is_not_read_back(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from selector.imaging import imagefile
    from selector.services import label_maps

    image, decode = add_image(), imagefile.decode
    decoded: list[int] = []

    def counted(data: bytes) -> Any:
        decoded.append(len(data))
        return decode(data)

    def refuse(pk: int) -> None:
        raise AssertionError("The label map has just been computed.")

    monkeypatch.setattr(imagefile, "decode", counted)
    monkeypatch.setattr(label_maps, "_decode", refuse)
    indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
    assert len(decoded) == 1


def test_a_label_map_that_was_just_computed_is_the_one_that_is_stored(add_indexed: AddImage) -> None:
    from selector.services import label_maps

    label_map = add_indexed().photo.label_maps.get()
    computed = label_maps.load(label_map)
    stored = label_maps._decode(label_map.pk)
    assert np.array_equal(computed.labels, stored.labels) and computed.labels.dtype == stored.labels.dtype
    assert np.array_equal(computed.hierarchy.parents, stored.hierarchy.parents)
    assert np.array_equal(computed.areas, stored.areas)
    assert not computed.labels.flags.writeable


def test_indexing_again_ends_in_the_same_index(add_indexed: AddImage) -> None:
    add_indexed()
    add_indexed(BLUE, YELLOW)
    before = content()
    assert index_gallery("--all")[0] == "2 images indexed.\n"
    assert content() == before


def test_what_is_indexed_is_left_alone(add_indexed: AddImage) -> None:
    add_indexed()
    keys = list(IndexedRegion.objects.values_list("pk", flat=True))
    assert index_gallery()[0] == "0 images indexed.\n"
    assert list(IndexedRegion.objects.values_list("pk", flat=True)) == keys


def test_stopping_in_the_middle_of_an_image_leaves_what_was_there(
    add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_indexed()
    before = content()
    image.mark_pending()

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(storing, "add_vectors", killed)
        with pytest.raises(KeyboardInterrupt):
            index_gallery()
    assert content() == before
    image.refresh_from_db()
    assert image.status == GalleryImage.Status.PENDING


def test_stopping_half_way_and_going_on_ends_in_the_same_index_as_one_run(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(4):
        add_image(seed=seed)
    index_gallery()
    in_one_go = content()
    GalleryImage.objects.update(status=GalleryImage.Status.PENDING)
    IndexedRegion.objects.all().delete()

    original = indexing.describe
    done: list[int] = []

    def killed_after_two(image: GalleryImage, targets: Any) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(image.pk)
        return original(image, targets)

    with monkeypatch.context() as patch:
        patch.setattr(indexing, "describe", killed_after_two)
        with pytest.raises(KeyboardInterrupt):
            index_gallery()
    assert len({row[0] for row in content()}) == 2
    assert index_gallery()[0] == "2 images indexed.\n"
    assert content() == in_one_go


def test_one_bad_image_is_reported_and_stops_no_other(add_image: AddImage) -> None:
    first, bad, last = add_image(seed=1), add_image(seed=2), add_image(seed=3)
    break_file(bad.photo)
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 image could not be indexed"):
        call_command("index_gallery", stdout=out, stderr=err)
    assert out.getvalue() == "2 images indexed.\n"
    assert f"Image {bad.pk}: " in err.getvalue()
    assert dict(GalleryImage.objects.values_list("pk", "status")) == {
        first.pk: "indexed", bad.pk: "failed", last.pk: "indexed"
    }  # fmt: skip
    bad.refresh_from_db()
    assert bad.error.endswith(".")


def test_a_missing_file_is_called_missing(add_image: AddImage) -> None:
    image = add_image()
    image.photo.working.storage.delete(str(image.photo.working.name))
    with pytest.raises(CommandError):
        index_gallery()
    image.refresh_from_db()
    assert image.error == "Its file is missing from the storage."


def test_images_that_failed_are_tried_again_only_when_asked(add_image: AddImage) -> None:
    image = add_image()
    image.mark_failed("Something was wrong with it.")
    assert index_gallery()[0] == "0 images indexed.\n1 image failed before; --failed tries again.\n"
    assert index_gallery("--failed")[0] == "1 image indexed.\n"
    image.refresh_from_db()
    assert (image.status, image.error) == ("indexed", "")


def test_an_image_deleted_while_it_is_being_indexed_leaves_nothing(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image()
    original = indexing.region_vectors

    def deleted_meanwhile(*args: Any) -> Any:
        GalleryImage.objects.all().delete()
        return original(*args)

    monkeypatch.setattr(indexing, "region_vectors", deleted_meanwhile)
    assert indexing.failure_of(image.pk, spaces.ensure_spaces()[0]) == ""
    assert not IndexedRegion.objects.exists()


def test_a_new_space_is_added_beside_the_old_one(add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch) -> None:
    image = add_indexed()
    regions = set(image.regions.values_list("pk", flat=True))
    old = DescriptorSpace.objects.get()
    monkeypatch.setattr(appearance, "VERSION", "next")
    (new,), _ = spaces.ensure_spaces()
    assert list(GalleryImage.objects.lacking(new.pk)) == [image]

    assert index_gallery()[0] == "1 image indexed.\n"
    assert set(image.regions.values_list("pk", flat=True)) == regions
    assert RegionVector.objects.filter(space=new).count() == RegionVector.objects.filter(space=old).count()


def test_removing_a_space_leaves_nothing_of_it_behind(add_indexed: AddImage) -> None:
    image = add_indexed()
    DescriptorSpace.objects.all().delete()
    assert not RegionVector.objects.exists()
    assert image.regions.exists()


def test_a_photo_that_is_turned_is_indexed_again(add_indexed: AddImage, alice: Any) -> None:
    image = add_indexed(owner=alice)
    turn(image.photo)
    image.refresh_from_db()
    assert image.status == GalleryImage.Status.PENDING
    index_gallery()
    whole = image.regions.get(area=1)
    assert (whole.right, whole.bottom) == (150, 200)


def test_the_sample_for_calibration_depends_on_content_alone() -> None:
    keys = [indexing.sample_key_of("ab" * 32, node) for node in range(1000)]
    assert keys == [indexing.sample_key_of("ab" * 32, node) for node in range(1000)]
    assert all(0 <= key < 2**63 for key in keys)
    assert np.mean(keys) == pytest.approx(2**62, rel=0.05)


def test_deleting_a_public_image_deletes_its_photo_and_files(
    add_indexed: AddImage, django_capture_on_commit_callbacks: Any
) -> None:
    image = add_indexed()
    names = [str(image.photo.original.name), str(image.photo.working.name)]
    names += [str(label_map.labels.name) for label_map in image.photo.label_maps.all()]
    storage = image.photo.working.storage
    assert len(names) == 3 and all(storage.exists(name) for name in names)
    with django_capture_on_commit_callbacks(execute=True):
        image.delete()
    assert not any(storage.exists(name) for name in names)
    assert not IndexedRegion.objects.exists()


def test_deleting_a_private_image_leaves_its_owner_the_photo(add_indexed: AddImage, alice: Any) -> None:
    image = add_indexed(owner=alice)
    photo = image.photo
    image.delete()
    photo.refresh_from_db()
    assert photo.is_owned_by(Person(user=alice))
