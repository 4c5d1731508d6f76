"""Every page and state, light and dark, wide and on a phone: axe-core finds nothing, and nothing has to be scrolled
sideways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from accounts.signing_in.roles import make_curator
from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage, Search
from tests.browser import workspace as ws
from tests.pictures import eighths, image_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 640}
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# All that the dark or a narrow window can change.
COLOURS_AND_SIZES = {
    "resultTypes": ["violations"],
    "runOnly": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"],
}


class Inspection:
    """What is wrong with the pages shown so far: each a sentence that names the page, the rule and the element."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        self.axe = Axe()

    def visit(self, url: str, state: str = "") -> None:
        self.page.goto(url)
        self.look(state or url)

    def look(self, state: str) -> None:
        """The page as it is now, wide and light, then narrow and dark."""
        ws.until(self.page, "[...document.images].every((image) => image.complete || image.loading === 'lazy')")
        self.ask(EVERYTHING, state)
        self.page.emulate_media(color_scheme="dark")
        ws.resize(self.page, **PHONE)
        self.ask(COLOURS_AND_SIZES, f"{state}, on a phone, dark")
        too_wide = self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        if too_wide > 0:
            self.found.append(f"{state}, on a phone: {too_wide} px wider than the window")
        ws.resize(self.page, **WIDE)
        self.page.emulate_media(color_scheme="light")

    def ask(self, options: dict[str, Any], state: str) -> None:
        for violation in self.axe.run(self.page, options=options).response["violations"]:
            for node in violation["nodes"]:
                why = "; ".join(item["message"] for item in node["any"] + node["all"] + node["none"])
                self.found.append(f"{state}: {violation['id']} at {node['target']}: {why}\n    {node['html'][:200]}")


@pytest.fixture
def inspection(browser: Browser, live_server: LiveServer, compiled: None) -> Iterator[Inspection]:
    """Motion is off: a colour on its way is neither the one before nor the one after."""
    context = browser.new_context(base_url=live_server.url, viewport=WIDE, reduced_motion="reduce")
    yield Inspection(context.new_page())
    context.close()


@pytest.fixture
def collection() -> None:
    details = Details(
        title="Eight fields",
        description="Four columns by two rows of colours.",
        creator="A. Painter",
        licence="CC BY 4.0",
        source_url="https://example.org/a/rather/long/address/of/a/picture/that/does/not/fit/into/a/line",
        tags=("colours", "test card"),
    )
    add_public(image_file(eighths()), "eighths.jpg", details)
    add_public(image_file(eighths()[:, ::-1]), "a file name that nobody has thought about for long (2).jpg", Details())
    call_command("index_gallery", verbosity=0)


OWN = ("accounts:account", "accounts:sessions", "accounts:export", "accounts:leave")


