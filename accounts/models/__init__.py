"""What an account has beside allauth's rows: an export of all its things, and that it is being deleted."""

from accounts.models.departures import Departure
from accounts.models.exports import Export

__all__ = ["Departure", "Export"]
