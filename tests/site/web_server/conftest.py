"""Web processes on loopback, and clients that behave badly."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from superpixel_site.settings import BASE_DIR

PATIENCE = 100.0


class Served:
    """A web process, and ways to talk to it."""

    def __init__(self, **options: Any) -> None:
        self.host = options.get("host", "127.0.0.1").strip("[]")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.site.web_server.served", json.dumps(options)],
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.opened: list[socket.socket] = []

    def connect(self, data: bytes = b"") -> socket.socket:
        """A connection that stays open until `forget`."""
        connection = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        self.opened.append(connection)
        connection.sendall(data)
        return connection

    def ask(self, data: bytes) -> bytes:
        """All that comes back until the server ends the connection."""
        return rest(self.connect(data))

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        connection.request(method, path, headers={"Connection": "close", **headers})
        answer = connection.getresponse()
        return answer, answer.read()

    def state(self, **headers: str) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.get("/state", **headers)[1])
        return state

    def forget(self) -> None:
        """Close what tests left open, and wait until the server has seen it."""
        while self.opened:
            self.opened.pop().close()
        wait_for(lambda: self.state()["connections"] == 1)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def rest(connection: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(2**20):
            data += more
    return data


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer, on a connection that goes on."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def is_open(connection: socket.socket) -> bool:
    """Whether the server has neither ended it nor said anything."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        connection.settimeout(PATIENCE)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not so after {PATIENCE:.0f} seconds"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def hasty_process() -> Iterator[Served]:
    # No shorter: a client on a busy machine may stand still for half a second.
    short = {"headers": 1, "progress": 1, "progress_bytes": 500, "idle": 1, "lingering": 2, "between_looks": 0.05}
    served = Served(**short)
    yield served
    served.end()


@pytest.fixture
def hasty(hasty_process: Served) -> Iterator[Served]:
    """A server whose deadlines are short."""
    yield hasty_process
    hasty_process.forget()


@pytest.fixture(scope="module")
def narrow_process() -> Iterator[Served]:
    small = {"connections": 12, "unfinished_of_an_address": 5, "waiting": 2, "body_bytes": 2**20, "held_bytes": 2**21}
    served = Served(**small)
    yield served
    served.end()


@pytest.fixture
def narrow(narrow_process: Served) -> Iterator[Served]:
    """A server with two threads and little room, whose deadlines never come."""
    yield narrow_process
    narrow_process.forget()
