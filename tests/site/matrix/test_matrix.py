"""Every address by every method as every kind of person: all that is answered stands in `table.txt`.

To write the rows of a new address, or of one that answers otherwise now, read what the failing test proposes, think
whether each person should get that, and put the lines into the table by hand.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client

from tests.site.matrix import table
from tests.site.matrix.addresses import METHODS, Address, all_addresses
from tests.site.matrix.asking import STAFF, Answer, ask, kinds_of, names_things, values_of
from tests.site.matrix.world import PEOPLE, World, make_world

# Thousands of requests are made for the first of these tests.
pytestmark = pytest.mark.timeout(900)

Answers = dict[tuple[str, str, str], dict[str, Answer]]
_asked: Answers = {}
NO_KEY = "00000000-0000-4000-8000-000000000000"
LISTED_HERE = "tests/site/matrix/table.txt"


@pytest.fixture
def answers(db: None, few_superpixels: None, settings: Any) -> Answers:
    """What everybody gets, asked once for all tests of this file."""
    if not _asked:
        with _quietly():
            world = make_world()
            for address in all_addresses():
                _asked.update(_asked_at(world, address))
    return _asked


@contextmanager
def _quietly() -> Iterator[None]:
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _asked_at(world: World, address: Address) -> Answers:
    return {
        (address.name, whose, method): {person: ask(world, person, method, address, whose) for person in PEOPLE}
        for whose in kinds_of(world, address)
        for method in METHODS
    }


def statuses(of: dict[str, Answer]) -> table.Statuses:
    return tuple(of[person].status for person in PEOPLE)


def test_no_address_stands_twice_in_the_urlconf() -> None:
    """The table could not tell them apart. Ours comes before allauth's page of sessions, which nobody sees."""
    twice = [name for name, n in Counter(address.name for address in all_addresses()).items() if n > 1]
    assert twice == ["/accounts/sessions/"]


def test_every_address_has_its_rows(answers: Answers) -> None:
    rows = table.read()
    missing = {key: statuses(of) for key, of in answers.items() if key not in rows}
    assert not missing, f"Add these rows to {LISTED_HERE}, if they are right:\n" + "\n".join(table.write(missing))


def test_every_row_has_its_address(answers: Answers) -> None:
    left_over = {key: row for key, row in table.read().items() if key not in answers}
    assert not left_over, f"Take these rows out of {LISTED_HERE}:\n" + "\n".join(table.write(left_over))


def test_everybody_gets_what_the_table_says(answers: Answers) -> None:
    rows = table.read()
    found = {key: statuses(of) for key, of in answers.items() if key in rows}
    other = {key: row for key, row in found.items() if row != rows[key]}
    expected = "\n".join(table.write({key: rows[key] for key in other}))
    assert not other, f"{LISTED_HERE} says\n{expected}\nand the site answers\n" + "\n".join(table.write(other))


def test_no_request_is_an_error_of_the_server() -> None:
    """503 is what /readyz says while no worker runs."""
    broken = [key for key, row in table.read().items() if any(status.startswith("5") for status in row)]
    assert {address for address, _, _ in broken} == {"/readyz"}


def test_no_answer_tells_what_exists_from_what_does_not(answers: Answers) -> None:
    """Status, headers and body: whoever may not see a thing gets the very answer that nobody's thing gets."""
    assert list(tell_tales(answers)) == []


def tell_tales(answers: Answers) -> Iterator[str]:
    for (name, whose, method), of in answers.items():
        if whose in ("visitor", "user"):
            for person in PEOPLE:
                missing = answers[name, "missing", method][person]
                if not may_see(answers, name, whose, person) and of[person].content != missing.content:
                    yield f"{method} {name}: {person} is told whether a thing of the {whose}'s exists"


def may_see(answers: Answers, name: str, whose: str, person: str) -> bool:
    """Owners see what is theirs, those with a link what it shares, and staff what the table lets them."""
    if name.startswith(("/curating/", "/api/v1/jobs")):
        return person in STAFF
    if name.startswith("/admin/"):
        return person == "admin" or answers[name, whose, "GET"][person].status == "200"
    return person == whose or name.startswith("/shared/")


def test_there_are_things_of_others_at_most_addresses_that_name_one(answers: Answers) -> None:
    """Else nothing would have been compared."""
    named = {address.name for address in all_addresses() if names_things(address)}
    compared = {name for name, whose, _ in answers if whose == "user"}
    assert named == compared and len(named) > 80


def test_every_post_without_a_token_is_refused(alice_client: Client) -> None:
    """From somebody who is signed in, at every address: no view is exempt, and none is asked before."""
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice_client.cookies
    anything = defaultdict(lambda: "7", photo_id=NO_KEY, search_id=NO_KEY, cut_id=NO_KEY)
    with _quietly():
        found = {
            address.name: client.post(address.path(values_of(address, anything))).status_code
            for address in all_addresses()
        }
    # Most take no POST; one keeps nothing and looks at no session.
    needing_none = {"/healthz", "/readyz", "/metrics", "/api/v1/segment"}
    # The interface for programs asks nobody who they are before it says that there is no POST.
    allowed = {name for name, status in found.items() if status == 405 and name.startswith("/api/v1/")}
    assert {name for name, status in found.items() if status != 403} == needing_none | allowed
    assert "/api/v1/photos/<photo_id>" in allowed
