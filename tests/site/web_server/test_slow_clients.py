"""Clients that take their time keep no connection for ever, and others are served meanwhile."""

from __future__ import annotations

import socket
import time

from tests.site.web_server.conftest import Served, answer, rest, wait_for

POST = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"


def test_headers_that_do_not_end(hasty: Served) -> None:
    assert hasty.ask(b"GET / HTTP/1.1\r\nHos").startswith(b"HTTP/1.1 408 ")


def test_headers_byte_by_byte(hasty: Served) -> None:
    connection = hasty.connect(b"GET / HTTP/1.1\r\nX: ")
    assert dribbled(connection, 1).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_does_not_come(hasty: Served) -> None:
    said = hasty.ask(POST + b"a few bytes")
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"Please send it again." in said


def test_a_body_byte_by_byte(hasty: Served) -> None:
    assert dribbled(hasty.connect(POST), 1).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_began_quickly_and_then_stalls(hasty: Served) -> None:
    assert hasty.ask(POST + bytes(90_000)).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_is_slow_but_goes_on_is_taken(hasty: Served) -> None:
    connection = hasty.connect(POST.replace(b"100000", b"40000"))
    for _ in range(20):
        connection.sendall(bytes(2000))
        time.sleep(0.08)
    assert answer(connection) == (200, b"40000")


def test_an_answer_that_is_not_read(hasty: Served) -> None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((hasty.host, hasty.port))
    hasty.opened.append(connection)
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_for(lambda: "/large?" in hasty.state()["served"])
    wait_for(lambda: hasty.state()["connections"] == 1)
    assert 0 < len(rest(connection)) < 2**26


def test_connections_that_say_nothing_end(hasty: Served) -> None:
    assert hasty.ask(b"") == b""


def test_a_kept_connection_ends_when_it_is_not_used(hasty: Served) -> None:
    said = hasty.ask(b"GET /once HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 OK") and said.endswith(b"/once")


def dribbled(connection: socket.socket, n_bytes: int) -> bytes:
    """What comes back while so many bytes are sent every now and then, until the connection ends."""
    connection.settimeout(0.05)
    said = b""
    while True:
        try:
            connection.sendall(b"y" * n_bytes)
            if more := connection.recv(4096):
                said += more
            else:
                return said
        except TimeoutError:
            continue
        except OSError:
            return said
