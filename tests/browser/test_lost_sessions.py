"""What becomes of a page that is open while its session goes: no gesture is lost, and nothing is done in silence."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from selector.models import Photo, Selection, Visitor
from tests.browser import workspace as ws
from tests.pictures import image_file

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("few_superpixels", "expects_refusal"),
]

PASSWORD = "a-long-passphrase"
FIRST, SECOND = (30, 40), (150, 40)
SIGNED_OUT = "You have been signed out. Sign in to go on."
VISIT_ENDED = "Your visit has ended"
SOMEONE_ELSE = "Someone else has signed in"


@dataclass
class Scene:
    """A workspace on a public photo with one region selected, and what may happen beside it."""

    page: Page
    photo: Photo
    settings: Any
    password: str = PASSWORD

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def cookie(self, name: str, value: str) -> None:
        self.context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/"}])

    def sends(self, address: str, **fields: str) -> None:
        """What another tab sends; the browser's cookies are those of all its tabs."""
        self.context.request.get("/accounts/login/")
        names = {cookie.get("name"): cookie.get("value", "") for cookie in self.context.cookies()}
        form: dict[str, str | float | bool] = {**fields, "csrfmiddlewaretoken": names[site.CSRF_COOKIE_NAME]}
        answer = self.context.request.post(address, form=form)
        assert answer.ok and "errorlist" not in answer.text(), answer.text()

    def signs_in(self, name: str = "alice") -> None:
        self.sends("/accounts/login/", login=name, password=self.password)

    def fills_in(self, tab: Page, name: str = "alice") -> None:
        tab.fill("[name=login]", name)
        tab.fill("[name=password]", self.password)
        tab.locator("main form button.primary").click()
        expect(tab.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.fixture
def scene(page: Page, settings: Any) -> Scene:
    return Scene(page, ws.public_photo(), settings)


def open_workspace(scene: Scene, *clicks: tuple[float, float]) -> None:
    scene.page.goto(scene.photo.get_absolute_url() + "?level=20")
    ws.ready(scene.page)
    for point in clicks:
        ws.click(scene.page, *point)
    ws.settled(scene.page)


def open_as_alice(scene: Scene, *clicks: tuple[float, float]) -> None:
    client = Client()
    client.force_login(User.objects.get(username="alice"))
    scene.page.goto("/healthz")
    scene.cookie(site.SESSION_COOKIE_NAME, client.cookies[site.SESSION_COOKIE_NAME].value)
    open_workspace(scene, *clicks)


def position_of(**owner: Any) -> int:
    """How many gestures have been applied to somebody's selection."""
    return Selection.objects.get(**owner).position


# Happenings. Each takes the scene and what made it one must still be able to go on from.


def expires(scene: Scene) -> None:
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(days=1))


def signs_out_in_another_tab(scene: Scene) -> None:
    scene.sends("/accounts/logout/")


def signs_out_and_goes_on_as_a_visitor_in_another_tab(scene: Scene) -> None:
    signs_out_in_another_tab(scene)
    another = Scene(scene.context.new_page(), scene.photo, scene.settings)
    open_workspace(another, FIRST)


def clears_the_cookies(scene: Scene) -> None:
    scene.context.clear_cookies()


def changes_the_password_on_another_device(scene: Scene) -> None:
    scene.password = "an-even-longer-passphrase"
    alice = User.objects.get(username="alice")
    alice.set_password(scene.password)
    alice.save()


def bob_signs_in_in_another_tab(scene: Scene) -> None:
    scene.sends("/accounts/logout/")
    scene.signs_in("bob")


GONE: dict[Callable[[Scene], None], str] = {
    expires: SIGNED_OUT,
    signs_out_in_another_tab: SIGNED_OUT,
    signs_out_and_goes_on_as_a_visitor_in_another_tab: SIGNED_OUT,
    clears_the_cookies: SIGNED_OUT,
    changes_the_password_on_another_device: SIGNED_OUT,
    bob_signs_in_in_another_tab: SOMEONE_ELSE,
}
COME_BACK = (expires, clears_the_cookies, changes_the_password_on_another_device)


