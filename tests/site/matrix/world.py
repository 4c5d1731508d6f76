"""The people who ask, and the things that they ask for: made once, in a transaction that is rolled back."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts.models import Invitation
from curating.models import BulkTask, DuplicatePair, Offer
from gallery.collection.importing import Details, add_public, collect
from gallery.index import indexing, spaces
from gallery.jobs.images import index_image
from gallery.models import GalleryImage, IndexedRegion, Search
from selector.models import Cut, Photo, Selection, SharedSelection, Visitor
from selector.people import SESSION_KEY, Person
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps
from selector.services.photos import store_photo
from tests.pictures import image_file
from tests.site.matrix.light import LightClient

PEOPLE = ("stranger", "visitor", "other_visitor", "user", "other_user", "curator", "admin")
# Whose a thing is: that of somebody above, of the public collection, or of nobody, since there is no such thing.
WHOSE = ("visitor", "user", "public", "missing")
MANAGED_BY_CURATORS = {
    "galleryimage": "add change delete view",
    "descriptorspace": "view",
    "tag": "add change delete view",
    "bulktask": "change delete view",
    "importitem": "view",
    "duplicatepair": "change view",
    "offer": "change view",
}
# On a busy machine the requests take longer than a password is remembered for.
DURATION = 600
NO_NUMBER = str(2**31 - 5)


@dataclass
class World:
    """`things` holds, by whose they are, the values of parameters in addresses and what is sent along."""

    clients: dict[str, Client] = field(default_factory=dict)
    light: dict[str, LightClient] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    things: dict[str, dict[str, str]] = field(default_factory=dict)


def make_world() -> World:
    """All of it, by the site's own functions."""
    world = World()
    _let_people_in(world)
    image = add_public(image_file(), "public.jpg", Details(tags=("harbour",)))[0]
    indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
    # What anybody has done on a public photo is their own: here the user's.
    world.things["public"] = _of_image(GalleryImage.objects.select_related("photo").get(pk=image.pk))
    for name in ("visitor", "user"):
        world.things[name] = _things_of(world.people[name], name)
    world.things["user"] |= _account_of(world.people["user"])
    world.things["missing"] = _nothing(world.things)
    return world


def _let_people_in(world: World) -> None:
    for name in PEOPLE:
        client = Client(raise_request_exception=False)
        world.clients[name] = client
        if name == "stranger":
            world.people[name] = Person()
        elif "visitor" in name:
            world.people[name] = Person(visitor=Visitor.objects.create().pk)
            _remember(client, {SESSION_KEY: str(world.people[name].visitor)})
        else:
            user = _account(name)
            world.people[name] = Person(user=user)
            client.force_login(user)
            _remember(client, _signed_in_just_now(user))
        # Their first request today, which alone renews a session: else each that is rolled back would do it anew.
        client.get("/")
        world.light[name] = LightClient(client, world.people[name].user)


def _signed_in_just_now(user: User) -> dict[str, Any]:
    """What a session holds after a password was asked for once more: no page asks for it again."""
    at = {"method": "password", "at": time.time() + DURATION, "reauthenticated": True}
    return {
        AUTHENTICATION_METHODS_SESSION_KEY: [at],
        f"{AUTHENTICATION_METHODS_SESSION_KEY}_user": str(user.pk),
    }


def _remember(client: Client, kept: dict[str, Any]) -> None:
    session = client.session
    session.update(kept)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)


def _account(name: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "a-long-passphrase")
    user.is_staff = name in ("curator", "admin")
    user.is_superuser = name == "admin"
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DPEHPK3PXP"})
    if name == "curator":
        user.groups.add(_curators())
    return user


def _curators() -> Group:
    """The group that a migration makes; without one, what looking after the collection needs."""
    group, is_new = Group.objects.get_or_create(name="curators")
    if is_new:
        for model, actions in MANAGED_BY_CURATORS.items():
            named = [f"{action}_{model}" for action in actions.split()]
            group.permissions.add(*Permission.objects.filter(codename__in=named))
    return group


