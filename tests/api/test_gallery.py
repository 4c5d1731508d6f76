"""Images of the collection by programs: reading, and what curators do; jobs and figures."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile

from curating.models import BulkTask
from gallery.models import GalleryImage
from tests.api.programs import V1, Program, detail
from tests.gallery.discs import AddImage, thing_on_ground
from tests.pictures import BLUE, GREEN, RED, image_file

pytestmark = pytest.mark.django_db
PERMISSIONS = ("add_galleryimage", "change_galleryimage", "delete_galleryimage", "view_galleryimage")


@pytest.fixture
def curator(bob: User) -> User:
    bob.is_staff = True
    bob.save()
    names = (*PERMISSIONS, "view_bulktask", "change_bulktask")
    group = Group.objects.create(name="those who curate")
    group.permissions.add(*Permission.objects.filter(codename__in=names))
    bob.groups.add(group)
    return User.objects.get(pk=bob.pk)


def test_all_that_is_known_of_an_image_is_told(alice: User, add_indexed: AddImage) -> None:
    image = add_indexed(RED, BLUE, title="Boat", tags=("harbour",), creator="Ada", licence="CC0")
    program = Program(alice, "read")
    told = program("GET", f"/gallery/{image.pk}").json()
    assert (told["title"], told["tags"], told["status"]) == ("Boat", ["harbour"], "indexed")
    assert {region["node"] for region in told["regions"]} == set(image.regions.values_list("node", flat=True))
    for number in range(3):
        add_indexed(GREEN, BLUE, seed=number + 2, title=f"Green {number}")
    first = program("GET", "/gallery", {"limit": 3}).json()
    rest = program("GET", "/gallery", {"limit": 3, "cursor": first["next"]}).json()
    assert [one["title"] for one in first["images"] + rest["images"]] == ["Green 2", "Green 1", "Green 0", "Boat"]
    assert [one["id"] for one in program("GET", "/gallery", {"tag": "harbour"}).json()["images"]] == [image.pk]
    assert program("GET", "/gallery", {"first": "2024-02-01", "last": "2024-01-01"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_curators_add_change_and_delete(curator: User, alice: User, add_image: AddImage) -> None:
    program = Program(curator)

    def add(program: Program) -> Any:
        file = SimpleUploadedFile("red_boat.jpg", image_file(thing_on_ground(RED, GREEN)), "image/jpeg")
        sent = {"image": file, "creator": "Ada", "tags": ["a b", "Lyon, France"]}
        return program.client.post(f"{V1}/gallery", sent, headers=program.headers)

    added = add(program)
    assert added.status_code == 201, added.content
    assert (added.json()["title"], added.json()["tags"]) == ("Red boat", ["Lyon, France", "a b"])
    again = add(program)
    assert again.status_code == 409 and "in the collection already" in detail(again)
    address = added.headers["Location"].removeprefix(V1)
    changed = program("PATCH", address, {"title": "Another", "taken": "2024-05-31"}).json()
    assert (changed["title"], changed["creator"], changed["tags"]) == ("Another", "Ada", ["Lyon, France", "a b"])
    assert program("PATCH", address, {"title": ""}).status_code == 422
    assert program("PATCH", address, {"tags": ["one"], "taken": None}).json()["tags"] == ["one"]
    keys = [added.json()["id"]]
    many = program("POST", "/gallery/changes", {"images": keys, "change": "tag", "value": "two"})
    assert many.json() == {"changed": 1, "job": None}
    assert program("GET", address).json()["tags"] == ["one", "two"]
    assert program("POST", "/gallery/changes", {"images": keys, "change": "tag"}).status_code == 422
    program("POST", "/gallery/changes", {"images": keys, "change": "withdraw"})
    assert program("GET", address).json()["is_withdrawn"] and Program(alice)("GET", address).status_code == 404
    assert program("DELETE", address).status_code == 204 and not GalleryImage.objects.exists()
    assert {entry.user_id for entry in LogEntry.objects.all()} == {curator.pk}
    # Nobody else does any of that, nor a curator's token that may not curate.
    image = add_image(BLUE, GREEN)
    for other in (Program(alice), Program(curator, "read", "write")):
        assert add(other).status_code in (403, 404)
        assert other("PATCH", f"/gallery/{image.pk}", {"title": "x"}).status_code == 404
        assert other("DELETE", f"/gallery/{image.pk}").status_code == 404
        assert other("POST", "/gallery/changes", {"images": [image.pk], "change": "withdraw"}).status_code in (403, 404)
        for address in ("/jobs", "/statistics", "/jobs/1"):
            assert other("GET", address).status_code in (403, 404)


def test_ones_own_image_is_changed_and_taken_out(alice: User, bob: User, add_image: AddImage) -> None:
    image = add_image(owner=alice)
    program, address = Program(alice, "read", "write"), f"/gallery/{image.pk}"
    assert program("PATCH", address, {"title": "Mine", "tags": ["x"]}).json()["title"] == "Mine"
    assert program("PATCH", address, {"source_url": "no address"}).status_code == 422
    for method in ("GET", "PATCH", "DELETE"):
        assert Program(bob)(method, address, None if method == "GET" else {"title": "x"}).status_code == 404
    assert Program(alice, "curate")("PATCH", address, {"title": "x"}).status_code == 404
    assert program("DELETE", address).status_code == 204
    assert program("GET", f"/photos/{image.photo_id}").status_code == 200
    assert program("PUT", f"/photos/{image.photo_id}/collection").json()["status"] == "pending"
    assert program("DELETE", f"/photos/{image.photo_id}/collection").status_code == 204
    assert Program(bob)("PUT", f"/photos/{image.photo_id}/collection").status_code == 404


def test_jobs_are_watched_and_stopped(curator: User, add_image: AddImage, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [add_image(RED, GREEN, seed=number) for number in range(3)]
    monkeypatch.setattr("api.gallery_views.IMAGES_A_BATCH", 2)
    program = Program(curator)
    body = {"images": [image.pk for image in images], "change": "licence", "value": "CC0"}
    started = program("POST", "/gallery/changes", body)
    assert started.status_code == 202
    address = f"/jobs/{started.json()['job']}"
    told = program("GET", address).json()
    assert (told["state"], told["total"], told["done"], told["title"]) == ("waiting", 3, 0, "Set the licence: CC0")
    assert [job["id"] for job in program("GET", "/jobs").json()["jobs"]] == [told["id"]]
    assert program("POST", f"{address}/pause").json()["state"] == "paused"
    refused = program("POST", f"{address}/pause")
    assert refused.status_code == 409 and "cannot be paused" in detail(refused)
    assert program("POST", f"{address}/resume").json()["state"] == "waiting"
    assert program("POST", f"{address}/cancel").json()["state"] == "cancelled"
    assert BulkTask.objects.get().state == "cancelled"
    figures = program("GET", "/statistics").json()
    assert {row["name"]: row["number"] for row in figures["images"]}["waiting to be indexed"] == 3
    assert figures["photos"] == 3 and figures["without_date"] == 3
