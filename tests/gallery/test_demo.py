"""The demo collection: what it holds, and that it comes once."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from gallery import jobs
from gallery.collection import demo
from gallery.models import DemoCollection, GalleryImage
from tests.gallery.discs import AddImage


@pytest.fixture
def two_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PHOTOGRAPHS", demo.PHOTOGRAPHS[1:3])


def load(*args: str) -> str:
    out = StringIO()
    call_command("load_demo", *args, stdout=out)
    return out.getvalue()


def test_every_photograph_is_installed_with_scikit_image_and_says_whose_it_is() -> None:
    for photograph in demo.PHOTOGRAPHS:
        assert (demo.installed_photographs() / photograph.file).is_file()
        details = photograph.details
        assert all((details.title, details.description, details.creator, details.licence, details.tags))
        assert photograph.host in demo.BY_FILE and photograph.host != photograph.file


@pytest.mark.usefixtures("two_photographs")
def test_the_images_are_the_same_every_time() -> None:
    first, second = list(demo.images()), list(demo.images())
    assert first == second
    assert len({data for data, _, _ in first}) == 10


@pytest.mark.usefixtures("two_photographs")
def test_a_thing_set_in_another_picture_names_both_creators() -> None:
    details = [details for _, _, details in demo.images()]
    assert details[4].title == "Chelsea the cat, small in another picture"
    assert details[4].creator == "Stéfan van der Walt and Rachel Michetti"
    assert details[4].licence == "CC0 1.0"


@pytest.mark.django_db
@pytest.mark.usefixtures("two_photographs")
def test_the_collection_comes_with_titles_tags_and_licences() -> None:
    assert load() == "10 images of the demo collection loaded.\n"
    cat = GalleryImage.objects.get(title="Chelsea the cat")
    assert (cat.creator, cat.licence) == ("Stéfan van der Walt", "CC0 1.0")
    assert "cat" in cat.tags.names()
    assert cat.photo.is_public


@pytest.mark.django_db
@pytest.mark.usefixtures("two_photographs")
def test_it_comes_once_even_after_somebody_deleted_it() -> None:
    load()
    GalleryImage.objects.all().delete()
    assert load() == "The demo collection has been loaded before; --again loads it again.\n"
    assert load("--if-empty") == ""
    assert not GalleryImage.objects.exists()
    assert load("--again") == "10 images of the demo collection loaded.\n"


@pytest.mark.django_db
@pytest.mark.usefixtures("two_photographs")
def test_it_stays_away_when_there_are_other_images(add_image: AddImage) -> None:
    add_image()
    assert load("--if-empty") == ""
    assert GalleryImage.objects.count() == 1
    assert not DemoCollection.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("two_photographs")
def test_a_load_that_was_interrupted_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    defer = jobs.defer_indexing

    def killed(images: list[int]) -> None:
        if GalleryImage.objects.count() == 4:
            raise KeyboardInterrupt
        defer(images)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "defer_indexing", killed)
        with pytest.raises(KeyboardInterrupt):
            load("--if-empty")
    assert load("--if-empty") == "7 images of the demo collection loaded.\n"
    assert load("--if-empty") == ""
