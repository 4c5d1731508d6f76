"""Visitor, user, curator, admin: a curator sees what curating needs, and nothing of people's."""

from __future__ import annotations

import importlib
import io
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from gallery.models import GalleryImage
from selector.models import Photo
from tests.pictures import image_file

pytestmark = pytest.mark.django_db
CURATES = {
    *(("gallery", "galleryimage"), ("gallery", "descriptorspace")),
    *(("taggit", "tag"), ("curating", "bulktask")),
}
migration = importlib.import_module("accounts.migrations.0002_curators")


@pytest.fixture
def carol() -> User:
    """A curator."""
    carol = User.objects.create_user("carol", "carol@example.com", "a-long-passphrase")
    call_command("curator", "carol", stdout=io.StringIO())
    return User.objects.get(pk=carol.pk)


@pytest.fixture
def curator(carol: User) -> Client:
    client = Client()
    client.force_login(carol)
    return client


def make_group() -> None:
    migration.make_group(apps, SimpleNamespace())


def may(group: Group) -> set[str]:
    return {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}


def test_a_migration_makes_the_group_and_may_run_again() -> None:
    made = may(Group.objects.get(name="curators"))
    # Further ones by the apps that have the originals, and what curators do with the collection.
    assert {name.partition(".")[0] for name in made} == {"gallery", "taggit", "selector", "curating"}
    assert not {name for name in made if "user" in name or "photo" in name}
    assert made >= {"selector.download_original", "gallery.view_descriptorspace", "taggit.change_tag"}
    make_group()
    assert may(Group.objects.get(name="curators")) == made


def test_it_works_where_no_permission_exists_yet() -> None:
    Group.objects.all().delete()
    Permission.objects.all().delete()
    make_group()
    assert {permission.name for permission in Permission.objects.all()} >= {"Can add gallery image", "Can view tag"}
    for label in ("gallery", "taggit"):
        create_permissions(apps.get_app_config(label), verbosity=0)
    named = Permission.objects.values_list("content_type", "codename")
    assert len(named) == len(set(named)), "Django's own are the same"


def test_a_curator_gets_into_what_curating_needs_alone(curator: Client) -> None:
    assert curator.get("/admin/").status_code == 200
    for model in admin.site._registry:
        name = (model._meta.app_label, model._meta.model_name)
        address = f"/admin/{name[0]}/{name[1]}/"
        statuses = [curator.get(address + page).status_code for page in ("", "1/change/")]
        assert statuses == ([200, 302] if name in CURATES else [403, 403]), name


def test_a_curator_sees_no_image_of_a_private_collection(curator: Client, photo: Photo) -> None:
    image = GalleryImage.objects.create(photo=photo, title="My secret garden", description="whispered")
    image.tags.add("my diary")
    listed = curator.get("/admin/gallery/galleryimage/?q=garden").content.decode()
    assert "secret" not in listed and "diary" not in listed
    assert curator.get(f"/admin/gallery/galleryimage/{image.pk}/change/").status_code == 302
    assert "diary" not in curator.get("/admin/taggit/tag/").content.decode()
    assert curator.get(f"/photos/{photo.pk}/").status_code == 404


def test_a_curator_looks_after_public_images(curator: Client, few_superpixels: None) -> None:
    file = SimpleUploadedFile("box.jpg", image_file())
    added = curator.post("/admin/gallery/galleryimage/add/", {"image": file, "title": "Box", "tags": "red"})
    assert added.status_code == 302
    image = GalleryImage.objects.get()
    assert "red" in curator.get("/admin/taggit/tag/").content.decode()
    curator.post(f"/admin/gallery/galleryimage/{image.pk}/change/", {"title": "A box", "tags": "red"})
    image.refresh_from_db()
    assert image.title == "A box"


def test_a_curator_raises_nobody(curator: Client, carol: User, alice: User) -> None:
    for user in (carol, alice):
        raised = {"username": user.username, "is_superuser": "on", "is_staff": "on", "is_active": "on"}
        assert curator.post(f"/admin/auth/user/{user.pk}/change/", raised).status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_user_becomes_a_curator_and_a_user_again(curator: Client, carol: User) -> None:
    call_command("curator", "carol", remove=True, stdout=io.StringIO())
    assert curator.get("/admin/", follow=True).status_code == 403
    carol.refresh_from_db()
    assert not carol.is_staff and not carol.groups.exists()


def test_an_admin_stays_one() -> None:
    root = User.objects.create_superuser("root")
    call_command("curator", "root", remove=True, stdout=io.StringIO())
    root.refresh_from_db()
    assert root.is_staff and root.is_superuser


def test_nobody_of_that_name_is_a_sentence() -> None:
    with pytest.raises(CommandError, match="There is no account “nobody”"):
        call_command("curator", "nobody")


def test_a_user_and_a_visitor_have_no_way_in(client: Client, alice_client: Client) -> None:
    assert client.get("/admin/").status_code == 302
    assert alice_client.get("/admin/gallery/galleryimage/", follow=True).status_code == 403
