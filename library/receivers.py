"""What becomes of people's choices when they sign in, and when they stay away."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from library.models import FindingChoice
from selector.signals import adopted, forgotten

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@receiver(adopted)
def adopt_choice(visitor: uuid.UUID, user: User, **kwargs: Any) -> None:
    """Hand a visitor's choice to the account they signed in to, unless it has one."""
    if FindingChoice.objects.filter(owner=user).exists():
        forget_choice(visitor)
    FindingChoice.objects.filter(visitor=visitor).update(visitor=None, owner=user)


@receiver(forgotten)
def forget_choice(visitor: uuid.UUID, **kwargs: Any) -> None:
    """Delete the choice of a visitor who does not come back."""
    FindingChoice.objects.filter(visitor=visitor).delete()
