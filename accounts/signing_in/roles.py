"""Who somebody is to the site: a visitor, a user, a curator or an admin.

A visitor has no account. A user has one. A curator is of the staff and in the group that a migration makes: it may look
after the public collection and nothing else. An admin is a superuser.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, User

CURATORS = "curators"


def make_curator(user: User) -> None:
    """Let an account look after the public collection."""
    user.groups.add(Group.objects.get(name=CURATORS))
    user.is_staff = True
    user.save(update_fields=["is_staff"])


def make_user(user: User) -> None:
    """Take from an account that it is a curator; an admin stays one."""
    user.groups.remove(Group.objects.get(name=CURATORS))
    user.is_staff = user.is_superuser
    user.save(update_fields=["is_staff"])
