"""Searches by programs: by a selection, an image, a node and words; pages of hits, and feedback."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from accounts.models import ApiToken
from curating.moving.coco_rle import decode
from gallery.models import GalleryImage, Search
from gallery.search import answers
from gallery.search.ask import ask
from selector.models import Photo
from selector.people import Person
from selector.selection.tree import node_members
from selector.services import label_maps
from selector.services.photos import store_photo
from tests.api.programs import Program, detail
from tests.gallery.discs import AddImage, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, image_file

WHITE = (240, 240, 240)

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(alice: User) -> Program:
    return Program(alice)


@pytest.fixture
def disc(alice: User, program: Program) -> Photo:
    """A photo of alice's with a red thing that she has selected."""
    photo = store_photo(image_file(thing_on_ground(RED, GREEN, 9)), "mine.jpg", owner=alice)
    body = {"polygon": [[45, 50], [95, 50], [95, 100], [45, 100]]}
    assert program("PUT", f"/photos/{photo.pk}/selection", body).json()["included"]
    return photo


@pytest.fixture
def images(add_indexed: AddImage) -> list[GalleryImage]:
    return [
        add_indexed(RED, BLUE, seed=1, title="Red on blue", tags=("boat",), creator="Ada"),
        add_indexed(BLUE, WHITE, seed=2, title="Blue on white", licence="CC0"),
        add_indexed(RED, WHITE, seed=3, title="Red on white", licence="CC BY 4.0"),
    ]


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [hit["image"]["id"] for hit in answer.json()["hits"]]


