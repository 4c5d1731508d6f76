"""Slots for heavy work: who waits, who is sent away, and who has gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from superpixel_site.refusals import Busy, RefusalMiddleware
from superpixel_site.waiting import DISCONNECTED, NobodyWaits, WaitingMiddleware, give_up_if_nobody_waits, nobody_waits
from superpixel_site.work_slots import Slots
from tests.site.test_requests import asked as request_with


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not is_so():
        assert time.monotonic() < deadline, "It never came to that."
        time.sleep(0.01)


def test_one_too_many_waits_until_a_slot_is_free() -> None:
    slots, done = Slots(count=1, longest_line=1, patience=60), threading.Event()

    def work() -> None:
        with slots.one():
            done.set()

    with slots.one():
        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: len(slots.line) == 1)
        assert not done.is_set()
    thread.join()
    assert done.is_set()
    assert slots.free == 1 and not slots.line


def test_those_who_wait_are_served_in_their_order() -> None:
    slots, order = Slots(count=1, longest_line=5, patience=60), []

    def work(number: int) -> None:
        with slots.one():
            order.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    with slots.one():
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda number=number: len(slots.line) == number + 1)  # type: ignore[misc]
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def in_another_thread(function: Callable[[], None]) -> list[BaseException]:
    """What a function raises in a thread that holds nothing."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as problem:
            raised.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


def take(slots: Slots) -> Callable[[], None]:
    def work() -> None:
        with slots.one():
            pass

    return work


@pytest.mark.parametrize(("longest_line", "patience"), [(0, 60), (1, 0)])
def test_beyond_the_line_and_beyond_patience_the_site_is_busy(longest_line: int, patience: float) -> None:
    slots = Slots(1, longest_line, patience)
    with slots.one():
        (problem,) = in_another_thread(take(slots))
    assert isinstance(problem, Busy)
    assert slots.free == 1 and not slots.line
    assert in_another_thread(take(slots)) == []


def test_who_holds_a_slot_needs_no_other() -> None:
    slots = Slots(1, 0, 0)
    with slots.one(), slots.one():
        assert slots.free == 0
    assert slots.free == 1


def test_a_slot_comes_back_from_work_that_fails() -> None:
    slots = Slots(1, 0, 0)
    with pytest.raises(KeyError), slots.one():
        raise KeyError
    assert slots.free == 1


def asked(view: Callable[[HttpRequest], HttpResponse], gone: bool) -> HttpResponse:
    """The answer to a request from somebody who is still there, or not."""
    request = RequestFactory().get("/")
    request.META[DISCONNECTED] = lambda: gone
    middleware = WaitingMiddleware(view)
    try:
        return middleware(request)
    except Exception as problem:
        answer = middleware.process_exception(request, problem)
        assert answer is not None
        return answer


def test_who_has_gone_waits_no_longer_for_a_slot() -> None:
    slots = Slots(1, 5, 60)

    def view(request: HttpRequest) -> HttpResponse:
        with slots.one():
            return HttpResponse("work")

    answers: list[HttpResponse] = []
    with slots.one():
        assert in_another_thread(lambda: answers.append(asked(view, gone=True))) == []
    assert (answers[0].status_code, answers[0].content) == (499, b"")
    assert not slots.line
    assert asked(view, gone=False).content == b"work"


def test_outside_of_requests_somebody_always_waits() -> None:
    assert not nobody_waits()
    give_up_if_nobody_waits()
    asked(lambda request: HttpResponse(str(nobody_waits())), gone=True)
    assert not nobody_waits()


def test_another_fault_is_not_taken_for_somebody_gone() -> None:
    middleware = WaitingMiddleware(lambda request: HttpResponse())
    assert middleware.process_exception(RequestFactory().get("/"), ValueError()) is None
    assert middleware.process_exception(RequestFactory().get("/"), NobodyWaits()) is not None


@pytest.mark.parametrize(
    ("headers", "begins"),
    [({"HX_Request": "true"}, '<div id="status"'), ({}, "<!DOCTYPE html>"), ({"Sec_Fetch_Dest": "image"}, "The site")],
)
def test_a_busy_site_says_when_to_come_back(headers: dict[str, str], begins: str) -> None:
    answer = RefusalMiddleware(lambda request: HttpResponse()).process_exception(request_with(**headers), Busy())
    assert answer is not None
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert answer.content.decode().lstrip().lower().startswith(begins.lower())
    assert "The site is busy just now. Try again in a few seconds." in answer.content.decode()
