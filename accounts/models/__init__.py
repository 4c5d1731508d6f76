"""What accounts keep beside Django's own rows and allauth's: invitations, exports, tokens, that one is closed."""

from accounts.models.departures import Departure
from accounts.models.exports import Export
from accounts.models.invitations import Invitation
from accounts.models.tokens import ApiToken

__all__ = ["ApiToken", "Departure", "Export", "Invitation"]
