"""What clients may rely on: order, HEAD, the prefix, a proxy's headers, and an end in good order."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.web_server.conftest import Served, answer, is_open, rest, wait_for


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served(prefix="/under", stopping=5, between_looks=0.05)
    yield served
    served.end()


def test_two_requests_sent_at_once_are_answered_in_order(narrow: Served) -> None:
    first, second = (f"GET /{name} HTTP/1.1\r\nHost: x\r\n".encode() for name in ("first", "second"))
    said = narrow.ask(first + b"\r\n" + second + b"Connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 OK") == 2
    assert said.index(b"/first") < said.index(b"/second")


def test_a_head_has_no_body_and_the_connection_goes_on(narrow: Served) -> None:
    head, get = (f"{verb} /page HTTP/1.1\r\nHost: x\r\n".encode() for verb in ("HEAD", "GET"))
    said = narrow.ask(head + b"\r\n" + get + b"Connection: close\r\n\r\n")
    assert said.count(b"Content-Length: 5") == said.count(b"HTTP/1.1 200 OK") == 2
    assert said.count(b"/page") == 1


def test_the_health_check_keeps_the_connection(narrow: Served) -> None:
    check = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    assert narrow.ask(check + b"\r\n" + check + b"Connection: close\r\n\r\n").count(b"\r\n\r\nok\n") == 2


def test_a_prefix_is_known_whether_or_not_a_proxy_takes_it_off(served: Served) -> None:
    assert served.get("/under/hello")[1] == served.get("/hello")[1] == b"/hello"
    assert served.state()["prefix"] == "/under"
    assert served.get("/under/healthz")[1] == served.get("/healthz")[1] == b"ok\n"


def test_what_a_proxy_says_reaches_the_application(narrow: Served) -> None:
    assert narrow.state(**{"X-Forwarded-Proto": "https"})["forwarded"] == "https"


@pytest.mark.parametrize("host", ["::1", "[::1]", "localhost"])
def test_it_listens_at_addresses_of_both_kinds_and_names(host: str) -> None:
    served = Served(host=host)
    try:
        assert served.get("/hello")[1] == b"/hello"
    finally:
        served.end()


def test_told_to_stop_it_finishes_what_runs(served: Served, tmp_path: Path) -> None:
    idle = served.connect(b"GET /kept HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer(idle) == (200, b"/kept")
    running = served.connect(f"GET /wait?{tmp_path}/done HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    wait_for((tmp_path / "done.begun").exists)
    served.process.send_signal(signal.SIGTERM)
    assert rest(idle) == b""
    assert is_open(running)
    (tmp_path / "done").touch()
    said = rest(running)
    assert said.endswith(b"waited") and b"Connection: close" in said
    assert served.process.communicate(timeout=100)[0] == "stopped in order\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((served.host, served.port))
