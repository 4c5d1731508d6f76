"""Accounts: every page in the look of the site, and the ways in and out as a person walks them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from selector.models import Photo
from selector.people import SESSION_KEY
from tests.pictures import image_file

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

PASSWORD = "a-long-passphrase"
NEW_PASSWORD = "an-even-longer-passphrase"
SECRET = "JBSWY3DPEHPK3PXP"

ENTRANCES = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_inactive",
]
MANAGED = [
    "account_logout",
    "account_email",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "accounts:account",
    "accounts:sessions",
    "accounts:export",
    "accounts:leave",
]
SECURED = [
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
]


class Page(HTMLParser):
    """What a page must have one of, and what a strict content security policy forbids."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.headings = self.live_regions = self.mains = 0
        self.stylesheets: list[str] = []
        self.forbidden: list[str] = []
        self.unlabelled: set[str] = set()
        self.labelled: set[str] = set()
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.headings += tag == "h1"
        self.mains += tag == "main"
        self.live_regions += given.get("role") == "status"
        if tag == "link" and given.get("rel") == "stylesheet":
            self.stylesheets.append(given["href"] or "")
        if tag == "label":
            self.labelled.add(given.get("for") or "")
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.unlabelled.add(given.get("id") or "an input without id")
        if tag == "style" or any(name == "style" or name.startswith("on") for name in given):
            self.forbidden.append(self.get_starttag_text() or tag)
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.forbidden.append(self.get_starttag_text() or tag)


# What every page uses, in this order.
SITE_STYLES = (
    *("tokens", "base", "header", "buttons", "forms"),
    *("blocks", "cards", "popup", "messages", "start", "demo", "forced-colors"),
)


def assert_in_the_look_of_the_site(response: Response) -> None:
    assert response.status_code == 200
    page = Page(response)
    assert (page.headings, page.mains, page.live_regions) == (1, 1, 1)
    assert [url.rpartition("/")[2].partition(".")[0] for url in page.stylesheets] == [*SITE_STYLES, "account"]
    assert page.forbidden == []
    assert page.unlabelled <= page.labelled


