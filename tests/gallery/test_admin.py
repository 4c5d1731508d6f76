"""Looking after the collection in the admin."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from curating.admin import GalleryImageAdmin
from gallery.models import DescriptorSpace, GalleryImage, IndexedRegion
from gallery.web.forms import NewImageForm
from selector.models import Photo, SharedSelection
from selector.people import Person
from tests.gallery.discs import AddImage, SearchOf, Select
from tests.pictures import dated, image_file

pytestmark = pytest.mark.django_db
IMAGES = "/admin/gallery/galleryimage/"


@pytest.fixture
def curator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("curator", "curator@example.com", "a-long-passphrase"))
    return client


def add(curator: Client, data: bytes, **fields: str) -> Any:
    return curator.post(f"{IMAGES}add/", {"image": SimpleUploadedFile("red_box.jpg", data), **fields})


def files_under(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def files_of(photo: Photo) -> set[Path]:
    return {Path(file.path) for file in (photo.original, photo.working)}


@pytest.mark.parametrize("model", ["galleryimage", "descriptorspace", "search"])
def test_every_list_opens(curator: Client, add_indexed: AddImage, search_of: SearchOf, alice: Any, model: str) -> None:
    image = add_indexed(tags=("red",))
    search_of(image.photo, Person(user=alice))
    page = curator.get(f"/admin/gallery/{model}/")
    assert page.status_code == 200
    for link in (row for row in page.context["cl"].result_list):
        assert curator.get(f"/admin/gallery/{model}/{link.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", ["photo", "labelmap"])
def test_photos_and_label_maps_can_be_looked_up(curator: Client, add_indexed: AddImage, model: str) -> None:
    add_indexed()
    page = curator.get(f"/admin/selector/{model}/")
    assert page.status_code == 200
    pk = page.context["cl"].result_list[0].pk
    assert curator.get(f"/admin/selector/{model}/{pk}/change/").status_code == 200
    assert curator.get(f"/admin/selector/{model}/add/").status_code == 403


def test_spaces_are_listed_by_the_number_of_their_vectors(curator: Client, add_indexed: AddImage) -> None:
    add_indexed()
    full = DescriptorSpace.objects.get()
    DescriptorSpace.objects.create(kind="appearance", model="of the future", dimensions=8)
    for order, numbers in (("5", [0, full.vectors.count()]), ("-5", [full.vectors.count(), 0])):
        page = curator.get(f"/admin/gallery/descriptorspace/?o={order}")
        assert [space.vectors.count() for space in page.context["cl"].result_list] == numbers
        assert f'<td class="field-n_vectors">{full.vectors.count()}</td>' in page.content.decode()


def test_links_are_listed_by_the_number_of_their_copies_in_as_many_queries_as_one(
    curator: Client, photo: Photo, alice: User, select: Select
) -> None:
    label_map = select(photo, Person(user=alice))

    def link_with_copies(n_copies: int) -> int:
        made = SharedSelection.objects.create(label_map=label_map, state=b"", token_sha256=str(n_copies), owner=alice)
        for _ in range(n_copies):
            Photo.objects.create(name="copy", width=1, height=1, owner=alice, opened_from=made)
        return made.pk

    def listed() -> tuple[list[int], int]:
        with CaptureQueriesContext(connection) as queries:
            page = curator.get("/admin/selector/sharedselection/?o=-4")
        assert '<td class="field-n_copies">1</td>' in page.content.decode()
        return [link.pk for link in page.context["cl"].result_list], len(queries)

    one = link_with_copies(1)
    listed()
    alone, n_queries = listed()
    three, two = link_with_copies(3), link_with_copies(2)
    assert alone == [one]
    assert listed() == ([three, two, one], n_queries)


def test_the_list_shows_thumbnail_status_error_and_tags(curator: Client, add_image: AddImage) -> None:
    image = add_image(tags=("red", "disc"))
    image.mark_failed("It was broken.")
    body = curator.get(IMAGES).content.decode()
    assert f"/photos/{image.photo.pk}/thumbnail/" in body
    for shown in ("could not be indexed", "It was broken.", "disc, red"):
        assert shown in body


def test_private_photos_are_not_shown_to_curators(curator: Client, add_image: AddImage, alice: Any) -> None:
    photo = add_image(owner=alice).photo
    for page in (IMAGES, "/admin/selector/photo/"):
        assert f"/photos/{photo.pk}/thumbnail/" not in curator.get(page).content.decode()


def test_an_image_is_added_with_its_file(curator: Client) -> None:
    response = add(curator, image_file(), creator="Somebody", tags="red, box")
    assert response.status_code == 302
    image = GalleryImage.objects.get()
    assert (image.title, image.creator, sorted(image.tags.names())) == ("Red box", "Somebody", ["box", "red"])
    assert image.photo.is_public and image.photo.owner is None
    assert ProcrastinateJob.objects.filter(args__image_id=image.pk).count() == 1
    assert LogEntry.objects.get().get_edited_object() == image


def test_an_image_has_the_date_in_its_file_unless_another_is_told(curator: Client) -> None:
    add(curator, dated("2019:07:14 09:30:00"))
    add(curator, dated("2019:07:15 09:30:00"), taken="1999-12-31")
    days = GalleryImage.objects.order_by("pk").values_list("taken", flat=True)
    assert list(days) == [datetime.date(2019, 7, 14), datetime.date(1999, 12, 31)]


@pytest.mark.parametrize(("data", "sentence"), [(b"I am a text file.", ""), (b"", "empty"), (image_file()[:300], "")])
def test_what_is_no_image_is_refused_with_a_sentence(curator: Client, data: bytes, sentence: str) -> None:
    response = add(curator, data)
    assert response.status_code == 200
    (error,) = response.context["adminform"].form.errors["image"]
    assert error.endswith(".") and sentence in error
    assert not Photo.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    curator: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_UPLOAD_BYTES = 2**20
    monkeypatch.setattr("curating.admin.images.add_public", lambda *_: pytest.fail("was read"))
    response = add(curator, bytes(2 * 2**20))
    (error,) = response.context["adminform"].form.errors["image"]
    assert error == "The file has 2.0 MB; at most 1.0 MB are allowed."


def test_nothing_stays_behind_when_another_field_is_wrong(curator: Client) -> None:
    response = add(curator, image_file(), source_url="not an address")
    assert "source_url" in response.context["adminform"].form.errors
    assert not Photo.objects.exists()


def test_an_image_that_is_there_already_is_refused(curator: Client) -> None:
    add(curator, image_file(), title="The first")
    response = add(curator, image_file())
    assert "“The first”" in response.context["adminform"].form.errors["image"][0]
    assert GalleryImage.objects.count() == 1


def test_two_forms_checked_before_either_is_saved_make_one_image(
    curator: Client, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_under(media)
    check = NewImageForm.is_valid

    def check_and_let_another_in(form: NewImageForm) -> bool:
        answer = check(form)
        monkeypatch.setattr(NewImageForm, "is_valid", check)
        assert add(curator, image_file(), title="The first").status_code == 302
        return answer

    monkeypatch.setattr(NewImageForm, "is_valid", check_and_let_another_in)
    response = add(curator, image_file(), title="The second")
    image = GalleryImage.objects.get()
    assert (image.title, Photo.objects.get()) == ("The first", image.photo)
    assert files_under(media) - before == files_of(image.photo)
    assert ProcrastinateJob.objects.count() == 1
    assert response.status_code == 200
    (error,) = response.context["adminform"].form.errors["image"]
    assert error == "This image is in the collection already: “The first”."
    assert 'value="The second"' in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_one_file_sent_four_times_at_once_is_one_image(
    curator: Client, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_under(media)
    answers: list[int] = []
    all_are_checked = threading.Barrier(4, timeout=30)
    check = NewImageForm.is_valid

    def check_and_wait(form: NewImageForm) -> bool:
        answer = check(form)
        all_are_checked.wait()
        return answer

    monkeypatch.setattr(NewImageForm, "is_valid", check_and_wait)

    def post() -> None:
        client = Client()
        client.force_login(User.objects.get())
        answers.append(add(client, image_file()).status_code)
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 200, 200, 302]
    assert files_under(media) - before == files_of(GalleryImage.objects.get().photo)
    assert Photo.objects.count() == ProcrastinateJob.objects.count() == 1


def test_metadata_can_be_changed_the_picture_cannot(curator: Client, add_image: AddImage) -> None:
    image = add_image(title="Old")
    address = f"{IMAGES}{image.pk}/change/"
    assert 'name="image"' not in curator.get(address).content.decode()
    assert curator.post(address, {"title": "New", "tags": "red"}).status_code == 302
    image.refresh_from_db()
    assert (image.title, list(image.tags.names())) == ("New", ["red"])


def test_editing_does_not_undo_what_the_worker_does_meanwhile(
    curator: Client, add_image: AddImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image(title="Old")
    save_form = GalleryImageAdmin.save_form

    def save_after_the_worker(*args: Any, **kwargs: Any) -> GalleryImage:
        edited: GalleryImage = save_form(*args, **kwargs)
        image.mark_failed("It was broken.")
        return edited

    monkeypatch.setattr(GalleryImageAdmin, "save_form", save_after_the_worker)
    assert curator.post(f"{IMAGES}{image.pk}/change/", {"title": "New", "tags": "red"}).status_code == 302
    image.refresh_from_db()
    assert (image.title, image.status, image.error) == ("New", "failed", "It was broken.")


def test_images_are_indexed_again_by_an_action(curator: Client, add_indexed: AddImage) -> None:
    image = add_indexed()
    image.mark_failed("It was broken.")
    response = curator.post(IMAGES, {"action": "reindex", "_selected_action": [image.pk]}, follow=True)
    assert "The worker will index 1 gallery image." in response.content.decode()
    image.refresh_from_db()
    assert (image.status, image.error) == ("pending", "")
    assert ProcrastinateJob.objects.filter(args={"image_id": image.pk, "afresh": True}).count() == 1


def test_deleting_images_asks_once_and_takes_the_photos_along(
    curator: Client, add_indexed: AddImage, django_capture_on_commit_callbacks: Any
) -> None:
    images = [add_indexed(seed=seed, title=f"disc {seed}") for seed in range(2)]
    files = [(image.photo.working.storage, str(image.photo.working.name)) for image in images]
    asked = {"action": "delete_selected", "_selected_action": [image.pk for image in images]}
    page = curator.post(IMAGES, asked).content.decode()
    assert "disc 0" in page and "Region" not in page
    with django_capture_on_commit_callbacks(execute=True):
        curator.post(IMAGES, {**asked, "post": "yes"})
    assert not GalleryImage.objects.exists() and not Photo.objects.exists() and not IndexedRegion.objects.exists()
    assert not any(storage.exists(name) for storage, name in files)


def test_a_space_can_be_removed(curator: Client, add_indexed: AddImage) -> None:
    add_indexed()
    space = DescriptorSpace.objects.get()
    address = f"/admin/gallery/descriptorspace/{space.pk}/delete/"
    assert "Region" not in curator.get(address).content.decode()
    assert curator.post(address, {"post": "yes"}).status_code == 302
    assert not DescriptorSpace.objects.exists()
