"""The address that the site listens at, and one sentence when it cannot be had."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from superpixel_site.web_server import sockets


def test_all_addresses_are_of_both_kinds(tmp_path: Path) -> None:
    with sockets.bind("::", 0, tmp_path) as listening:
        listening.listen()
        port = listening.getsockname()[1]
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, port)).close()


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("192.0.2.1", "HOST=192.0.2.1 is no address of this machine."),
        ("nowhere.invalid", "HOST=nowhere.invalid is no address, and no name that is known here."),
        ("http://localhost", "HOST=http://localhost is no address, and no name that is known here."),
    ],
)
def test_a_wrong_host_is_one_sentence(tmp_path: Path, host: str, sentence: str) -> None:
    with pytest.raises(sockets.CannotListen) as problem:
        sockets.bind(host, 8000, tmp_path)
    assert str(problem.value) == sentence


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_another_program_s(tmp_path: Path, host: str) -> None:
    with sockets.bind(host, 0, tmp_path) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(sockets.CannotListen, match=f"^Port {port} is taken by another program. Choose"):
            sockets.bind(host, port, tmp_path)


def test_a_taken_port_is_this_site_s_as_long_as_its_process_lives(tmp_path: Path) -> None:
    with sockets.bind("127.0.0.1", 0, tmp_path) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with sockets.announced(port, tmp_path):
            note = next(tmp_path.iterdir()).read_text()
            expected = (
                rf"^Port {port} is taken by this site already \(process {os.getpid()}, over the data in {tmp_path}"
            )
            with pytest.raises(sockets.CannotListen, match=expected):
                sockets.bind("127.0.0.1", port, tmp_path)
        assert list(tmp_path.iterdir()) == []
        sockets.note_of(port, tmp_path).write_text(note)  # as a killed process leaves it
        assert sockets.running_at(port, tmp_path) is None


def test_a_data_folder_that_cannot_be_written_is_no_reason_not_to_serve(tmp_path: Path) -> None:
    with sockets.announced(8000, tmp_path / "missing"):
        assert sockets.running_at(8000, tmp_path / "missing") is None
