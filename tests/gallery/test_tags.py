"""Tags that look the same are one, however they come in."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from taggit.models import Tag

from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage
from gallery.web.forms import MetadataForm
from tests.pictures import image_file

pytestmark = pytest.mark.django_db
COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.fixture
def image(few_superpixels: None) -> GalleryImage:
    return add_public(image_file(), "a.jpg", Details(tags=(COMPOSED,)))[0]


def test_a_tag_typed_on_another_system_is_the_same(image: GalleryImage) -> None:
    image.tags.add(DECOMPOSED, f" {DECOMPOSED.upper()}\t")
    assert list(Tag.objects.values_list("name", flat=True)) == [COMPOSED]


def test_white_space_makes_no_other_tag(image: GalleryImage) -> None:
    image.tags.set(["old  town", " old\u00a0town", "  "])
    assert list(image.tags.names()) == ["old town"]


def test_a_form_takes_both_spellings(image: GalleryImage) -> None:
    form = MetadataForm({"title": "A", "tags": f"{DECOMPOSED}, harbour"}, instance=image)
    assert form.is_valid()
    form.save()
    assert set(image.tags.names()) == {COMPOSED, "harbour"}


def test_the_images_of_a_tag_are_found_by_both(image: GalleryImage) -> None:
    for spelling in (COMPOSED, DECOMPOSED, f" {DECOMPOSED} "):
        assert GalleryImage.objects.tagged(spelling).get() == image


def test_the_admin_renames_a_tag_in_one_form(image: GalleryImage) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("admin", "admin@example.com"))
    tag = Tag.objects.get()
    image.tags.add("bar")
    page = client.post(f"/admin/taggit/tag/{Tag.objects.get(name='bar').pk}/change/", {"name": DECOMPOSED})
    assert "There is a tag of this name." in page.content.decode()
    client.post(f"/admin/taggit/tag/{tag.pk}/change/", {"name": f"{DECOMPOSED}  noir"})
    tag.refresh_from_db()
    assert tag.name == f"{COMPOSED} noir"


def test_tags_that_were_two_become_one_with_all_their_images(image: GalleryImage) -> None:
    other = add_public(image_file(quality=70), "b.jpg", Details())[0]
    old = Tag.objects.create(name=DECOMPOSED, slug="old")
    for tagged in (image, other):
        tagged.tags.add(old)
    Tag.objects.create(name="alone\u0301", slug="alone")
    import_module("gallery.migrations.0012_tags_in_one_form").merge(apps, None)
    assert set(Tag.objects.values_list("name", flat=True)) == {COMPOSED, "alon\u00e9"}
    assert [list(tagged.tags.names()) for tagged in (image, other)] == [[COMPOSED], [COMPOSED]]
