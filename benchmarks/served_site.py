"""The site as benchmarks measure it: the real web server over a fresh database, and a browser's side of it."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    size: int


def csrf_token(cookies: dict[str, str]) -> str:
    """The token against forged requests, whose cookie has a name of each site's own."""
    return next((value for name, value in cookies.items() if "_csrf_" in name), "")


class Site:
    """A browser's side of the conversation: one kept connection, cookies, the CSRF token."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        given = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Accept-Encoding": "gzip", **headers}
        given["X-CSRFToken"] = csrf_token(self.cookies)
        self.connection.request(method, path, body, given)
        response = self.connection.getresponse()
        data = response.read()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        size = len(data) + len(str(response.headers))
        return Answer(response.status, dict(response.headers), data, size)

    def upload(self, photo: bytes) -> str:
        """The address of the new photo's workspace."""
        return self.send_photo(photo).headers["Location"]

    def send_photo(self, photo: bytes) -> Answer:
        """The answer to an upload, whatever it is."""
        if not csrf_token(self.cookies):
            self.request("GET", "/")
        boundary = uuid.uuid4().hex
        part = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n\r\n'
        body = part.encode() + photo + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return self.request("POST", "/photos/", body, **{"Content-Type": kind})

    def as_visitor_of(self, other: Site) -> Site:
        """Itself, as the person that another one is."""
        self.cookies = dict(other.cookies)
        return self

    def gesture(self, workspace: str, **fields: object) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        answer = self.request("POST", f"{workspace}selection/", urlencode(fields).encode(), **kind)
        assert answer.status == 200, answer
        return answer


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data_dir: str, **settings: str) -> Iterator[int]:
    """The web server over a fresh database, until the block ends; gives its port."""
    port = free_port()
    environment = {**os.environ, "DATA_DIR": data_dir, "PORT": str(port), "LOG_LEVEL": "ERROR", **settings}
    manage = [sys.executable, "manage.py"]
    for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "--verbosity", "0"], ["warmup"]):
        subprocess.run([*manage, *command], cwd=ROOT, env=environment, check=True)
    server = subprocess.Popen([*manage, "web"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 150
    while True:
        try:
            if Site(port).request("GET", "/healthz").status == 200:
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def text_of(answer: Answer) -> str:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(answer.body) if packed else answer.body).decode()


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, pattern
    return match[1]


def report(rows: list[dict[str, object]], file: Path | None) -> None:
    """Print every row, and write them all to a file if one is asked for."""
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    if file:
        file.write_text(json.dumps(rows, indent=2))
