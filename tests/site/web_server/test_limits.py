"""What is too much: of bytes, connections and waiting requests."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest

from tests.site.web_server.conftest import Served, answer, is_open, rest, wait_for

UNFINISHED = b"GET / HTTP/1.1\r\nHos"
GET = b"GET /kept HTTP/1.1\r\nHost: x\r\n\r\n"
KEPT = (200, b"/kept")
REFUSED = (413, b"This is too much for one upload: at most 1 MB. Send fewer or smaller files.\n")


def post(length: int, *more: str) -> bytes:
    lines = ["POST /size HTTP/1.1", "Host: x", f"Content-Length: {length}", *more, "", ""]
    return "\r\n".join(lines).encode()


def test_a_large_body_is_refused_at_once(narrow: Served) -> None:
    assert answer(narrow.connect(post(10 * 2**20))) == REFUSED


def test_who_sends_all_of_a_large_body_reads_the_refusal(narrow: Served) -> None:
    before = narrow.state()["served"]
    connection = narrow.connect(post(10 * 2**20))
    for _ in range(10):
        connection.sendall(bytes(2**20))
        assert narrow.state()["held"] < 2**20
    assert answer(connection) == REFUSED
    assert rest(connection) == b"", "what follows is no other request"
    assert narrow.state()["served"] == before


def test_a_large_body_in_chunks_is_refused_as_soon_as_it_is_too_large(narrow: Served) -> None:
    head = b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = narrow.connect(head)
    for _ in range(5):
        connection.sendall(b"80000\r\n" + bytes(2**19) + b"\r\n")
        assert narrow.state()["held"] < 2**21
    assert answer(connection) == REFUSED


def test_urgent_data_ends_the_connection(narrow: Served) -> None:
    """The system would report it for ever, and the server never rest."""
    connection = narrow.connect()
    connection.send(b"!", socket.MSG_OOB)
    assert rest(connection) == b""


def test_chunks_that_never_name_their_size_are_refused(narrow: Served) -> None:
    head = b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answer(narrow.connect(head + b"0" * 5000))[0] == 400


def test_who_asks_first_is_not_told_to_send_too_much(narrow: Served) -> None:
    assert answer(narrow.connect(post(10 * 2**20, "Expect: 100-continue"))) == REFUSED


def test_who_asks_first_is_told_to_send_what_can_be_taken(narrow: Served) -> None:
    connection = narrow.connect(post(5, "Expect: 100-continue"))
    assert connection.recv(2**16) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"12345")
    assert answer(connection) == (200, b"5")


def test_of_many_unfinished_requests_of_an_address_the_slowest_ends(narrow: Served) -> None:
    kept = narrow.connect(GET)
    assert answer(kept) == KEPT
    slow = [narrow.connect(UNFINISHED)]
    narrow.state()  # by then it has been read, so that it waits longest
    slow += [narrow.connect(UNFINISHED) for _ in range(5)]
    rest(slow[0])  # it ends
    assert all(is_open(connection) for connection in slow[1:])
    kept.sendall(GET)
    assert answer(kept) == KEPT


def test_a_full_server_ends_the_connection_that_waits_longest(narrow: Served) -> None:
    kept = []
    for _ in range(12):
        kept.append(narrow.connect(GET))
        assert answer(kept[-1]) == KEPT
    kept[0].sendall(GET)  # so the second waits longest
    assert answer(kept[0]) == KEPT
    assert answer(narrow.connect(GET)) == KEPT
    assert rest(kept[1]) == b""
    assert is_open(kept[0]) and all(is_open(connection) for connection in kept[2:])


def test_bodies_of_all_clients_together_are_limited(narrow: Served) -> None:
    bodies = [narrow.connect(post(2**20 - 1) + bytes(900_000)) for _ in range(3)]
    wait_for(lambda: not all(is_open(connection) for connection in bodies))
    assert 900_000 < narrow.state()["held"] < 2**21, "one went, the others are kept"


@pytest.fixture
def busy(narrow: Served, tmp_path: Path) -> Path:
    """Both threads work until a file is made."""
    for number in range(2):
        narrow.connect(f"GET /wait?{tmp_path}/done HTTP/1.1\r\nHost: {number}\r\n\r\n".encode())
    begun = tmp_path / "done.begun"
    wait_for(lambda: begun.exists() and len(begun.read_text()) == 2)
    return tmp_path / "done"


def test_it_says_that_it_is_alive_while_all_threads_are_busy(narrow: Served, busy: Path) -> None:
    assert answer(narrow.connect(b"GET /healthz HTTP/1.1\r\nHost: any.name\r\n\r\n")) == (200, b"ok\n")
    busy.touch()


def test_more_than_can_wait_are_told_to_come_again(narrow: Served, busy: Path) -> None:
    asked = [narrow.connect(GET) for _ in range(4)]
    wait_for(lambda: sum(is_open(connection) for connection in asked) == 2)
    waiting = [connection for connection in asked if is_open(connection)]
    for connection in asked:
        if connection not in waiting:
            refused = http.client.HTTPResponse(connection)
            refused.begin()
            assert refused.status == 503 and refused.headers["Retry-After"] == "5"
            assert b"Please try again" in refused.read()
    busy.touch()
    assert [answer(connection) for connection in waiting] == [KEPT, KEPT]


def test_a_request_whose_client_has_gone_is_not_run(narrow: Served, busy: Path) -> None:
    gone = narrow.connect(b"GET /nobody-waits HTTP/1.1\r\nHost: x\r\n\r\n")
    narrow.get("/healthz")  # by then it has come
    gone.close()
    narrow.get("/healthz")
    busy.touch()
    assert "/nobody-waits?" not in narrow.state()["served"]


def test_a_running_request_learns_that_its_client_has_gone(narrow: Served, tmp_path: Path) -> None:
    connection = narrow.connect(f"GET /wait?{tmp_path}/never HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    wait_for((tmp_path / "never.begun").exists)
    connection.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: narrow.state()["served"][-1] == "waited False")
