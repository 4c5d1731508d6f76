"""Two real web processes on one embedded server: what they tell those who watch, and what they log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from superpixel_site.embedded_postgres import server
from superpixel_site.settings import BASE_DIR
from tests.site.embedded.trials import postmaster_of, wait_for

TOKEN = "a-token-of-the-tests"
SERVE = """
from waitress import create_server
from superpixel_site.wsgi import application

server = create_server(application, host="127.0.0.1", port=0)
print(server.effective_port, flush=True)
server.run()
"""


class Web:
    """A web process of a site whose data are in a folder; its log is a file there."""

    def __init__(self, folder: Path, log: Path) -> None:
        given = {"DATA_DIR": str(folder), "HTTPS": "true", "LOG_FORMAT": "json", "METRICS_TOKEN": TOKEN}
        with log.open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE],
                cwd=BASE_DIR,
                env={
                    **os.environ,
                    "MEANING_ENABLED": "false",
                    "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"],
                    **given,
                },
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Host": "10.1.2.3", **headers})
        answer = connection.getresponse()
        return answer, answer.read().decode()

    def ready(self) -> Any:
        return json.loads(self.get("/readyz")[1])


@pytest.fixture
def webs(data: Path, tmp_path: Path) -> Iterator[list[Web]]:
    server.start(data)
    both = [Web(data.parent, tmp_path / "log") for _ in range(2)]
    yield both
    for web in both:
        web.process.terminate()
        web.process.communicate(timeout=100)


def test_two_processes_are_watched(webs: list[Web], data: Path, tmp_path: Path) -> None:
    for web in webs:
        assert web.ready() == {"ready": False, "database": "ok", "storage": "ok", "worker": "not known"}
    assert_figures_are_of_both(webs)
    assert_a_dead_server_is_there_again(webs[0], data)
    webs[0].get("/readyz?q=a-secret-word", **{"X-Request-ID": "12345678"})
    assert_the_log_tells_no_secret(tmp_path / "log")


def assert_figures_are_of_both(webs: list[Web]) -> None:
    assert webs[0].get("/metrics")[0].status == webs[0].get("/metrics", Authorization="Bearer x")[0].status == 401
    for web in webs:
        answer, text = web.get("/metrics", Authorization=f"Bearer {TOKEN}")
        assert answer.status == 200
        assert 'superpixel_site_requests_total{method="GET",route="readyz",status="503"} 2.0' in text
        assert "superpixel_site_database_up 1.0" in text


def assert_a_dead_server_is_there_again(web: Web, data: Path) -> None:
    dead = postmaster_of(data)
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: server.running(data) and web.ready()["database"] == "ok")
    assert postmaster_of(data) != dead


def assert_the_log_tells_no_secret(log: Path) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    access, said = (line for line in lines if line["request_id"] == "12345678")
    assert (access["method"], access["route"], access["status"]) == ("GET", "readyz", 503)
    assert access["milliseconds"] > 0 and access["bytes"] > 0 and access["process"] and access["time"]
    assert (said["level"], said["message"]) == ("WARNING", "503 GET readyz: Service Unavailable")
    for secret in ("a-secret-word", "10.1.2.3", "127.0.0.1", TOKEN):
        assert secret not in log.read_text()
