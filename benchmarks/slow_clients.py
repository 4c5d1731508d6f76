"""What slow clients cost the others: the times of /healthz and of the start page beside connections that stall.

    python -m benchmarks.slow_clients [--url http://127.0.0.1:8000] [--seconds 15] [--json FILE]

Without `--url` the site is started over a fresh database. The slow connections come from a process of their own and
from ten loopback addresses, so that the limit for one address does not end them; what the server ends is opened anew.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.served_site import report, served

COUNTS = (20, 500)
ADDRESSES = [f"127.0.0.{number}" for number in range(2, 12)]
SECONDS_BETWEEN_BYTES = 5.0
SECONDS_BETWEEN_VISITS = 0.1
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /photos/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
# More than the buffers of a connection hold.
LARGE = "/static/admin/js/vendor/jquery/jquery.js"
REQUESTS_AT_ONCE = 20


@dataclass
class Slow:
    """A kind of slow client: what it sends at first, what every five seconds, and how much it can receive."""

    first: bytes
    then: bytes = b""
    receive_buffer: int | None = None


def kinds() -> dict[str, Slow]:
    unread = f"GET {LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * REQUESTS_AT_ONCE
    return {
        "none": Slow(b""),
        "headers stalled": Slow(HEAD),
        "headers, a byte every 5 s": Slow(HEAD, b"x"),
        "body stalled": Slow(BODY + bytes(1000)),
        "body, a byte every 5 s": Slow(BODY, b"x"),
        "answer not read": Slow(unread, receive_buffer=2048),
    }


def attack(port: int, slow: Slow, n: int, opened: Synchronized[int], ready: Callable[[], None]) -> None:
    """Hold so many connections for ever; counts those that had to be opened."""
    connections: list[socket.socket | None] = [None] * n
    while True:
        for index, connection in enumerate(connections):
            if connection is None or not goes_on(connection, slow):
                with contextlib.suppress(OSError):
                    connections[index] = opened_by(ADDRESSES[index % len(ADDRESSES)], port, slow)
                    opened.value += 1
        ready()
        time.sleep(SECONDS_BETWEEN_BYTES)


def opened_by(address: str, port: int, slow: Slow) -> socket.socket:
    connection = socket.socket()
    if slow.receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, slow.receive_buffer)
    connection.bind((address, 0))
    connection.settimeout(10)
    connection.connect(("127.0.0.1", port))
    connection.setblocking(False)
    connection.send(slow.first)
    return connection


def goes_on(connection: socket.socket, slow: Slow) -> bool:
    """Send the next byte; False if the server has ended the connection."""
    try:
        if slow.then:
            connection.send(slow.then)
        return bool(slow.receive_buffer) or connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def visit(port: int, path: str) -> float:
    """Milliseconds from a new connection to the whole answer."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return 1000 * (time.perf_counter() - began)


def measure(port: int, name: str, slow: Slow, n: int, seconds: float) -> dict[str, object]:
    context = get_context("spawn")
    ready, opened = context.Event(), context.Value("i", 0)
    attacker = context.Process(target=attack, args=(port, slow, n, opened, ready.set), daemon=True)
    attacker.start()
    ready.wait(60)
    times: dict[str, list[float]] = {"/healthz": [], "/": []}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path, taken in times.items():
            taken.append(visit(port, path))
        time.sleep(SECONDS_BETWEEN_VISITS)
    attacker.kill()
    attacker.join()
    row: dict[str, object] = {"slow clients": name, "connections": n, "opened": opened.value}
    for label, taken in (("healthz", times["/healthz"]), ("page", times["/"])):
        row |= {f"{label} median ms": round(statistics.median(taken), 1), f"{label} longest ms": round(max(taken), 1)}
    return row


def run(port: int, seconds: float) -> list[dict[str, object]]:
    for _ in range(40):  # every process has its code loaded then
        visit(port, "/")
    return [
        measure(port, name, slow, n, seconds)
        for name, slow in kinds().items()
        for n in (COUNTS if name != "none" else (0,))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="a site on this machine that runs already; started otherwise")
    parser.add_argument("--seconds", type=float, default=15, help="how long each kind is measured (default: 15)")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.url:
        report(run(urlsplit(arguments.url).port or 80, arguments.seconds), arguments.json)
        return
    with tempfile.TemporaryDirectory(prefix="slow") as folder:
        Path(folder).chmod(0o755)
        with served(folder) as port:
            report(run(port, arguments.seconds), arguments.json)


if __name__ == "__main__":
    main()
