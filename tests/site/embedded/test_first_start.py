"""The first start makes a whole database or none, and what prevents it is told in a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from superpixel_site.embedded_postgres import binaries, cluster, locks, postmaster, server
from superpixel_site.embedded_postgres.errors import ServerError, SetupError, from_report, to_report
from tests.site.embedded.trials import (
    Holder,
    keepers_of,
    postmaster_of,
    running_in,
    sql,
    wait_for,
    wait_until_all_ended,
)


@pytest.mark.parametrize("seconds", [0.1, 0.6, 1.5])
def test_an_interrupt_leaves_no_broken_folder_and_no_server(folder: Path, seconds: float) -> None:
    holder = Holder(folder / "postgres", start_new_session=True)
    time.sleep(seconds)
    os.killpg(holder.process.pid, signal.SIGINT)  # As Ctrl-C does: to all processes of the terminal.
    holder.release()
    wait_until_all_ended(folder)
    left = {entry.name for entry in folder.iterdir()}
    assert left <= {"postgres", "postgres.locks"}
    if seconds != 0.6:  # Once is enough to see that the next start is none the worse.
        return
    assert sql(server.start(folder / "postgres"), "SELECT 1") == 1


def test_a_keeper_killed_meanwhile_leaves_none_either(folder: Path) -> None:
    data = folder / "postgres"
    holder = Holder(data)
    wait_for((folder / "postgres.new" / "global").exists)
    (keeper,) = keepers_of(data)
    keeper.kill()
    # Another keeper waits until initdb, which goes on, has ended, and begins again.
    assert sql(holder.host, "SELECT 1") == 1
    assert {entry.name for entry in folder.iterdir()} == {"postgres", "postgres.locks"}
    holder.release()
    wait_until_all_ended(folder)


def test_a_folder_that_holds_something_else_is_refused(folder: Path) -> None:
    data = folder / "postgres"
    data.mkdir()
    assert not cluster.exists(data)
    (data / "notes.txt").touch()
    with pytest.raises(SetupError, match="holds files, but no whole database"):
        server.start(data)
    assert [entry.name for entry in data.iterdir()] == ["notes.txt"]


def test_half_a_database_of_an_earlier_version_is_told(own_copy: Path) -> None:
    (own_copy / "global" / "pg_control").unlink()
    with pytest.raises(SetupError, match="move it away"):
        server.start(own_copy)


def test_a_server_that_does_not_start_says_why(own_copy: Path) -> None:
    with (own_copy / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = nonsense\n")
    with pytest.raises(ServerError, match=r'did not start over .*\n.*"shared_buffers": "nonsense"'):
        server.start(own_copy)
    server.leave(own_copy)
    assert not running_in(own_copy)


def test_so_does_one_that_fails_later(own_copy: Path) -> None:
    for segment in (own_copy / "pg_wal").glob("0*"):
        segment.unlink()
    with pytest.raises(ServerError, match="could not locate a valid checkpoint record"):
        server.start(own_copy)


def test_one_that_cannot_say_anything_is_not_given_the_words_of_an_earlier_one(
    own_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks.prepare(own_copy)
    (own_copy / "current_logfiles").write_text("stderr logs/postgresql-Mon.log\n")
    log = own_copy / "logs" / "postgresql-Mon.log"
    log.write_text("LOG:  database system is shut down\n")
    before = cluster.log_sizes(own_copy)
    cluster.start_log(own_copy).write_text("LOG:  redirecting log output to logging collector process\n")
    assert cluster.last_words(own_copy, before) == "Nothing."
    with log.open("a") as said:
        said.write("FATAL:  out of luck\n")
    assert cluster.last_words(own_copy, before) == "FATAL:  out of luck"
    monkeypatch.setattr(cluster, "SEGMENT_BYTES", 1 << 60)
    assert cluster.last_words(own_copy, before) == "FATAL:  out of luck\nThe disk is full."


def test_a_server_started_by_other_code_is_refused_and_left_alone(data: Path) -> None:
    server.start(data)
    server.leave(data)
    # Anything that is started without our lock: the start code of an earlier version, or a person.
    unlocked = os.open(os.devnull, os.O_RDONLY)
    sockets = data.parent / "s"
    sockets.mkdir(mode=0o777)
    sockets.chmod(0o777)
    command = [
        *(str(binaries.program("postgres")), "-D", str(data)),
        *("-c", "listen_addresses=", "-c", f"unix_socket_directories={sockets}"),
    ]
    user = data.stat().st_uid if os.geteuid() == 0 else None
    foreign = subprocess.Popen(command, user=user, stdout=unlocked, stderr=unlocked, cwd="/")
    os.close(unlocked)
    try:
        wait_for(lambda: (status := postmaster.read_status(data)) and status.is_ready)
        with pytest.raises(SetupError, match=rf"Another PostgreSQL \(process {foreign.pid}\)"):
            server.start(data)
        assert sql(str(sockets), "SELECT 1") == 1
        assert postmaster_of(data) == foreign.pid
    finally:
        foreign.send_signal(signal.SIGINT)
        foreign.wait()
    assert sql(server.start(data), "SELECT 1") == 1


def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(SetupError, match="cannot be made"):
        server.start(folder / "file" / "postgres")


def test_a_link_in_place_of_a_lock_is_not_followed(own_copy: Path, tmp_path: Path) -> None:
    locks.prepare(own_copy)
    (locks.folder_for(own_copy) / locks.USERS).symlink_to(tmp_path / "somebody's")
    with pytest.raises(SetupError, match="cannot be opened"):
        server.start(own_copy)
    assert not (tmp_path / "somebody's").exists()


def test_programs_are_found_without_importing_the_package() -> None:
    version = subprocess.run([binaries.program("pg_dump"), "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("pg_dump (PostgreSQL) 18.")
    assert "embedded_postgres" not in sys.modules
    with pytest.raises(SetupError, match="has no program pg_nonsense"):
        binaries.program("pg_nonsense")


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PROGRAMS", "not_installed/bin")
    with pytest.raises(SetupError, match="install the package not-installed"):
        binaries.folder()


def test_a_processor_that_lacks_what_pgvector_needs_is_told(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse4_2 avx fma\n")
    with pytest.raises(SetupError, match="AVX2, BMI2, which this one lacks"):
        binaries.check_processor(cpuinfo, "x86_64")
    binaries.check_processor(cpuinfo, "aarch64")
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 fma bmi2\n")
    binaries.check_processor(cpuinfo, "x86_64")
    binaries.check_processor(tmp_path / "none", "x86_64")


def test_an_error_keeps_its_kind_on_the_way_from_the_keeper() -> None:
    for problem in (ServerError("Now."), SetupError("Until \udcff changes.")):
        received = from_report(to_report(problem))
        assert (type(received), str(received)) == (type(problem), str(problem))
    assert str(from_report(b"Killed")) == "The keeper of PostgreSQL failed: Killed"
