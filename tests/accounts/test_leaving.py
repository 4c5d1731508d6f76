"""Deleting an account, or all of a visitor's: afterwards nothing of it is found in any table or file."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import leaving
from accounts.models import Departure, Export
from gallery import clearing, jobs
from gallery.collection.importing import collect
from gallery.models import Clearing, GalleryImage, KeptRanking, Search
from selector.models import LabelMap, Photo, Selection, SharedSelection, Visitor
from selector.people import Person
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.selecting import select_instead
from tests.pictures import image_file
from tests.small_disk import files_under

LEAVE = "/accounts/delete/"
PASSWORD = "a-long-passphrase"
ALL_KINDS = (Photo, LabelMap, Selection, SharedSelection, Search, GalleryImage, KeptRanking, Export, EmailAddress)


def everything(person: Person, name: str) -> Photo:
    """A photo of a person's with all that can hang on it."""
    photo = store_photo(image_file(), f"{name}-secret.jpg", owner=person.user, visitor=person.visitor)
    label_map = label_maps.get_or_compute(photo)
    select_instead(person, label_map, np.arange(label_map.n_superpixels) < 5)
    selection = label_map.selections.get()
    SharedSelection.objects.share(selection, person)
    search = Search.objects.find_or_create(person, label_map, bytes(selection.state), {"words": f"{name}-word"})
    collect([photo])
    image = GalleryImage.objects.get(photo=photo)
    GalleryImage.objects.filter(pk=image.pk).update(title=f"{name}-title", description=f"{name}-words")
    image.tags.add(f"{name}-tag")
    search.toggle_feedback(image, [0], liked=True)
    KeptRanking.objects.create(search=search, data=str(photo.pk).encode())
    jobs.defer_features(label_map)
    Export.objects.get_or_create(
        **person.as_fields(), defaults={"state": "ready", "file": ContentFile(name.encode(), f"{name}.zip")}
    )
    return photo


def an_account(name: str) -> User:
    """An account with all that accounts have."""
    user = User.objects.create_user(f"{name}-user", f"{name}@example.org", PASSWORD, first_name=f"{name}-first")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    photo = everything(Person(user), name)
    staff = User.objects.get_or_create(username="staff", is_staff=True)[0]
    for row in (photo, user, photo.gallery_image):
        LogEntry.objects.create(
            user=staff, object_repr=str(row), object_id=str(row.pk), action_flag=CHANGE,
            content_type_id=_kind(row), change_message="",
        )  # fmt: skip
    cache.set(f"allauth:rl:allauth.account:change_password:5/60.0/user:user:{user.pk}", [1.0])
    return user


def _kind(row: Any) -> int:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(row).pk


def many_photos(user: User, count: int) -> None:
    """Rows with two small files each, made directly."""
    made = [
        Photo(
            name=f"{user.username}-{number}.jpg",
            owner=user,
            original_type="image/jpeg",
            original_sha256=f"{number:064}",
            working_sha256=f"{number:064}",
            width=1,
            height=1,
        )
        for number in range(count)
    ]
    for photo in made:
        photo.original.save("original", ContentFile(b"original of " + photo.name.encode()), save=False)
        photo.working.save("copy.jpg", ContentFile(b"copy of " + photo.name.encode()), save=False)
    Photo.objects.bulk_create(made)


# Looking everywhere


