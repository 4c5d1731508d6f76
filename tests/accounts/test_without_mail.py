"""A site that sends no e-mail says so, and writes nothing that opens an account anywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse

from superpixel_site.settings import BASE_DIR
from tests.accounts.people import PASSWORD, sign_in
from tests.site.test_wrong_settings import loaded

DUMMY = "django.core.mail.backends.dummy.EmailBackend"


@pytest.fixture
def no_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = DUMMY


def test_there_is_none_unless_it_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch)["EMAIL_BACKEND"] == DUMMY
    assert "console" in loaded(monkeypatch, DEBUG="true")["EMAIL_BACKEND"]
    assert "smtp" in loaded(monkeypatch, EMAIL_URL="submission://u:p@mail.example.org:587")["EMAIL_BACKEND"]


@pytest.mark.parametrize(
    ("wrong", "sentence_"),
    [
        ({"EMAIL_URL": "console:"}, "Wrong setting: EMAIL_URL is 'console:'. It writes links that open accounts"),
        (
            {"ACCOUNT_EMAIL_VERIFICATION": "mandatory"},
            "Wrong setting: ACCOUNT_EMAIL_VERIFICATION is 'mandatory'. Set EMAIL_URL",
        ),
    ],
)
def test_what_cannot_work_without_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], sentence_: str
) -> None:
    with pytest.raises(Exception, match=sentence_):
        loaded(monkeypatch, SECRET_KEY="x", **wrong)


@pytest.mark.usefixtures("no_mail")
def test_the_page_for_forgotten_passwords_says_whom_to_ask(client: Client, alice: User) -> None:
    page = client.get(reverse("account_reset_password")).content.decode()
    assert "sends no email" in page and "people who run it" in page and 'name="email"' not in page
    answer = client.post(reverse("account_reset_password"), {"email": alice.email})
    assert answer.status_code == 200 and mail.outbox == []


@pytest.mark.usefixtures("no_mail")
def test_nobody_is_told_of_mail_that_is_not_sent(client: Client, db: None) -> None:
    given = {"username": "carol", "email": "carol@example.com", "password1": PASSWORD, "password2": PASSWORD}
    page = client.post(reverse("account_signup"), given, follow=True).content.decode()
    assert "Confirmation email sent" not in page and "signed in as carol" in page
    assert not EmailAddress.objects.get(email="carol@example.com").verified and mail.outbox == []


@pytest.mark.usefixtures("no_mail")
def test_a_second_factor_needs_no_confirmed_address(client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    sign_in(client, "alice")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


RESET = """
import django; django.setup()
from django.conf import settings
from django.core.mail import send_mail
send_mail("Reset", "https://www.example.org/accounts/password/reset/key/1-abc/", None, ["alice@example.com"])
"""


def test_no_link_is_written_to_the_log(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "superpixel_site.settings"}
    done = subprocess.run(
        [sys.executable, "-c", RESET], cwd=BASE_DIR, env=env, capture_output=True, text=True, check=True
    )
    assert "reset/key" not in done.stdout + done.stderr
