"""At sign-in a visitor's photos, selections and links become those of the account."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import transaction

from selector.models import Cut, FormerVisitor, Photo, Selection, SharedSelection, Visitor
from selector.people import Person, marker_of
from selector.signals import adopted

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def adopt(visitor: uuid.UUID, owner: User) -> None:
    """Hand a visitor's photos, selections and links to the account they signed in to.

    Where the account has a selection on the same label map, the visitor's takes its place: it is the newer one, which
    the person sees right now.
    """
    with transaction.atomic():
        # What the visitor is doing right now is moved as well, or goes to the account by itself: see `owner_now`.
        Visitor.objects.filter(pk=visitor).select_for_update().first()
        Photo.objects.filter(visitor=visitor).update(visitor=None, owner=owner)
        mine = Selection.objects.filter(visitor=visitor)
        Selection.objects.filter(owner=owner, label_map__in=mine.values("label_map")).delete()
        mine.update(visitor=None, owner=owner)
        for model in (SharedSelection, Cut):
            model.objects.filter(visitor=visitor).update(visitor=None, owner=owner)
        Visitor.objects.filter(pk=visitor).delete()
        FormerVisitor.objects.update_or_create(marker=marker_of(Person(visitor=visitor)), defaults={"owner": owner})
        adopted.send(Photo, visitor=visitor, user=owner)


def owner_now(person: Person) -> Person:
    """Who owns what a person makes until the transaction ends: a visitor may have signed in since they sent it."""
    if person.visitor is None or Visitor.objects.filter(pk=person.visitor).select_for_update(no_key=True).first():
        return person
    former = FormerVisitor.objects.filter(marker=marker_of(person)).select_related("owner").first()
    return Person(user=former.owner) if former else person