@pytest.fixture
def alice_inside(alice: User) -> Client:
    """Alice, signed in, with a confirmed address."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return signed_in(Client(), "alice")


@pytest.fixture
def alice_trusted(alice_inside: Client) -> Client:
    """Alice, who has just typed her password once more: pages that guard the account ask for it."""
    alice_inside.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return alice_inside


def signed_in(client: Client, login: str, password: str = PASSWORD) -> Client:
    response = client.post(reverse("account_login"), {"login": login, "password": password})
    assert response.status_code == 302, response.content.decode()
    return client


def sign_up(client: Client, name: str = "carol", **more: str) -> Response:
    given = {
        "username": name,
        "email": f"{name}@example.com",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return client.post(reverse("account_signup"), given | more)


def upload(client: Client) -> Photo:
    file = SimpleUploadedFile("quarters.jpg", image_file(), "image/jpeg")
    assert client.post(reverse("library:photos"), {"image": file}).status_code == 302
    return Photo.objects.get(name="quarters.jpg")


def link_in_mail() -> str:
    found = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def shown_to(client: Client) -> str:
    """Who the header of a page says is signed in; nobody is ``""``."""
    found = re.search(r'class="who">([^<]*)<', client.get(reverse("library:photos")).content.decode())
    return found[1] if found else ""


# The pages


@pytest.mark.parametrize("name", ENTRANCES)
def test_pages_for_strangers_have_the_look_of_the_site(client: Client, db: None, name: str) -> None:
    assert_in_the_look_of_the_site(client.get(reverse(name)))


@pytest.mark.parametrize("name", MANAGED)
def test_pages_of_an_account_have_the_look_of_the_site(alice_trusted: Client, name: str) -> None:
    assert_in_the_look_of_the_site(alice_trusted.get(reverse(name)))


@pytest.mark.parametrize("name", SECURED)
def test_pages_of_a_secured_account_have_the_look_of_the_site(alice: User, alice_trusted: Client, name: str) -> None:
    TOTP.activate(alice, SECRET)
    RecoveryCodes.activate(alice)
    assert_in_the_look_of_the_site(alice_trusted.get(reverse(name)))


def test_pages_of_a_security_key_have_the_look_of_the_site(alice: User, alice_trusted: Client) -> None:
    key = Authenticator.objects.create(
        user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "My phone", "credential": {}}
    )
    assert_in_the_look_of_the_site(alice_trusted.get(reverse("mfa_list_webauthn")))
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert_in_the_look_of_the_site(alice_trusted.get(reverse(name, args=[key.pk])))


def test_titles_and_buttons_are_in_sentence_case(alice_inside: Client) -> None:
    page = alice_inside.get(reverse("mfa_index")).content.decode()
    assert "<title>Two-factor authentication · Superpixel Search</title>" in page
    assert "<h1>Two-factor authentication</h1>" in page
    assert "<h2>Authenticator app</h2>" in page


def test_the_page_of_a_form_says_what_is_wrong_beside_the_field(client: Client, db: None) -> None:
    page = sign_up(client, password2="something else").content.decode()
    assert 'id="id_password2_error"' in page
    assert re.search(r'<input[^>]*name="password2"[^>]*aria-invalid="true"', page)
    assert not User.objects.filter(username="carol").exists()


# The ways in and out


def test_signing_up_signs_in(client: Client, db: None) -> None:
    assert sign_up(client).status_code == 302
    assert shown_to(client) == "carol"
    assert User.objects.get(username="carol").email == "carol@example.com"


def test_an_account_needs_no_email_address(client: Client, db: None) -> None:
    assert sign_up(client, email="").status_code == 302
    assert shown_to(client) == "carol"


def test_a_visitors_photo_follows_into_a_new_account(client: Client, few_superpixels: None, db: None) -> None:
    photo = upload(client)
    assert photo.owner is None
    sign_up(client)
    photo = Photo.objects.get(pk=photo.pk)
    assert photo.owner == User.objects.get(username="carol")
    assert photo.visitor is None
    assert client.get(photo.get_absolute_url()).status_code == 200
    assert SESSION_KEY not in client.session
    assert Client().get(photo.get_absolute_url()).status_code == 404


def test_a_visitors_photo_follows_into_an_account_that_exists(
    client: Client, alice: User, few_superpixels: None
) -> None:
    photo = upload(client)
    signed_in(client, "alice")
    photo.refresh_from_db()
    assert (photo.owner, photo.visitor) == (alice, None)
    assert photo.name in client.get(reverse("library:photos")).content.decode()


@pytest.mark.parametrize("login", ["alice", "alice@example.com"])
def test_people_sign_in_by_name_or_address(client: Client, alice: User, login: str) -> None:
    signed_in(client, login)
    assert shown_to(client) == "alice"


def test_signing_in_leads_back_to_where_it_began(client: Client, alice: User, db: None) -> None:
    page = client.get(reverse("library:photos")).content.decode()
    assert f"{reverse('account_login')}?next=/photos/" in page
    response = client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD, "next": "/photos/"})
    assert response["Location"] == "/photos/"


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(client: Client, alice: User) -> None:
    answers = []
    for login in ("alice", "nobody"):
        page = client.post(reverse("account_login"), {"login": login, "password": "wrong"}).content.decode()
        found = re.search(r'class="errorlist nonfield"[^>]*>(.*?)</ul>', page)
        answers.append(found and found[1])
    assert answers[0] and answers[0] == answers[1]
    assert shown_to(client) == ""


def test_the_header_signs_out_with_one_click(alice_inside: Client) -> None:
    page = alice_inside.get(reverse("library:photos")).content.decode()
    assert f'<form method="post" action="{reverse("account_logout")}">' in page
    assert alice_inside.post(reverse("account_logout")).status_code == 302
    assert shown_to(alice_inside) == ""


def test_what_happened_is_said_once_in_the_status_line(alice_inside: Client) -> None:
    photos = reverse("library:photos")
    assert 'class="message success">Successfully signed in' in alice_inside.get(photos).content.decode()
    assert "Successfully signed in" not in alice_inside.get(photos).content.decode()


def test_a_forgotten_password_is_replaced_through_a_link_that_works_once(client: Client, alice: User) -> None:
    sent = client.post(reverse("account_reset_password"), {"email": alice.email})
    assert sent["Location"] == reverse("account_reset_password_done")
    link = link_in_mail()

    form = client.get(link, follow=True)
    assert_in_the_look_of_the_site(form)
    address = form.redirect_chain[-1][0]
    client.post(address, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)

    used = Client().get(link, follow=True)
    assert_in_the_look_of_the_site(used)
    assert "This link no longer works" in used.content.decode()
    signed_in(Client(), "alice", NEW_PASSWORD)


def test_nobody_learns_from_a_reset_whether_an_address_is_known(client: Client, alice: User) -> None:
    known = client.post(reverse("account_reset_password"), {"email": alice.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_an_address_is_confirmed_by_the_link_in_the_mail(client: Client, db: None) -> None:
    sign_up(client)
    address = EmailAddress.objects.get(email="carol@example.com")
    assert not address.verified
    link = link_in_mail()
    assert_in_the_look_of_the_site(client.get(link))
    client.post(link)
    address.refresh_from_db()
    assert address.verified


def test_a_secured_account_asks_for_a_code(client: Client, alice: User) -> None:
    TOTP.activate(alice, SECRET)
    signed_in(client, "alice")
    assert shown_to(client) == ""
    page = client.get(reverse("mfa_authenticate"))
    assert_in_the_look_of_the_site(page)

    refused = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert 'id="id_code_error"' in refused.content.decode()
    counter = next(yield_hotp_counters_from_time())
    client.post(reverse("mfa_authenticate"), {"code": format_hotp_value(hotp_value(SECRET, counter))})
    assert shown_to(client) == "alice"