def sign_in(page: Page, user: User, live_server: LiveServer) -> None:
    """As someone who has just typed the password: pages that guard the account ask for it."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.username, "password": "a-long-passphrase"})
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])


@pytest.mark.usefixtures("expects_refusal")
def test_everything_a_visitor_sees(inspection: Inspection, collection: None) -> None:
    page = inspection.page
    inspection.visit("/")
    inspection.visit("/photos/", "my photos, none yet")
    inspection.visit("/searches/", "searches, none yet")
    inspection.visit("/gallery/")
    inspection.visit("/gallery/?tag=nothing", "gallery, no image has the tag")
    inspection.visit(GalleryImage.objects.latest("pk").get_absolute_url(), "details on a page")

    ws.upload(page, image_file(eighths()), "eighths.jpg")
    inspection.look("workspace, nothing selected")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#status .error")).to_be_visible()
    inspection.look("workspace, an error in the status line")
    page.locator("input[name=level]").fill("8")
    ws.click(page, 30, 40)
    page.keyboard.press("x")
    ws.click(page, 90, 40)
    ws.settled(page)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    inspection.look("workspace, a region included and one excluded, the keyboard on the stage")
    page.locator("summary", has_text="Download").click()
    inspection.look("workspace, menu of downloads open")

    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("aside#drawer article.hit").first).to_be_visible()
    inspection.look("drawer open")
    page.locator("aside#drawer article.hit a").first.click()
    expect(page.locator("dialog#details")).to_be_visible()
    inspection.look("pop-up open")
    page.keyboard.press("Escape")
    page.locator("#search_options summary").click()
    page.locator("article.hit .why summary").first.click()
    inspection.look("drawer open, with its filters and the reasons of a hit")
    inspection.visit(Search.objects.get().get_absolute_url(), "search on a page")
    inspection.visit("/searches/")
    inspection.visit("/photos/", "my photos")
    assert not inspection.found, "\n".join(inspection.found)


@pytest.mark.usefixtures("expects_refusal")
def test_ones_own_photos_and_links(inspection: Inspection) -> None:
    page = inspection.page
    ws.upload(page, image_file(eighths()), "eighths.jpg")
    workspace = page.url.partition("?")[0]
    ws.click(page, 30, 40)
    ws.settled(page)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("#new_address").input_value()
    inspection.look("pop-up of links, with a new one")
    inspection.visit(f"{workspace}links/", "links on a page")
    inspection.visit(link, "a shared selection")
    inspection.visit("/shared/unknown/", "no such link")

    page.goto("/photos/")
    files = [ws.jpeg("one.jpg", image_file()), ws.jpeg("two.jpg", image_file()), ws.jpeg("letter.jpg", b"Dear Sir")]
    page.set_input_files("input[name=image]", files)
    expect(page.locator("#uploads h2")).to_have_text("2 photos added, 1 not")
    inspection.look("my photos, several uploaded")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("switch", name="My searches find it: one.jpg").click()
    expect(page.locator(".own-photo .badge")).to_be_visible()
    page.get_by_label("Choose all").check()
    page.get_by_label("Rename one.jpg").click()
    inspection.look("my photos, all chosen, one being renamed")
    page.keyboard.press("Escape")
    page.locator("#chosen").get_by_role("button", name="Delete").click()
    inspection.look("pop-up before photos are deleted")
    page.get_by_role("button", name="Cancel").click()
    image = GalleryImage.objects.get()
    inspection.visit(image.get_absolute_url(), "details of an image of one's own")
    inspection.visit(f"{image.get_absolute_url()}edit/", "editing what is known about it")
    inspection.visit("/gallery/?mine=on", "my collection")
    assert not inspection.found, "\n".join(inspection.found)


@pytest.mark.usefixtures("expects_refusal")
def test_the_empty_site(inspection: Inspection) -> None:
    inspection.visit("/", "start, no collection")
    inspection.visit("/gallery/", "gallery, no images")
    inspection.page.goto("/")
    inspection.page.set_input_files("input[type=file][name=image]", ws.jpeg("notes.jpg", b"no picture"))
    expect(inspection.page.locator("[role=status]")).to_contain_text("This is a text file")
    inspection.look("start, a file refused")
    assert not inspection.found, "\n".join(inspection.found)


def test_how_the_collection_is(inspection: Inspection, collection: None, alice: User, live_server: LiveServer) -> None:
    make_curator(alice)
    first, second = GalleryImage.objects.order_by("pk")
    GalleryImage.objects.filter(pk=first.pk).update(taken="1999-05-01")
    second.mark_failed("Its file is missing from the storage.")
    sign_in(inspection.page, alice, live_server)
    inspection.visit("/curating/health/")
    inspection.page.get_by_role("button", name="Try again").click()
    expect(inspection.page.locator("[role=status]")).to_contain_text("1 image will be tried again.")
    inspection.look("health, an image is tried again")
    assert not inspection.found, "\n".join(inspection.found)


def test_the_ways_in(inspection: Inspection) -> None:
    page = inspection.page
    for name in ("login", "signup", "reset_password", "reset_password_done", "reset_password_from_key_done"):
        inspection.visit(reverse(f"account_{name}"))
    inspection.visit(reverse("account_email_verification_sent"))
    inspection.visit(reverse("account_inactive"))
    inspection.visit(reverse("account_reset_password_from_key", args=["1", "used"]), "link to a new password, used")
    page.goto(reverse("account_signup"))
    page.fill("input[name=username]", "carol")
    page.fill("input[name=password1]", "short")
    page.fill("input[name=password2]", "other")
    page.locator("main button.primary").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    inspection.look("sign-up, refused")
    page.goto(reverse("account_login"))
    page.fill("input[name=login]", "nobody")
    page.fill("input[name=password]", "wrong")
    page.locator("main button.primary").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    inspection.look("sign-in, refused")
    assert not inspection.found, "\n".join(inspection.found)


def test_an_account(inspection: Inspection, alice: User, live_server: LiveServer) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    sign_in(inspection.page, alice, live_server)
    inspection.visit(reverse("library:photos"), "my photos, signed in, with a message")
    for name in (
        "account_email",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        *OWN,
    ):
        inspection.visit(reverse(name))
    for name in ("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn"):
        inspection.visit(reverse(name))
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)
    data = {"name": "My phone", "credential": {}}
    key = Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data=data)
    inspection.visit(reverse("mfa_index"), "two-factor authentication, set up")
    for name in ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_list_webauthn"):
        inspection.visit(reverse(name))
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        inspection.visit(reverse(name, args=[key.pk]))
    assert not inspection.found, "\n".join(inspection.found)


@pytest.mark.usefixtures("expects_refusal", "expects_unavailable")
def test_the_pages_of_errors(inspection: Inspection, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected.append("the server responded with a status of 500")
    inspection.visit("/nowhere/", "404")
    errors = {400: BadRequest(), 403: PermissionDenied(), 500: RuntimeError("meant to happen"), 503: OperationalError()}
    for code, error in errors.items():
        monkeypatch.setattr("library.upload_views.render", raising(error))
        answer = inspection.page.goto("/")
        assert answer is not None and answer.status == code
        inspection.look(f"error {code}")
    monkeypatch.undo()
    inspection.page.goto("/accounts/login/")
    inspection.page.context.clear_cookies()
    inspection.page.fill("input[name=login]", "alice")
    inspection.page.fill("input[name=password]", "wrong")
    inspection.page.locator("main button.primary").click()
    expect(inspection.page.locator("[role=status]")).to_contain_text("sent no cookie")
    inspection.look("a form that is too old")
    inspection.page.goto("/")
    inspection.page.evaluate("document.getElementById('upload').submit()")
    expect(inspection.page.get_by_role("link", name="Go back")).to_be_visible()
    inspection.look("a problem, for browsers without JavaScript")
    assert not inspection.found, "\n".join(inspection.found)


def raising(error: Exception) -> Any:
    def view(*args: object, **more: object) -> None:
        raise error

    return view
