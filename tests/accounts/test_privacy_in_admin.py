"""What those who look after the site see of what people keep to themselves: that it is there, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from gallery.collection.importing import Details, add_public, collect
from gallery.models import GalleryImage, Search
from selector.models import LabelMap, Photo, SharedSelection
from selector.people import Person
from selector.services import label_maps, selecting
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
# Each is in one column of what is private here, and nowhere else.
SECRETS = ("sesame", "tamarind", "turmeric", "saffron", "cardamom", "nutmeg", "juniper", "fennel", "quarters")


@pytest.fixture
def private_things(photo: Photo, alice: User) -> GalleryImage:
    """Alice's photo in her own collection, a search of hers and a link; beside it a public image with a common tag."""
    photo.rename("sesame.jpg")
    collect([photo])
    image: GalleryImage = GalleryImage.objects.get()
    told = {"title": "tamarind", "description": "turmeric", "creator": "saffron", "licence": "cardamom"}
    GalleryImage.objects.update(**told, source_url="https://nutmeg.example/")
    image.tags.add("juniper", "common")
    label_map = label_maps.get_or_compute(photo)
    state = selecting.selection_of(Person(user=alice), label_map).state
    Search.objects.find_or_create(Person(user=alice), label_map, bytes(state), {"words": "fennel", "tag": "juniper"})
    SharedSelection.objects.create(label_map=label_map, state=state, token_sha256="0", owner=alice)
    add_public(image_file(eighths()), "everybody.jpg", Details(title="For everybody", tags=("common",), licence="CC0"))
    return image


def said_by(response: Any) -> set[str]:
    return {secret for secret in SECRETS if secret in response.content.decode().lower()}


def test_no_page_of_the_admin_tells_a_private_name_description_or_word(
    admin_client: Client, private_things: GalleryImage
) -> None:
    opened = 0
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert said_by(admin_client.get(base)) == set(), base
        for key in model._default_manager.values_list("pk", flat=True)[:50]:
            for page in ("change", "delete", "history"):
                response = admin_client.get(f"{base}{key}/{page}/")
                opened += response.status_code == 200
                assert said_by(response) == set(), f"{base}{key}/{page}/"
        asked = {
            "action": "delete_selected",
            "_selected_action": [*model._default_manager.values_list("pk", flat=True)],
        }
        assert said_by(admin_client.post(base, asked)) == set(), f"{base} before deleting"
    assert opened > 20
    assert said_by(admin_client.get("/admin/")) == set()


def test_what_is_public_is_shown_with_its_name_and_tags(admin_client: Client, private_things: GalleryImage) -> None:
    page = admin_client.get("/admin/gallery/galleryimage/").content.decode()
    assert "For everybody" in page and "common" in page and "CC0" in page
    assert "everybody.jpg" in admin_client.get("/admin/selector/photo/").content.decode()
    assert "common" in admin_client.get("/admin/taggit/tag/").content.decode()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("selector/photo/?name__startswith=s", None),
        ("selector/photo/?label_maps__searches__options__words=fennel", None),
        ("selector/photo/?q=sesame", 0),
        ("selector/labelmap/?photo__name__startswith=s", None),
        ("selector/sharedselection/?label_map__photo__name__startswith=s", None),
        ("selector/sharedselection/?q=sesame", 0),
        ("gallery/search/?options__words__startswith=f", None),
        ("gallery/galleryimage/?title__startswith=t", None),
        ("gallery/galleryimage/?licence=cardamom", 0),
        ("gallery/galleryimage/?licence__exact=cardamom", None),
        ("gallery/galleryimage/?tag=juniper", 0),
        ("gallery/galleryimage/?creator=saffron", 0),
        ("gallery/galleryimage/?where=withdrawn", 0),
        ("gallery/galleryimage/?tags__name=juniper", None),
        ("gallery/galleryimage/?status__exact=pending", 2),
        ("gallery/galleryimage/?q=tamarind", 0),
        ("gallery/galleryimage/?q=juniper", 0),
        ("gallery/galleryimage/?where=own", 1),
        ("auth/user/?q=alice", 1),
        ("auth/user/?groups__id__exact=0", 0),
        ("selector/photo/?created__year=1999", 0),
    ],
)
def test_no_address_of_the_admin_answers_guesses(
    admin_client: Client, private_things: GalleryImage, address: str, found: int | None
) -> None:
    """Whoever counts the answers learns what no page shows; `None`: Django calls it suspicious and refuses."""
    response = admin_client.get(f"/admin/{address}", follow=True)
    if found is None:
        assert response.status_code == 400
    else:
        assert response.status_code == 200 and response.context["cl"].result_count == found


def test_private_images_are_not_sorted_by_their_titles(admin_client: Client, private_things: GalleryImage) -> None:
    for title in ("Aardvark", "Zebra"):
        GalleryImage.objects.filter(pk=private_things.pk).update(title=title)
        page = admin_client.get("/admin/gallery/galleryimage/?o=2")
        assert page.context["cl"].result_list[0].pk == private_things.pk


def test_a_private_image_cannot_be_changed_in_the_admin(admin_client: Client, private_things: GalleryImage) -> None:
    address = f"/admin/gallery/galleryimage/{private_things.pk}/change/"
    assert admin_client.post(address, {"title": "Mine now", "tags": ""}).status_code == 403
    private_things.refresh_from_db()
    assert private_things.title == "tamarind" and private_things.tags.count() == 2


def test_the_record_of_what_admins_did_names_nothing_private(
    admin_client: Client, private_things: GalleryImage
) -> None:
    photo = private_things.photo
    assert admin_client.post(f"/admin/selector/photo/{photo.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Photo.objects.filter(pk=photo.pk).exists()
    entry = LogEntry.objects.get()
    assert entry.object_repr == f"Photo {photo.pk}"
    assert said_by(admin_client.get("/admin/")) == set()


def test_who_curates_sees_the_public_collection_alone(private_things: GalleryImage, bob: User) -> None:
    kinds = ("galleryimage", "photo", "tag")
    bob.user_permissions.set(Permission.objects.filter(content_type__model__in=kinds))
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    client = Client()
    client.force_login(bob)
    for address in ("gallery/galleryimage/", "selector/photo/"):
        assert client.get(f"/admin/{address}").context["cl"].result_count == 1
    for address in (f"gallery/galleryimage/{private_things.pk}", f"selector/photo/{private_things.photo.pk}"):
        assert "change" not in client.get(f"/admin/{address}/delete/", follow=True).request["PATH_INFO"]
        assert client.post(f"/admin/{address}/delete/", {"post": "yes"}).status_code == 302
    assert Photo.objects.filter(is_public=False).exists()


def test_what_a_row_is_called_tells_nothing(private_things: GalleryImage) -> None:
    """It is what logs, error messages and Django's own pages show."""
    rows = [*Photo.objects.all(), *LabelMap.objects.all(), *GalleryImage.objects.all(), *Search.objects.all()]
    assert {secret for secret in SECRETS for row in rows if secret in f"{row} {row!r}"} == set()