def rows_of_all_tables() -> Iterator[tuple[str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables WHERE table_type ="
            " 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} t")
            for (row,) in cursor.fetchall():
                yield table, json.loads(row) if isinstance(row, str) else row


def readable(column: str, value: Any) -> str:
    """A value as text, whatever it is packed in: bytes, a session, what is cached."""
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    if text.startswith("\\x"):
        text = bytes.fromhex(text[2:]).decode("latin-1")
    if column == "session_data":
        text = str(SessionStore().decode(text))
    if column == "value":
        text = repr(pickle.loads(base64.b64decode(text)))
    return text


def found(needles: set[str], user_id: int | None = None) -> set[str]:
    """Columns of tables in which anything is found of what is looked for, or of the key of an account."""
    hits = set()
    for table, row in rows_of_all_tables():
        for column, value in row.items():
            if any(needle in readable(column, value) for needle in needles):
                hits.add(f"{table}.{column}")
            refers = column in ("user_id", "owner_id") and value == user_id
            signs_in = column == "session_data" and f"'_auth_user_id': '{user_id}'" in readable(column, value)
            if user_id is not None and (refers or signs_in):
                hits.add(f"{table}.{column}")
    return hits


def needles_of(name: str, person: Person) -> set[str]:
    """What tells of a person: their names, and the keys of all that is theirs."""
    photos = Photo.objects.filter(**person.as_fields())
    keys = [photos, Search.objects.filter(**person.as_fields()), Export.objects.filter(**person.as_fields())]
    hashes = photos.filter(original_sha256__startswith="0000").values_list("original_sha256", flat=True)
    return {f"{name}-", f"{name}@", *(str(row.pk) for rows in keys for row in rows), *hashes}


def found_in_files(media: Path, needles: set[str]) -> set[Path]:
    return {
        path
        for path in media.rglob("*")
        if any(needle in str(path) or (path.is_file() and needle.encode() in path.read_bytes()) for needle in needles)
    }


def signed_in(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get("/accounts/").status_code == 200
    return client


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_of_an_account_with_200_photos(own_media: Path, few_superpixels: None) -> None:
    anna, bert = an_account("anna"), an_account("bert")
    many_photos(anna, 196)
    elsewhere, client = signed_in(anna), signed_in(anna)
    for number in range(3):
        file = SimpleUploadedFile(f"anna-{number}.jpg", image_file(quality=50 + number))
        assert client.post("/photos/", {"image": file}).status_code == 302
    TOTP.activate(anna, "JBSWY3DPEHPK3PXP")
    assert Photo.objects.filter(owner=anna).count() == 200
    assert all(kind.objects.exists() for kind in ALL_KINDS)
    of_anna, of_bert = needles_of("anna", Person(anna)), needles_of("bert", Person(bert))
    before = found(of_bert, bert.pk)
    assert len(found(of_anna, anna.pk)) > 25 and len(found_in_files(own_media, of_anna)) > 400
    assert {"public.django_admin_log.object_repr", "public.taggit_tag.name"} <= before
    files_of_bert = found_in_files(own_media, of_bert)

    page = client.get(LEAVE).content.decode()
    assert "<strong>200</strong> photos" in page and "<strong>1</strong> link" in page
    answer = client.post(LEAVE, {"confirmed": "on"}, follow=True)
    assert "Your account is deleted, with everything in it." in answer.content.decode()

    assert found(of_anna, anna.pk) == set()
    assert found_in_files(own_media, of_anna) == set()
    assert elsewhere.get("/accounts/").status_code == 302
    named = [job.args.get("image_id") or job.args["label_map_id"] for job in ProcrastinateJob.objects.all()]
    of_bert_alone = [GalleryImage.objects.get().pk, LabelMap.objects.get().pk]
    assert sorted(named) == sorted(of_bert_alone), "jobs name what there is, and nothing else"
    # The same search finds the other account whole: it can find.
    assert found(of_bert, bert.pk) == before
    assert found_in_files(own_media, of_bert) == files_of_bert and len(files_of_bert) > 3


@pytest.mark.django_db
def test_it_wants_a_confirmation(few_superpixels: None, db: None) -> None:
    client = signed_in(an_account("anna"))
    answer = client.post(LEAVE)
    assert answer.status_code == 422
    assert "Tick the box first" in answer.content.decode()
    assert User.objects.filter(username="anna-user", is_active=True).exists()


@pytest.mark.django_db
def test_who_has_not_signed_in_lately_is_asked_for_the_password(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    for answer in (client.get(LEAVE), client.post(LEAVE, {"confirmed": "on"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=alice.pk, is_active=True).exists()
    client.get(LEAVE)
    answer = client.post(f"{reverse('account_reauthenticate')}?next={LEAVE}", {"password": "wrong"})
    assert client.get(LEAVE).status_code == 302
    client.post(f"{reverse('account_reauthenticate')}?next={LEAVE}", {"password": PASSWORD})
    assert client.get(LEAVE).status_code == 200


@pytest.mark.django_db
def test_what_was_confirmed_is_done_after_the_password(alice: User, bob: User) -> None:
    client = Client()
    client.force_login(alice)
    client.post(LEAVE, {"confirmed": "on"})
    client.post(f"{reverse('account_reauthenticate')}?next={LEAVE}", {"password": PASSWORD})
    assert list(User.objects.all()) == [bob]
    assert client.get("/accounts/").status_code == 302


@pytest.mark.django_db
def test_a_closed_account_is_of_no_use_before_it_is_deleted(
    few_superpixels: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(leaving, "SECONDS", -1)
    monkeypatch.setattr(leaving, "PHOTOS_AT_ONCE", 2)
    anna = an_account("anna")
    many_photos(anna, 4)
    token = SharedSelection.objects.share(Selection.objects.get(), Person(anna))
    elsewhere, client = signed_in(anna), signed_in(anna)
    Clearing.objects.create(pk=1, due=timezone.now() + clearing.NEW)
    answer = client.post(LEAVE, {"confirmed": "on"}, follow=True)
    assert "Your account is closed." in answer.content.decode()
    assert Photo.objects.count() == 3 and Departure.objects.get().pk == anna.pk
    assert elsewhere.get("/accounts/").status_code == 302
    Client().post(reverse("account_login"), {"login": "anna-user", "password": PASSWORD})
    assert not User.objects.filter(is_active=True, username="anna-user").exists()
    assert Client().get(f"/shared/{token}/").status_code == 404
    # The worker goes on with it, and may be stopped as often as you like.
    for _ in range(10):
        next(leaving.delete_closed(), None)
    assert not Photo.objects.exists() and not User.objects.filter(username="anna-user").exists()
    assert found({"anna-", "anna@"}, anna.pk) == set()


@pytest.mark.django_db
def test_the_worker_finishes_what_is_left(few_superpixels: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "SECONDS", -1)
    anna = an_account("anna")
    Clearing.objects.create(pk=1, due=timezone.now() + clearing.NEW)
    assert not leaving.leave(anna)
    clearing.clear_away()
    assert not User.objects.filter(pk=anna.pk).exists(), "it is due at once"


@pytest.mark.django_db
def test_what_a_curator_added_to_the_collection_stays_without_a_name(few_superpixels: None, alice: User) -> None:
    image = GalleryImage.objects.get(photo=everything(Person(alice), "alice"))
    Photo.objects.update(is_public=True)
    assert leaving.leave(alice)
    image.refresh_from_db()
    assert image.photo.owner is None and image.title == "alice-title"


@pytest.mark.django_db(transaction=True)
def test_a_visitor_deletes_everything(client: Client, own_media: Path, few_superpixels: None) -> None:
    client.post("/photos/", {"image": SimpleUploadedFile("anna-0.jpg", image_file())})
    visitor = Visitor.objects.get().pk
    everything(Person(visitor=visitor), "anna")
    an_account("bert")
    needles = {str(visitor), *needles_of("anna", Person(visitor=visitor))}
    assert len(found(needles)) > 10
    assert LEAVE in client.get("/photos/").content.decode()
    assert "<strong>2</strong> photos" in client.get(LEAVE).content.decode()
    answer = client.post(LEAVE, {"confirmed": "on"}, follow=True)
    assert "All that was yours here is deleted." in answer.content.decode()
    assert found(needles) == set() and found_in_files(own_media, needles) == set()
    assert Photo.objects.get().name == "bert-secret.jpg" and len(files_under(own_media)) == 4
    assert "There is nothing of yours here" in client.get(LEAVE).content.decode()


@pytest.mark.django_db
def test_who_has_nothing_deletes_nothing(client: Client, photo: Photo) -> None:
    assert client.post(LEAVE, {"confirmed": "on"}).status_code == 200
    assert Photo.objects.get() == photo
