"""What accounts keep beside Django's own."""

from accounts.models.invitations import Invitation

__all__ = ["Invitation"]
