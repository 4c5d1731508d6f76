"""Who may sign up: everybody, who is invited, or nobody."""

from __future__ import annotations

import datetime
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation
from tests.accounts.people import PASSWORD
from tests.accounts.test_account_pages import assert_in_the_look_of_the_site

CREATE = "Create an account"


def sign_up(client: Client, name: str) -> Any:
    given = {"username": name, "email": "", "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse("account_signup"), given)


def opened(token: str) -> Client:
    client = Client()
    assert client.get(reverse("accounts:invitation", args=[token]))["Location"] == reverse("account_signup")
    return client


@pytest.fixture
def by_invitation(settings: Any) -> None:
    settings.SIGN_UP = "invitation"


@pytest.mark.parametrize(("value", "offered"), [("open", True), ("invitation", False), ("closed", False)])
@pytest.mark.django_db
def test_pages_offer_it_where_everybody_may(client: Client, settings: Any, value: str, offered: bool) -> None:
    settings.SIGN_UP = value
    page = client.get(reverse("account_login"))
    assert_in_the_look_of_the_site(page)
    assert (CREATE in page.content.decode()) is offered
    form = client.get(reverse("account_signup"))
    assert_in_the_look_of_the_site(form)
    assert ('name="password1"' in form.content.decode()) is offered
    sign_up(client, "carol")
    assert User.objects.exists() is offered


@pytest.mark.django_db
@pytest.mark.usefixtures("by_invitation")
def test_an_invitation_makes_one_account() -> None:
    invitation, token = Invitation.objects.invite()
    first, second = opened(token), opened(token)
    assert 'name="password1"' in first.get(reverse("account_signup")).content.decode()
    assert sign_up(first, "carol").status_code == 302
    invitation.refresh_from_db()
    assert invitation.used

    assert "by invitation" in sign_up(second, "david").content.decode()
    assert [user.username for user in User.objects.all()] == ["carol"]


@pytest.mark.django_db
def test_the_database_holds_no_token() -> None:
    _, token = Invitation.objects.invite()
    assert len(token) == 32, "192 bits"
    assert token not in str(list(Invitation.objects.values_list()))


@pytest.mark.django_db
@pytest.mark.usefixtures("by_invitation")
def test_an_invitation_that_does_not_work_says_why(client: Client) -> None:
    fresh, used, over = (Invitation.objects.invite() for _ in range(3))
    now = timezone.now()
    Invitation.objects.filter(pk=used[0].pk).update(used=now)
    Invitation.objects.filter(pk=over[0].pk).update(ends=now - datetime.timedelta(days=1))
    reasons = {"x" * 32: "not one of ours", used[1]: "made with it already", over[1]: "It was good until"}
    for token, reason in reasons.items():
        page = client.get(reverse("accounts:invitation", args=[token]))
        assert page.status_code == 404 and reason in page.content.decode()
    session = opened(fresh[1])
    Invitation.objects.all().update(ends=now)
    assert "by invitation" in session.get(reverse("account_signup")).content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("by_invitation")
def test_a_form_that_is_sent_back_uses_no_invitation() -> None:
    _, token = Invitation.objects.invite()
    client = opened(token)
    assert sign_up(client, "carol@example.com").status_code == 200
    assert sign_up(client, "carol").status_code == 302


@pytest.mark.django_db
def test_a_closed_site_takes_no_invitation(client: Client, settings: Any) -> None:
    settings.SIGN_UP = "closed"
    _, token = Invitation.objects.invite()
    page = client.get(reverse("accounts:invitation", args=[token]))
    assert "Nobody can sign up" in page.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("by_invitation")
def test_two_who_sign_up_at_once_with_one_invitation() -> None:
    _, token = Invitation.objects.invite()
    browsers = {name: opened(token) for name in ("carol", "david", "erin", "frank")}

    def take(name: str) -> int:
        try:
            return int(sign_up(browsers[name], name).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(take, browsers))
    assert statuses.count(302) == 1 and User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("by_invitation")
def test_a_command_prints_a_link() -> None:
    out = io.StringIO()
    call_command("invite", days=3, site="https://www.example.org/", stdout=out)
    link = out.getvalue().strip()
    assert link.startswith("https://www.example.org/accounts/invitation/")
    assert sign_up(opened(link.split("/")[-2]), "carol").status_code == 302
    assert Invitation.objects.get().ends < timezone.now() + datetime.timedelta(days=3, minutes=1)


@pytest.mark.usefixtures("by_invitation")
def test_an_admin_makes_a_link_that_is_shown_once(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root"))
    page = client.post("/admin/accounts/invitation/add/", {"days": 7}, follow=True).content.decode()
    token = page.split("http://testserver/accounts/invitation/")[1].split("/")[0]
    assert token not in client.get("/admin/accounts/invitation/").content.decode()
    assert Invitation.objects.get().made_by is not None
    assert sign_up(opened(token), "carol").status_code == 302