@pytest.mark.parametrize("happening", GONE, ids=lambda happening: str(happening.__name__))
def test_who_is_gone_is_told_so(scene: Scene, alice: User, bob: User, happening: Callable[[Scene], None]) -> None:
    open_as_alice(scene, FIRST)
    known = alice.pk
    happening(scene)
    selections, visitors = Selection.objects.count(), Visitor.objects.count()
    ws.click(scene.page, *SECOND)
    status = scene.page.get_by_role("status")
    expect(status).to_contain_text(GONE[happening])
    link = status.get_by_role("link").get_attribute("href") or ""
    workspace = scene.page.url.partition("/photos/")[2].partition("?")[0].strip("/")
    assert workspace in link
    assert ("/accounts/login/?next=" in link) == (GONE[happening] == SIGNED_OUT)
    # Nothing is done in somebody else's name, and what is on the screen stays, with what has been clicked since.
    assert (Selection.objects.count(), Visitor.objects.count()) == (selections, visitors)
    assert Selection.objects.filter(owner=known, position__gt=1).count() == 0
    assert scene.page.locator(".layers.anticipating").count()
    if happening in COME_BACK:
        status.get_by_role("link").click()
        scene.fills_in(scene.page)
        ws.ready(scene.page)
        ws.settled(scene.page)
        expect(status).to_contain_text("Region added")
        assert position_of(owner=alice) == 2


def signs_in_in_another_tab(scene: Scene) -> None:
    scene.signs_in()


def signs_up_in_another_tab(scene: Scene) -> None:
    scene.sends("/accounts/signup/", username="carol", email="", password1=PASSWORD, password2=PASSWORD)


def signs_in_out_and_in_again(scene: Scene) -> None:
    scene.signs_in()
    scene.sends("/accounts/logout/")
    scene.signs_in()


def loses_the_token(scene: Scene) -> None:
    scene.context.clear_cookies(name=site.CSRF_COOKIE_NAME)


def token_is_garbled(scene: Scene) -> None:
    scene.cookie(site.CSRF_COOKIE_NAME, "nonsense!")


def session_gets_another_key(scene: Scene) -> None:
    scene.signs_in()
    new = "an-even-longer-passphrase"
    scene.sends("/accounts/password/change/", oldpassword=PASSWORD, password1=new, password2=new)


STILL_KNOWN = [
    signs_in_in_another_tab,
    signs_up_in_another_tab,
    signs_in_out_and_in_again,
    session_gets_another_key,
    loses_the_token,
    token_is_garbled,
]


@pytest.mark.parametrize("happening", STILL_KNOWN, ids=lambda happening: str(happening.__name__))
def test_who_is_still_known_goes_on(scene: Scene, alice: User, happening: Callable[[Scene], None]) -> None:
    """A visitor, whose page was opened before they were anybody."""
    open_workspace(scene, FIRST)
    happening(scene)
    ws.click(scene.page, *SECOND)
    ws.settled(scene.page)
    expect(scene.page.get_by_role("status")).to_contain_text("Region added")
    assert Selection.objects.get().position == 2
    assert (Selection.objects.get().owner is None) == (happening in (loses_the_token, token_is_garbled))


@pytest.mark.parametrize("happening", [signs_in_in_another_tab, clears_the_cookies])
def test_a_page_of_nobody_goes_on(scene: Scene, alice: User, happening: Callable[[Scene], None]) -> None:
    open_workspace(scene)
    happening(scene)
    ws.click(scene.page, *SECOND)
    ws.settled(scene.page)
    expect(scene.page.get_by_role("status")).to_contain_text("Region added")
    assert Selection.objects.get().position == 1


