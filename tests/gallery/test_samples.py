"""What the start page offers to try: there from the first second, with real hits; nothing is kept until one goes on."""

from __future__ import annotations

import base64
import re

import pytest
from django.core.management import call_command
from django.test import Client

from gallery.collection import demo
from gallery.models import GalleryImage
from library import samples
from selector.models import Photo, Selection
from selector.services import label_maps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
CAT, CUP = demo.PHOTOGRAPHS[1:3]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PHOTOGRAPHS", (CAT, CUP))
    call_command("load_demo", verbosity=0)


def photo_of(photograph: demo.Photograph) -> Photo:
    return GalleryImage.objects.get(title=photograph.details.title).photo


def test_without_the_demo_collection_nothing_is_offered(client: Client) -> None:
    page = client.get("/").content.decode()
    assert 'id="demo"' not in page and "begin with one of these" not in page


def test_they_are_there_before_anything_is_indexed(client: Client, loaded: None) -> None:
    assert not GalleryImage.objects.indexed().exists()
    page = client.get("/").content.decode()
    assert f"/samples/{photo_of(CUP).pk}/lift/" in page
    assert page.count("<strong>the cat</strong>") == 1
    picture = client.get(f"/samples/{photo_of(CAT).pk}/{photo_of(CAT).version}/highlight.png")
    assert picture["Content-Type"] == "image/png"
    assert client.get(f"/samples/{photo_of(CAT).pk}/other/highlight.png").status_code == 404
    answer = client.get(f"/samples/{photo_of(CUP).pk}/lift/").content.decode()
    assert "The collection is being looked through: 10 images to go." in answer


def test_a_click_lifts_the_thing_out_and_finds_it(client: Client, loaded: None) -> None:
    call_command("prepare_samples")
    # Those that show the cup, and no others: the worker is there for the rest.
    indexed = set(GalleryImage.objects.indexed().values_list("title", flat=True))
    assert all(demo.shows(title, CUP) for title in indexed) and len(indexed) == 6
    photo = photo_of(CUP)
    at = f"{photo.width / 2:.1f},{photo.height / 2:.1f}"
    by_click, by_key = (
        client.get(f"/samples/{photo.pk}/lift/", {"points": points}).content.decode() for points in (at, "")
    )
    assert len(re.findall("<li>", by_click)) == 3 and "highlight.png" in by_click
    found = GalleryImage.objects.filter(pk__in=re.findall(r"/gallery/(\d+)/", by_click))
    assert all(demo.shows(image.title, CUP) for image in found)
    state = re.search(r'data-state="([^"]+)"', by_click)
    assert state and base64.b64decode(state[1])
    # A click on the thing means the thing.
    assert state[0] in by_key
    assert not Selection.objects.exists()


@pytest.mark.parametrize(("points", "status"), [("a,b", 400), ("-5,3", 422), ("nan,1", 422)])
def test_a_point_that_makes_no_sense_is_refused(client: Client, loaded: None, points: str, status: int) -> None:
    assert client.get(f"/samples/{photo_of(CUP).pk}/lift/", {"points": points}).status_code == status


def test_going_on_opens_the_workspace_with_it_selected(client: Client, loaded: None) -> None:
    photo = photo_of(CAT)
    answer = client.post(f"/samples/{photo.pk}/")
    assert answer["Location"] == photo.get_absolute_url()
    selection = Selection.objects.get()
    thing = samples.members_of(samples.THINGS[1], label_maps.get_or_compute(photo))
    assert (selection.superpixels.included == thing).all()
    # What was selected there since stays.
    client.post(f"{photo.get_absolute_url()}selection/", {"label_map": selection.label_map_id, "tool": "invert"})
    client.post(f"/samples/{photo.pk}/")
    assert (Selection.objects.get().superpixels.included == ~thing).all()
    # Who returns sees where they were.
    assert "Your last" not in client.get("/").content.decode()
    client.post(f"/photos/{photo.pk}/search/")
    assert "Your last searches" in client.get("/").content.decode()
