"""Whether an e-mail address has an account: no form tells it, in none of the three ways of confirming addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.accounts.people import PASSWORD, sign_in

CHANGING = re.compile(
    r'name="(csrfmiddlewaretoken|page_of)" value="[^"]*"|"X-CSRFToken": "[^"]*"|name="page-of" content="[^"]*"'
)


@pytest.fixture(params=[True, False], ids=["confirmed", "not confirmed"])
def known(alice: User, request: pytest.FixtureRequest) -> str:
    """The address of an account."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=request.param, primary=True)
    return alice.email


@pytest.fixture(params=["none", "optional", "mandatory"])
def way(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.ACCOUNT_EMAIL_VERIFICATION = request.param
    return str(request.param)


def sign_up(name: str, email: str, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    given = {"username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD}
    return client, client.post(reverse("account_signup"), given)


def seen(client: Client, answer: Any, email: str, name: str) -> list[str]:
    """All that somebody sees who has signed up: the answer, and pages about their account, without what they know."""
    pages = [client.get(reverse(page), follow=True) for page in ("account_email", "mfa_index", "library:photos")]
    texts = [answer["Location"], *(page.content.decode() for page in (answer, *pages))]
    return [CHANGING.sub("", text).replace(email, "ADDRESS").replace(name, "NAME") for text in texts]


def test_signing_up_looks_the_same(known: str, way: str) -> None:
    with_known = seen(*sign_up("carol", known), known, "carol")
    with_unknown = seen(*sign_up("david", "david@nowhere.example"), "david@nowhere.example", "david")
    assert with_known == with_unknown
    assert with_known[0] == reverse("account_email_verification_sent" if way == "mandatory" else "library:start")


def test_the_user_name_is_taken_in_either_case(known: str, way: str) -> None:
    """Else a second attempt with the same name would tell what the first does not."""
    for name, email in (("carol", known), ("david", "david@nowhere.example")):
        sign_up(name, email)
        _, again = sign_up(name, "other@nowhere.example")
        assert "already exists" in again.content.decode()


def test_the_owner_of_a_confirmed_address_is_told_and_nobody_can_take_it(alice: User, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    sign_up("carol", alice.email)
    (sent,) = mail.outbox
    assert sent.to == [alice.email] and "already exists" in sent.body and "confirm-email" not in sent.body
    carol = EmailAddress.objects.get(user__username="carol")
    assert not carol.set_verified()
    assert sign_in(Client(), alice.email).status_code == 302


def test_an_address_added_to_an_account_looks_the_same(known: str, bob: User) -> None:
    pages = []
    for email in (known, "a@nowhere.example"):
        client = Client()
        sign_in(client, "bob")
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        answer = client.post(reverse("account_email"), {"action_add": "", "email": email})
        pages.append(seen(client, answer, email, "bob"))
        EmailAddress.objects.filter(user=bob).exclude(email=bob.email).delete()
    assert pages[0] == pages[1]


def test_asking_for_a_new_password_looks_the_same(known: str) -> None:
    answers = []
    for email in (known, "new@nowhere.example"):
        client = Client()
        answer = client.post(reverse("account_reset_password"), {"email": email})
        answers.append(
            [answer.status_code, answer["Location"], CHANGING.sub("", client.get(answer["Location"]).content.decode())]
        )
    assert answers[0] == answers[1] and len(mail.outbox) == 2, "both are sent a mail, which takes its time"


def test_a_closed_account_is_told_to_who_knows_its_password_alone(client: Client, alice: User) -> None:
    alice.is_active = False
    alice.save()
    wrong = sign_in(client, alice.email, "wrong").content.decode()
    unknown = sign_in(client, "nobody@example.com", "wrong").content.decode()
    assert CHANGING.sub("", wrong).replace(alice.email, "") == CHANGING.sub("", unknown).replace(
        "nobody@example.com", ""
    )
    right = sign_in(client, alice.email)
    assert right["Location"] == reverse("account_inactive")


def test_names_can_be_asked_for_at_a_limited_rate(alice: User) -> None:
    statuses = [sign_up("alice", "")[1].status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]


def test_a_new_name_does_not_look_like_an_address(db: None) -> None:
    _, answer = sign_up("alice@example.com", "")
    assert "without @" in answer.content.decode() and not User.objects.exists()
