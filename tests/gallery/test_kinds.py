"""A further kind of descriptor space is one class and its name in a list: nothing else of the site is told of it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gallery.descriptors.pooling import region_sums, unit
from gallery.index import kinds, spaces
from gallery.index.describers import Describer, Kind, Notice, SpaceUnavailable
from gallery.index.segmented_photo import SegmentedImage
from gallery.models import DescriptorSpace, GalleryImage, PhotoFeatures
from gallery.search.ask import ask
from gallery.search.options import Options
from gallery.search.presets import default_balance
from selector.arrays import Floats
from selector.models import Photo
from selector.people import Person
from selector.services.photos import store_photo
from tests.gallery.discs import AddImage, SearchOf, thing_on_ground
from tests.models import use
from tests.pictures import BLUE, GREEN, RED, YELLOW, image_file

pytestmark = pytest.mark.django_db


class MeanColourDescriber(Describer):
    """The direction of the mean of red, green and blue."""

    def extract_features(self, image: SegmentedImage) -> Floats:
        flat, n = image.labels.ravel(), int(image.labels.max()) + 1
        planes = image.rgb.reshape(-1, 3).T
        return np.stack([np.bincount(flat, plane, n) for plane in planes], axis=1).astype(np.float32)

    def region_vectors(self, features: Floats, members: npt.NDArray[np.bool_], image: SegmentedImage) -> Floats:
        return unit(region_sums(features, members))


class MeanColour(Kind):
    name = "mean colour"
    label = "coloured like"
    default_weight = 0.3

    def ensure_space(self) -> DescriptorSpace:
        return self._row(model="mean colour 1", dimensions=3)

    def is_configured(self, space: DescriptorSpace) -> bool:
        return space.model == "mean colour 1"

    def describer(self, space: DescriptorSpace) -> Describer:
        return MeanColourDescriber()


class Elsewhere(MeanColour):
    """A kind whose weights are on a machine that does not answer."""

    def ensure_space(self) -> DescriptorSpace:
        raise SpaceUnavailable("Its weights are elsewhere.")

    def why_no_answer(self) -> Notice | None:
        return Notice("Nothing is indexed by mean colour yet.")

    def fetch(self, progress: Any = None) -> str:
        raise SpaceUnavailable("Its weights are elsewhere.")


@pytest.fixture
def mean_colour(monkeypatch: pytest.MonkeyPatch) -> MeanColour:
    """The list with one more kind."""
    kind = MeanColour()
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, kind))
    return kind


@pytest.fixture
def question(alice: Any) -> Photo:
    """A photo of a red disc."""
    return store_photo(image_file(thing_on_ground(RED, BLUE, 9)), "question.jpg", owner=alice)


def index_gallery() -> str:
    err = StringIO()
    call_command("index_gallery", stdout=StringIO(), stderr=err)
    return err.getvalue()


def test_images_are_indexed_and_found_by_a_further_kind(
    mean_colour: MeanColour, add_image: AddImage, question: Photo, search_of: SearchOf, alice: Any
) -> None:
    red, yellow = add_image(RED, GREEN, title="red"), add_image(YELLOW, GREEN, title="yellow")
    index_gallery()
    space = DescriptorSpace.objects.get(kind=mean_colour.name)
    assert space.is_ready
    assert space.vectors.filter(image=red).count() == red.regions.count()

    person = Person(user=alice)
    first, second = ask(search_of(question, person), person).hits
    assert (first.image, second.image) == (red, yellow)
    assert [label for label, _ in first.reasons] == ["Looks like", "Coloured like"]
    assert first.scores_by_space[mean_colour.name] > second.scores_by_space[mean_colour.name]
    assert PhotoFeatures.objects.filter(space=space).count() == 1


def test_pages_show_a_further_kind_without_being_told(
    mean_colour: MeanColour, add_image: AddImage, question: Photo, search_of: SearchOf, alice: Any, alice_client: Client
) -> None:
    add_image(RED, GREEN)
    index_gallery()
    page = alice_client.get(search_of(question, Person(user=alice)).get_absolute_url()).content.decode()
    assert "Coloured like" in page


def test_images_indexed_before_a_kind_was_there_are_described_by_it_later(
    add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_indexed()
    regions = set(image.regions.values_list("pk", flat=True))
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, MeanColour()))
    (_, new), _ = spaces.ensure_spaces()
    assert list(GalleryImage.objects.lacking(new.pk)) == [image]
    index_gallery()
    assert set(new.vectors.values_list("region", flat=True)) == regions


def test_the_slider_leaves_a_further_kind_its_weight(mean_colour: MeanColour) -> None:
    assert Options().weights == {"appearance": 0.2, "meaning": 0.8, "mean colour": 0.3}
    assert Options(balance=30).weights == {"appearance": 0.7, "meaning": 0.3, "mean colour": 0.3}
    assert default_balance() == 80


def test_the_slider_is_offered_only_where_it_can_move_weight(
    mean_colour: MeanColour,
    add_image: AddImage,
    question: Photo,
    search_of: SearchOf,
    alice: Any,
    settings: Any,
    tiny_models: Any,
) -> None:
    add_image()
    index_gallery()
    asked, person = search_of(question, Person(user=alice)), Person(user=alice)
    assert not ask(asked, person).controls.balance
    use(settings, tiny_models[0])
    index_gallery()
    assert ask(asked, person).controls.balance


def test_a_kind_that_is_not_available_is_a_notice_and_the_others_go_on(
    add_image: AddImage, question: Photo, search_of: SearchOf, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "KINDS", (Elsewhere(), *kinds.KINDS))
    image = add_image()
    assert "Its weights are elsewhere." in index_gallery()
    answer = ask(search_of(question, Person(user=alice)), Person(user=alice))
    assert [hit.image for hit in answer.hits] == [image]
    assert answer.notices == ["Nothing is indexed by mean colour yet."]


def test_what_one_kind_cannot_fetch_does_not_keep_the_others_from_fetching(
    settings: Any, tiny_models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "KINDS", (Elsewhere(), *kinds.KINDS))
    use(settings, tiny_models[0])
    out = StringIO()
    with pytest.raises(CommandError, match="Its weights are elsewhere"):
        call_command("fetch_models", stdout=out)
    assert out.getvalue() == f"The weights are in {settings.MEANING_WEIGHTS}.\n"


def test_a_kind_that_is_taken_from_the_list_answers_no_more_and_its_spaces_can_be_removed(
    add_image: AddImage, question: Photo, search_of: SearchOf, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_image()
    with monkeypatch.context() as patch:
        patch.setattr(kinds, "KINDS", (*kinds.KINDS, MeanColour()))
        index_gallery()
    answer = ask(search_of(question, Person(user=alice)), Person(user=alice))
    assert list(answer.hits[0].scores_by_space) == ["appearance"]
    assert kinds.label_of("mean colour") == "mean colour"
    space = DescriptorSpace.objects.get(kind="mean colour")
    with pytest.raises(SpaceUnavailable, match="no more searches by mean colour"):
        kinds.describer_of(space)
    out = StringIO()
    call_command("spaces", remove=space.pk, no_input=True, stdout=out)
    assert "Removed: mean colour by mean colour 1" in out.getvalue()
    assert "the next indexing makes it anew" not in out.getvalue()


def test_whole_images_are_described_as_one_superpixel(mean_colour: MeanColour) -> None:
    picture = np.full((4, 6, 3), (0, 30, 40), np.uint8)
    vectors = MeanColourDescriber().image_vectors([picture, picture // 2])
    assert np.allclose(vectors, [[0, 0.6, 0.8]] * 2)


def test_names_and_weights_are_those_of_kept_searches() -> None:
    assert kinds.default_weights() == {"appearance": 0.2, "meaning": 0.8}
    assert [kinds.label_of(name) for name in ("appearance", "meaning")] == ["looks like", "means like"]
    assert all(len(kind.name) <= 20 for kind in kinds.KINDS), "as long as the column"
