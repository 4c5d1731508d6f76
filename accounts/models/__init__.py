"""What accounts keep beside Django's own rows and allauth's: invitations, exports, and that one is being deleted."""

from accounts.models.departures import Departure
from accounts.models.exports import Export
from accounts.models.invitations import Invitation

__all__ = ["Departure", "Export", "Invitation"]
