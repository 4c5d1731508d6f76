"""Guessing is slow, and nobody is kept out of their account by what others do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.signing_in import attempts
from tests.accounts.people import PASSWORD, at, is_let_in, sentence, sign_in

pytestmark = pytest.mark.usefixtures("behind_a_proxy")


@pytest.fixture
def behind_a_proxy(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1


def test_ten_wrong_passwords_from_one_address_slow_no_other(alice: User, bob: User) -> None:
    attacker = at("192.0.2.1")
    for guess in range(10):
        sign_in(attacker, "alice", f"guess {guess}")
    assert "Wait five minutes" in sentence(sign_in(attacker, "alice"))
    assert is_let_in(at("198.51.100.1"), "alice") and is_let_in(at("198.51.100.2"), "bob")


def test_five_wrong_passwords_for_one_account_are_enough(alice: User, bob: User) -> None:
    attacker = at("192.0.2.1")
    answers = [sentence(sign_in(attacker, "alice", "guess")) for _ in range(6)]
    assert all("do not belong together" in answer for answer in answers[:5]) and "Wait" in answers[5]
    assert is_let_in(at("192.0.2.1"), "bob"), "another account at the same address"


def test_an_unknown_account_is_refused_like_a_known_one(alice: User) -> None:
    answers = {
        login: [sentence(sign_in(at(f"192.0.2.{number}"), login, "guess")) for _ in range(7)]
        for number, login in enumerate(["alice", "nobody", "alice@example.com", "nobody@example.com"])
    }
    assert answers["alice"] == answers["nobody"] and "Wait" in answers["alice"][-1]
    assert answers["alice@example.com"] == answers["nobody@example.com"] != answers["alice"]


def test_what_the_client_says_itself_opens_no_new_account_of_attempts(alice: User) -> None:
    for guess in range(5):
        sign_in(Client(headers={"X-Forwarded-For": f"203.0.113.{guess}, 192.0.2.1"}), "alice", "guess")
    assert not is_let_in(at("192.0.2.1"), "alice")


def test_addresses_of_one_ipv6_network_count_together(alice: User) -> None:
    for guess in range(5):
        sign_in(at(f"2001:db8:1:2::{guess}"), "alice", "guess")
    assert not is_let_in(at("2001:db8:1:2:ffff::1"), "alice")
    assert is_let_in(at("2001:db8:1:3::1"), "alice")


def test_many_addresses_have_one_attempt_each_and_the_owner_gets_in(alice: User) -> None:
    for guess in range(attempts.MANY_IN_AN_HOUR):
        sign_in(at(f"192.0.2.{guess}"), "alice", "guess")
    again = sign_in(at("192.0.2.0"), "alice", "another guess")
    assert "Wait five minutes" in sentence(again)
    assert is_let_in(at("198.51.100.1"), "alice"), "the owner, at a new device"
    assert is_let_in(at("192.0.2.0"), "alice@example.com"), "it is counted by what is typed, so as to tell nothing"


def test_who_has_chosen_a_new_password_is_let_in_at_once(alice: User) -> None:
    home = at("198.51.100.1")
    for _ in range(6):
        sign_in(home, "alice", "forgotten")
    home.post(reverse("account_reset_password"), {"email": alice.email})
    link = next(word for word in str(mail.outbox[-1].body).split() if "/password/reset/key/" in word)
    form = home.get(link.replace("http://testserver", ""), follow=True).redirect_chain[-1][0]
    home.post(form, {"password1": "a-new-passphrase", "password2": "a-new-passphrase"})
    assert is_let_in(home, "alice", "a-new-passphrase")


def test_forms_sent_too_often_are_a_page_that_says_so(alice: User) -> None:
    attacker = at("192.0.2.1")
    for guess in range(30):
        sign_in(attacker, f"name{guess}", "")
    response = sign_in(attacker, "alice")
    page = response.content.decode()
    assert response.status_code == 429 and int(response.headers["Retry-After"]) > 0
    assert "Wait a few minutes" in page and "site-header" in page


class CountingHasher(MD5PasswordHasher):
    """Counts the hashes that a request has cost."""

    hashes = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashes += 1
        return super().encode(password, salt)


def test_known_and_unknown_accounts_take_one_hash(alice: User, bob: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    bob.is_active = False
    bob.save()
    User.objects.create_user("mallory", alice.email, PASSWORD)
    cost = {}
    for number, login in enumerate(["alice", alice.email, "bob", bob.email, "nobody", "nobody@example.com"]):
        CountingHasher.hashes = 0
        sign_in(at(f"192.0.2.{number}"), login, "wrong")
        cost[login] = CountingHasher.hashes
    assert set(cost.values()) == {1}, cost


def test_of_two_with_one_address_the_confirmed_one_is_meant(alice: User) -> None:
    User.objects.create_user("mallory", alice.email, "another-passphrase")
    assert is_let_in(at("192.0.2.1"), alice.email)
    assert not is_let_in(at("192.0.2.2"), alice.email, "another-passphrase")
    assert is_let_in(at("192.0.2.3"), "mallory", "another-passphrase")


def test_a_name_is_meant_before_an_address(alice: User) -> None:
    """Else somebody could keep another out who has an old name like an address, by signing up with that address."""
    User.objects.create_user(alice.email, "", "another-passphrase")
    assert is_let_in(at("192.0.2.1"), alice.email, "another-passphrase")
    assert not is_let_in(at("192.0.2.2"), alice.email)


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted() -> None:
    User.objects.create_user("alice", "alice@example.com", PASSWORD)

    def guess(number: int) -> str:
        try:
            response = sign_in(at("192.0.2.1"), "alice", f"guess {number}")
            # Who waits too long for the others to be counted is let wait as well.
            return "Wait" if response.status_code == 429 else sentence(response)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))
    assert sum("do not belong together" in answer for answer in answers) <= 5
    assert all("do not belong together" in answer or "Wait" in answer for answer in answers)
    assert not is_let_in(at("192.0.2.1"), "alice") and is_let_in(at("192.0.2.2"), "alice")