def test_a_selection_is_searched_for_as_on_the_site(
    program: Program, disc: Photo, images: list[GalleryImage], alice: User
) -> None:
    made = program("POST", "/searches", {"photo": str(disc.pk)})
    assert made.status_code == 201, made.content
    address = made.headers["Location"].removeprefix("/api/v1")
    assert program("GET", address).json() == made.json()
    answer = program("GET", f"{address}/hits")
    site = ask(Search.objects.get(), Person(user=alice))
    assert ids(answer) == [hit.image.pk for hit in site.hits] and answer.json()["sentence"] == site.sentence
    for hit, shown in zip(answer.json()["hits"], site.hits, strict=True):
        assert hit["score"] == shown.score and hit["scores_by_space"] == shown.scores_by_space
        assert hit["closeness"] == ("weaker" if shown.is_weak else "close match")
        region = shown.image.regions.get(pk=shown.region_ids[0])
        assert hit["regions"][0]["box"] == [region.left, region.top, region.right, region.bottom]
        segmentation = label_maps.load(region.label_map)
        node = shown.node if shown.node is not None else region.node
        drawn = node_members(segmentation.hierarchy.parents, node)[segmentation.labels]
        assert np.array_equal(decode(hit["outline"]["mask"]), drawn)
        rows, columns = np.nonzero(drawn)
        assert hit["outline"]["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    plain = program("GET", f"{address}/hits", {"masks": "false"}).json()["hits"]
    assert all(hit["outline"] is None and hit["regions"] for hit in plain)


def test_options_narrow_a_search_and_are_kept(program: Program, disc: Photo, images: list[GalleryImage]) -> None:
    by_licence = program("POST", "/searches", {"photo": str(disc.pk), "licence": "CC BY", "preset": "look"}).json()
    assert by_licence["options"] == {"licence": "CC BY", "preset": "look"}
    address = f"/searches/{by_licence['id']}"
    assert ids(program("GET", f"{address}/hits")) == [images[2].pk]
    changed = program("PATCH", address, {"name": "Boats", "is_pinned": True, "options": {"tag": "boat", "balance": 30}})
    assert changed.json()["options"] == {"tag": "boat", "balance": 30}
    assert (changed.json()["name"], changed.json()["is_pinned"]) == ("Boats", True)
    assert ids(program("GET", f"{address}/hits")) == [images[0].pk]
    none = program("PATCH", address, {"options": {"tag": "no such"}})
    assert none.status_code == 200 and program("GET", f"{address}/hits").json()["is_filtered_out"]
    wrong = program("PATCH", address, {"options": {"first": "2024-02-01", "last": "2024-01-01"}})
    assert wrong.status_code == 422 and detail(wrong) == "The first day lies after the last: swap them."
    assert program("GET", "/searches/choices").json() == {
        "tags": ["boat"],
        "licences": ["CC BY 4.0", "CC0"],
        "creators": ["Ada"],
    }


def test_an_image_a_region_and_a_node_can_be_searched_for(program: Program, images: list[GalleryImage]) -> None:
    image = images[0]
    region = image.regions.order_by("area").first()
    assert region is not None
    node = region.node
    states = set()
    for asked in ({}, {"regions": [region.pk]}, {"node": node}):
        made = program("POST", "/searches", {"image": image.pk, **asked})
        assert made.status_code == 201, made.content
        states.add(bytes(Search.objects.get(pk=made.json()["id"]).state))
        assert image.pk not in ids(program("GET", f"/searches/{made.json()['id']}/hits"))
    # The region is that node.
    assert len(states) == 2
    for asked in ({"regions": [10**9]}, {"node": 65000}):
        assert program("POST", "/searches", {"image": image.pk, **asked}).status_code == 404
    assert program("POST", "/searches", {"image": 10**9}).status_code == 404


def test_words_find_images_and_keep_nothing(program: Program, images: list[GalleryImage]) -> None:
    found = program("GET", "/hits", {"words": "red"})
    assert set(ids(found)) == {images[0].pk, images[2].pk} and "say “red”" in found.json()["sentence"]
    assert all(hit["score"] is None and hit["outline"] is None for hit in found.json()["hits"])
    assert ids(program("GET", "/hits", {"words": "red", "tag": "boat"})) == [images[0].pk]
    assert ids(program("GET", "/hits", {"creator": "ada"})) == [images[0].pk]
    assert not Search.objects.exists()


def pages_of(program: Program, address: str, asked: dict[str, str], meanwhile: Any) -> list[int]:
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = program("GET", address, {**asked, "cursor": cursor})
        seen += ids(answer)
        cursor = answer.json()["next"]
        meanwhile()
    return seen


def test_pages_of_hits_have_no_gaps_and_no_repeats(
    program: Program, disc: Photo, images: list[GalleryImage], add_indexed: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PAGE", 1)
    search = program("POST", "/searches", {"photo": str(disc.pk)}).json()["id"]
    number = iter(range(50, 90))
    seen = pages_of(program, f"/searches/{search}/hits", {}, lambda: add_indexed(RED, GREEN, seed=next(number)))
    assert sorted(seen) == [image.pk for image in images]
    assert len(pages_of(program, "/hits", {"words": "red"}, lambda: None)) == 2
    for cursor in ("xyz", "Wzk5OTksIDFd", "WzIsICJhIl0=", "W1tbW1tbW1tb"):
        refused = program("GET", f"/searches/{search}/hits", {"cursor": cursor})
        assert refused.status_code == 422 and "cursor" in detail(refused)


def test_a_token_that_is_revoked_in_the_middle_of_paging_ends_it(
    program: Program, disc: Photo, images: list[GalleryImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PAGE", 1)
    address = f"/searches/{program('POST', '/searches', {'photo': str(disc.pk)}).json()['id']}/hits"
    following = program("GET", address).json()["next"]
    ApiToken.objects.all().delete()
    refused = program("GET", address, {"cursor": following})
    assert refused.status_code == 401 and "Send a token" in detail(refused)
    assert disc.owner is not None
    other = Program(disc.owner)
    assert len(ids(other("GET", address, {"cursor": following}))) == 1


def test_feedback_is_given_read_and_taken_back(program: Program, disc: Photo, images: list[GalleryImage]) -> None:
    search = program("POST", "/searches", {"photo": str(disc.pk)}).json()["id"]
    hit = program("GET", f"/searches/{search}/hits").json()["hits"][0]
    address = f"/searches/{search}/feedback"
    body = {"liked": True, "regions": [region["id"] for region in hit["regions"]]}
    for _ in range(2):
        assert program("PUT", f"{address}/{hit['image']['id']}", body).json()["liked"]
    other = next(image.pk for image in images if image.pk != hit["image"]["id"])
    assert program("PUT", f"{address}/{other}", body).status_code == 404
    assert [row["image"] for row in program("GET", address).json()["feedback"]] == [hit["image"]["id"]]
    told = {one["image"]["id"]: one["feedback"] for one in program("GET", f"/searches/{search}/hits").json()["hits"]}
    assert told[hit["image"]["id"]] == "like"
    assert program("DELETE", f"{address}/{hit['image']['id']}").status_code == 204
    assert program("DELETE", f"{address}/{hit['image']['id']}").status_code == 404
    program("PUT", f"{address}/{hit['image']['id']}", {**body, "liked": False})
    assert program("DELETE", address).status_code == 204
    assert program("GET", address).json()["feedback"] == []


def test_a_search_is_deleted_and_brought_back(program: Program, disc: Photo, images: list[GalleryImage]) -> None:
    address = f"/searches/{program('POST', '/searches', {'photo': str(disc.pk)}).json()['id']}"
    assert [row["id"] for row in program("GET", "/searches").json()["searches"]] == [address.rpartition("/")[2]]
    assert program("DELETE", address).status_code == 204
    assert program("GET", address).status_code == 404 and program("GET", "/searches").json()["searches"] == []
    assert program("POST", f"{address}/bring-back").status_code == 200
    assert program("GET", address).status_code == 200


def test_a_search_is_nobody_elses(program: Program, disc: Photo, images: list[GalleryImage], bob: User) -> None:
    address = f"/searches/{program('POST', '/searches', {'photo': str(disc.pk)}).json()['id']}"
    stranger = Program(bob)
    body = {"liked": True, "regions": [1]}
    for method, path, sent in (
        ("GET", address, None),
        ("GET", f"{address}/hits", None),
        ("PATCH", address, {"name": "x"}),
        ("DELETE", address, None),
        ("POST", f"{address}/bring-back", None),
        ("GET", f"{address}/feedback", None),
        ("PUT", f"{address}/feedback/{images[0].pk}", body),
        ("DELETE", f"{address}/feedback/{images[0].pk}", None),
        ("DELETE", f"{address}/feedback", None),
        ("POST", "/searches", {"photo": str(disc.pk)}),
    ):
        assert stranger(method, path, sent).status_code == 404, (method, path)
    assert program("GET", address).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Say what to search for"),
        ({"photo": str(uuid.UUID(int=1)), "image": 1}, "Say what to search for"),
        ({"image": 1, "balance": 101}, "balance: "),
        ({"image": 1, "preset": "twin"}, "preset: "),
    ],
)
def test_a_question_that_is_none_is_refused(program: Program, body: Any, words: str) -> None:
    refused = program("POST", "/searches", body)
    assert refused.status_code == 422 and words in detail(refused)


def test_nothing_selected_is_nothing_to_search_for(program: Program, photo: Photo) -> None:
    refused = program("POST", "/searches", {"photo": str(photo.pk)})
    assert refused.status_code == 422 and "Select what you are looking for first" in detail(refused)


def test_the_same_thing_is_checked_point_by_point(program: Program, disc: Photo, images: list[GalleryImage]) -> None:
    search = program("POST", "/searches", {"photo": str(disc.pk), "preset": "thing"}).json()["id"]
    first = program("GET", f"/searches/{search}/hits").json()
    assert first["checking"] == {"done": 0, "total": 3, "is_asked_for": False}
    done = [0]
    while done[-1] < 3:
        # Each look finds some more keypoints.
        done.append(program("GET", f"/searches/{search}/hits", {"check": "true"}).json()["checking"]["done"])
        assert done[-1] > done[-2]