def _things_of(person: Person, name: str) -> dict[str, str]:
    """A photo in a collection of one's own, and all that can be made of it."""
    photo = store_photo(image_file(quality=80 + len(name)), f"{name}.jpg", owner=person.user, visitor=person.visitor)
    collect([photo])
    image = GalleryImage.objects.select_related("photo").get(photo=photo)
    indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
    label_map = label_maps.get_or_compute(photo)
    some = np.zeros(label_map.n_superpixels, bool)
    some[:20] = True
    state = SuperpixelSelection.empty(label_map.n_superpixels).plus(some, "include").pack()
    selection = Selection.objects.create(label_map=label_map, state=state, **person.as_fields())
    token = SharedSelection.objects.share(selection, person)
    link = SharedSelection.objects.get(label_map=label_map)
    search = Search.objects.find_or_create(person, label_map, state)
    own = {"selection_id": selection.pk, "selection_version": selection.version, "link_id": link.pk}
    cut = Cut.objects.create(photo=photo, box=[0, 0, 100, 100], quarter_turns=0, **person.as_fields())
    own |= {"cut_id": cut.pk}
    own |= {"token": token, "search_id": search.pk}
    own |= {"sharedselection": link.pk, "search": search.pk}
    return _of_image(image) | {key: str(value) for key, value in own.items()}


def _of_image(image: GalleryImage) -> dict[str, str]:
    photo: Photo = image.photo
    label_map = label_maps.get_or_compute(photo)
    region = IndexedRegion.objects.filter(image=image).first()
    assert region is not None
    values = {"photo_id": photo.pk, "version": photo.version, "label_map_id": label_map.pk, "level": 10}
    values |= {"image_id": image.pk, "region_id": region.pk}
    values |= {"photo": photo.pk, "labelmap": label_map.pk, "galleryimage": image.pk}
    values |= {"type_id": ContentType.objects.get_for_model(Photo).pk}
    return {key: str(value) for key, value in values.items()}


def _account_of(person: Person) -> dict[str, str]:
    """What the admin shows of an account, and of the site; keys of rows by the names of their models."""
    user = person.user
    assert user is not None
    # Of an account that does not ask: a key that works needs a device.
    away = User.objects.create_user("away")
    key = Authenticator.objects.create(user=away, type=Authenticator.Type.WEBAUTHN, data={"name": "key"})
    job = index_image.defer(image_id=1)
    rows = {"user": user.pk, "authenticator": key.pk, "pk": key.pk, "procrastinatejob": job}
    rows |= {"emailaddress": EmailAddress.objects.get(user=user).pk, "group": Group.objects.get(name="curators").pk}
    rows |= {"invitation": Invitation.objects.invite(7, away)[0].pk}
    rows |= {"bulktask": (task := BulkTask.objects.create(kind="import", title="Harbour", asked_by=away)).pk}
    rows |= {"task_id": task.pk, "job_id": task.pk}
    rows |= {"pair_id": _pair_of_copies()}
    mine = Photo.objects.get(owner=user)
    rows |= {"offer_id": Offer.objects.create(owner=user, photo=mine, title="Mine", creator="I", licence="CC0").pk}
    rows |= {"descriptorspace": spaces.ensure_spaces()[0][0].pk, "tag": _tag()}
    return {name: str(value) for name, value in rows.items()}


def _pair_of_copies() -> int:
    first = GalleryImage.objects.public().get()
    second = add_public(image_file(quality=50), "copy.jpg", Details())[0]
    return int(DuplicatePair.objects.create(first=first, second=second, kind="picture", distance=0).pk)


def _tag() -> int:
    from taggit.models import Tag

    return int(Tag.objects.get(name="harbour").pk)


def _nothing(things: dict[str, dict[str, str]]) -> dict[str, str]:
    """Values of the same kinds that name nothing."""
    nothing = {}
    for name, value in (things["visitor"] | things["user"]).items():
        nothing[name] = value if name in ("level", "type_id") else NO_NUMBER if value.isdecimal() else "0" * len(value)
        if len(value) == len(str(uuid.uuid4())):
            nothing[name] = str(uuid.uuid4())
    return nothing