def test_two_tabs_of_nobody_become_one_visitor(scene: Scene) -> None:
    open_workspace(scene)
    other = Scene(scene.context.new_page(), scene.photo, scene.settings)
    open_workspace(other)
    for tab, point in ((scene, FIRST), (other, SECOND), (scene, (90, 40))):
        ws.click(tab.page, *point)
        ws.settled(tab.page)
    assert Selection.objects.get().position == 3
    # From its first gesture on a page is the visitor's: it notices when they are lost.
    clears_the_cookies(scene)
    ws.click(scene.page, 210, 40)
    expect(scene.page.get_by_role("status")).to_contain_text(VISIT_ENDED)
    assert Selection.objects.count() == Visitor.objects.count() == 1


@pytest.mark.parametrize("happening", [expires, clears_the_cookies])
def test_a_visitor_who_is_lost_can_start_anew(scene: Scene, happening: Callable[[Scene], None]) -> None:
    open_workspace(scene, FIRST)
    happening(scene)
    ws.click(scene.page, *SECOND)
    expect(scene.page.get_by_role("status")).to_contain_text(VISIT_ENDED)
    assert (Selection.objects.count(), Selection.objects.get().position) == (1, 1)
    scene.page.get_by_role("status").get_by_role("link", name="Reload the page").click()
    ws.ready(scene.page)
    expect(scene.page.locator("#summary")).to_have_text("Nothing is selected.")
    ws.click(scene.page, *SECOND)
    ws.settled(scene.page)
    assert Visitor.objects.count() == 2


def test_waiting_gestures_are_sent_when_the_person_has_signed_in_in_another_tab(scene: Scene, alice: User) -> None:
    open_as_alice(scene, FIRST)
    clears_the_cookies(scene)
    ws.click(scene.page, *SECOND)
    ws.click(scene.page, 90, 40)
    expect(scene.page.get_by_role("status")).to_contain_text(SIGNED_OUT)
    signs_in_in_another_tab(scene)
    scene.page.evaluate("dispatchEvent(new Event('focus'))")
    ws.settled(scene.page)
    assert position_of(owner=alice) == 3


def test_a_page_that_comes_anew_or_back_says_that_the_person_is_gone(scene: Scene, alice: User) -> None:
    """A public photo would show an empty selection, as if there had never been one; a list would still be full."""
    open_as_alice(scene, FIRST)
    signs_out_in_another_tab(scene)
    scene.page.reload()
    expect(scene.page.get_by_role("status")).to_have_text(SIGNED_OUT)
    scene.page.goto("/gallery/")
    expect(scene.page.get_by_role("status")).to_be_empty()
    open_as_alice(scene)
    scene.page.goto("/photos/")
    scene.page.goto("/gallery/")
    signs_out_in_another_tab(scene)
    scene.page.go_back()
    expect(scene.page.get_by_role("link", name="Sign in").first).to_be_visible()
    expect(scene.page.get_by_role("status")).to_have_text(SIGNED_OUT)


def test_what_is_not_a_gesture_says_so_too(scene: Scene, alice: User) -> None:
    """The list of links, the search, the look of a tab that comes to the front, and adding a photo."""
    open_as_alice(scene, FIRST)
    signs_out_in_another_tab(scene)
    page, status = scene.page, scene.page.get_by_role("status")
    for ask in (
        lambda: page.evaluate("dispatchEvent(new Event('focus'))"),
        lambda: page.get_by_role("button", name="Search", exact=True).click(),
        lambda: page.locator("#share").click(),
    ):
        page.evaluate("document.querySelector('#status').replaceChildren()")
        ask()
        expect(status).to_have_text(SIGNED_OUT)
    open_as_alice(scene)
    page.goto("/")
    clears_the_cookies(scene)
    page.set_input_files("input[name=image]", ws.jpeg("photo.jpg", image_file()))
    expect(status).to_have_text(SIGNED_OUT)
    assert Photo.objects.count() == 1


def test_a_form_whose_token_another_tab_has_changed_is_sent_all_the_same(scene: Scene, alice: User) -> None:
    scene.page.goto("/accounts/login/")
    scene.signs_in()
    scene.sends("/accounts/logout/")
    scene.fills_in(scene.page)
