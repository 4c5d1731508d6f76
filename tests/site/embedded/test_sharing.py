"""Processes share a server, and it stops with the last of them, however they end."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

from superpixel_site.embedded_postgres import locks, server
from superpixel_site.settings import BASE_DIR
from tests.site.embedded.trials import (
    Holder,
    keepers_of,
    postmaster_of,
    running_in,
    sql,
    wait_for,
    wait_until_all_ended,
)


def test_two_processes_share_a_server_and_the_last_one_stops_it(data: Path) -> None:
    first, second = Holder(data), Holder(data)
    host = first.host
    assert host == second.host != ""
    first.release()
    assert sql(host, "SELECT 1") == 1
    second.release()
    wait_until_all_ended(data)
    assert not Path(host).exists()
    assert not (data / "postmaster.pid").exists()


def test_a_killed_process_does_not_keep_the_server_running(data: Path) -> None:
    killed, last = Holder(data), Holder(data)
    assert killed.host == last.host
    killed.kill()
    assert keepers_of(data)
    last.release()
    wait_until_all_ended(data)


def test_nor_does_a_zombie(data: Path) -> None:
    zombie = Holder(data)
    assert zombie.host
    os.kill(zombie.process.pid, signal.SIGKILL)  # Nobody asks for its end: it stays a zombie.
    wait_until_all_ended(data)
    zombie.process.wait()


def test_four_processes_at_once_in_a_fresh_folder_make_one_server(folder: Path) -> None:
    data = folder / "postgres"
    holders = [Holder(data) for _ in range(4)]
    assert len({holder.host for holder in holders} - {""}) == 1
    assert len(keepers_of(data)) == 1
    assert [holder.release() for holder in holders] == [""] * 4
    wait_until_all_ended(folder)


def test_leaving_waits_until_the_server_has_stopped(data: Path) -> None:
    host = server.start(data).host
    server.leave(data)
    assert not running_in(data)
    assert not Path(host).exists()


def test_leaving_does_not_wait_for_others(data: Path) -> None:
    other = Holder(data)
    assert other.host == server.start(data).host
    server.leave(data)
    assert server.running(data) is not None
    other.release()
    wait_until_all_ended(data)


def test_whether_it_runs_can_be_asked_without_starting_it(data: Path) -> None:
    assert server.running(data) is None
    started = server.start(data)
    assert server.running(data) == started
    server.leave(data)
    assert server.running(data) is None


def test_a_forked_process_goes_on_using_the_server_that_its_parent_leaves(data: Path) -> None:
    server.start(data)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.read(read, 1)  # Until the parent closes its end.
        os._exit(0)
    server.leave(data)
    assert not locks.can_take(data, locks.KEEPER, exclusive=False)
    os.close(write)
    os.waitpid(child, 0)
    os.close(read)
    wait_until_all_ended(data)


def test_a_folder_that_was_left_may_be_deleted(data: Path) -> None:
    program = (
        "import shutil, sys; from pathlib import Path; from superpixel_site.embedded_postgres import server;"
        "data = Path(sys.argv[1]); server.start(data); server.leave(data); shutil.rmtree(data)"
    )
    command = [sys.executable, "-c", program, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=BASE_DIR, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    wait_until_all_ended(data)


def test_only_its_own_user_reaches_the_socket(data: Path) -> None:
    host = Path(server.start(data).host)
    assert stat.S_IMODE(host.stat().st_mode) == 0o700
    assert stat.S_IMODE((host / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert host.stat().st_uid == data.stat().st_uid


def test_a_keeper_that_is_told_to_end_stops_its_server(data: Path) -> None:
    server.start(data)
    before = postmaster_of(data)
    (keeper,) = keepers_of(data)
    keeper.terminate()
    wait_for(lambda: not running_in(data))
    assert sql(server.start(data), "SELECT 1") == 1
    assert postmaster_of(data) != before
