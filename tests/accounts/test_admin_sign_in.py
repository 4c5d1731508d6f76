"""The administration is entered through the site's own sign-in, where limits and second factors count."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from superpixel_site.staff import is_staff
from tests.accounts.people import PASSWORD, is_let_in, sign_in

SECRET = "JBSWY3DPEHPK3PXP"
ADMIN = "/admin/"


@pytest.fixture
def root(db: None, monkeypatch: pytest.MonkeyPatch) -> User:
    """An admin as the command makes one."""
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="root", email="root@example.com", interactive=False, verbosity=0)
    return User.objects.get(username="root")


def code() -> str:
    counter = next(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(SECRET, counter)))


def test_the_way_in_is_that_of_the_site_and_leads_on(client: Client, root: User) -> None:
    page = f"{ADMIN}auth/user/?q=a"
    asked = client.get(page, follow=True)
    assert [status for _, status in asked.redirect_chain] == [302, 302]
    assert asked.redirect_chain[-1][0].startswith(reverse("account_login"))
    answer = sign_in(client, "root", next=page)
    assert answer["Location"] == page and client.get(page).status_code == 200


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_page_of_the_administration_takes_a_password(client: Client, root: User, signed_in: bool) -> None:
    User.objects.create_superuser("other", "", "another-passphrase")
    if signed_in:
        client.force_login(root)
    for path in ("login/", "password_change/"):
        answer = client.post(f"{ADMIN}{path}", {"username": "other", "password": "another-passphrase"})
        assert answer.status_code == 302
    assert client.session.get("_auth_user_id") == (str(root.pk) if signed_in else None)


def test_guesses_for_the_administration_are_counted(client: Client, root: User) -> None:
    for guess in range(40):
        answer = client.post(f"{ADMIN}login/", {"username": "root", "password": f"guess {guess}"})
        assert answer["Location"].startswith(reverse("account_login"))
    for _ in range(5):
        sign_in(client, "root", "guess")
    assert not is_let_in(client, "root")


def test_a_second_factor_counts_for_the_administration(client: Client, root: User) -> None:
    TOTP.activate(root, SECRET)
    assert sign_in(client, "root", next=ADMIN)["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get(ADMIN).status_code == 302
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert client.get(ADMIN).status_code == 200


def test_who_is_no_staff_is_refused(alice_client: Client) -> None:
    assert alice_client.get(ADMIN, follow=True).status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_else(client: Client, root: User, target: str) -> None:
    client.force_login(root)
    assert client.get(f"{ADMIN}login/", {"next": target})["Location"] == ADMIN


def test_staff_is_led_to_a_second_factor_first(client: Client, root: User, settings: Any) -> None:
    settings.STAFF_REQUIRE_MFA = True
    sign_in(client, "root")
    for path in ("", "gallery/galleryimage/", "auth/user/"):
        page = client.get(f"{ADMIN}{path}", follow=True)
        assert page.redirect_chain[-1][0] == reverse("mfa_index")
        assert "so it needs a second factor" in page.content.decode()
    assert client.post(f"{ADMIN}auth/user/add/", {"username": "x"}).status_code == 302 and not is_staff(root)

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    assert client.post(reverse("mfa_activate_totp"), {"code": code()}).status_code == 302
    assert client.get(ADMIN).status_code == 200 and is_staff(root)


def test_recovery_codes_alone_are_no_second_factor(root: User, settings: Any) -> None:
    settings.STAFF_REQUIRE_MFA = True
    RecoveryCodes.activate(root)
    assert not is_staff(root)


def test_an_admin_sees_second_factors_without_their_secrets(client: Client, root: User, alice: User) -> None:
    TOTP.activate(alice, SECRET)
    client.force_login(root)
    factor = alice.authenticator_set.get()  # type: ignore[attr-defined]
    page = client.get(f"{ADMIN}mfa/authenticator/{factor.pk}/change/").content.decode()
    assert "alice" in page and SECRET not in page and "secret" not in page


def test_an_admin_sees_names_addresses_and_roles(client: Client, root: User, alice: User) -> None:
    client.force_login(root)
    alice.first_name, alice.last_name = "Alicia", "Liddell"
    alice.save()
    page = client.get(f"{ADMIN}auth/user/{alice.pk}/change/").content.decode()
    assert "alice@example.com" in page and 'name="groups"' in page
    assert "Alicia" not in page and "Liddell" not in page and "last_login" not in page
