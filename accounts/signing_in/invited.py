"""An invitation on its way through the session: from the link that was opened to the account that is made."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation
from superpixel_site.refusals import Refusal

SESSION_KEY = "invitation"
USED_MEANWHILE = "This invitation has been used meanwhile, or its time is over. Ask for another one."


def remember(request: HttpRequest, invitation: Invitation) -> None:
    """Let a session sign up with an invitation, so that its link need not go from page to page."""
    request.session[SESSION_KEY] = invitation.pk


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The invitation with which somebody may sign up just now."""
    if SESSION_KEY not in request.session:
        return None
    return Invitation.objects.good().filter(pk=request.session[SESSION_KEY]).first()


def use(request: HttpRequest, user: User) -> None:
    """Note that an account was made with an invitation, in the transaction that makes it.

    Raises
    ------
    Refusal
        When somebody else has used the invitation in between: of two who try at once, the second waits here.
    """
    key = request.session.pop(SESSION_KEY, None)
    if not Invitation.objects.good().filter(pk=key).update(used=timezone.now()):
        raise Refusal(USED_MEANWHILE, 409, reverse("account_login"))
