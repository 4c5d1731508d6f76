"""What people have said about the photos that they will add."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Q

from selector.models.photos import Owned, OwnedQuerySet
from selector.people import Person


class FindingChoiceQuerySet(OwnedQuerySet["FindingChoice"]):
    """Of choices."""

    def of(self, person: Person) -> bool | None:
        """What a person has chosen; None before they have."""
        return self.owned_by(person).values_list("finds_new", flat=True).first()

    def choose(self, person: Person, *, finds_new: bool) -> None:
        """Note what a person chooses, instead of what they chose before."""
        with transaction.atomic():
            self.owned_by(person).delete()
            self.create(**person.as_fields(), finds_new=finds_new)


class FindingChoice(Owned):
    """Whether a person's searches are to find the photos that they add. They are asked once, after the first."""

    finds_new = models.BooleanField()

    objects = FindingChoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="finding_choice_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return "New photos are found" if self.finds_new else "New photos are not found"
