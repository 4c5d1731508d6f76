"""Started by root, PostgreSQL runs as another user, and opens no folder to that user."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from superpixel_site.embedded_postgres import accounts, binaries, locks, reach, server
from superpixel_site.embedded_postgres.errors import SetupError
from tests.site.embedded.trials import Holder, keepers_of, postmaster_of, sql, wait_until_all_ended

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who alone can start something as another user")

STRANGER = 54321  # A number without a name, as of the files on a volume.
NOBODY = pwd.getpwnam("nobody").pw_uid  # initdb asks for the name.


def credentials(pid: int) -> dict[str, list[int]]:
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: [int(number) for number in fields[name].split()] for name in ("Uid", "Gid", "Groups")}


def test_a_new_database_belongs_to_a_user_of_its_own(data: Path) -> None:
    server.start(data)
    account = accounts.account_for(data)
    assert account is not None
    assert account.name == accounts.SYSTEM_USER
    (keeper,) = keepers_of(data)
    for pid in (postmaster_of(data), keeper.pid):
        assert credentials(pid) == {
            "Uid": [account.uid] * 4,
            "Gid": [account.gid] * 4,
            "Groups": sorted(account.groups),
        }


def test_an_existing_one_runs_as_its_owner(own_copy: Path) -> None:
    for path in (own_copy, *own_copy.rglob("*")):
        os.chown(path, STRANGER, STRANGER)
    assert sql(server.start(own_copy), "SELECT 1") == 1
    assert credentials(postmaster_of(own_copy)) == {"Uid": [STRANGER] * 4, "Gid": [STRANGER] * 4, "Groups": [STRANGER]}
    assert {path.stat().st_uid for path in locks.folder_for(own_copy).iterdir()} == {STRANGER}


def test_the_owner_can_go_on_after_root(own_copy: Path, other_python: str) -> None:
    own_copy.parent.chmod(0o777)
    for path in (own_copy, *own_copy.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    server.start(own_copy)
    server.leave(own_copy)
    owner = as_stranger(own_copy, other_python)
    assert sql(owner.host, "SELECT 1") == 1
    owner.release()
    wait_until_all_ended(own_copy)


def test_a_second_user_of_the_machine_has_a_server_of_their_own(data: Path, folder: Path, other_python: str) -> None:
    server.start(data)
    home = folder / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    second = as_stranger(home / "postgres", other_python)
    host = second.host
    assert host != ""
    assert credentials(postmaster_of(home / "postgres"))["Uid"] == [NOBODY] * 4
    assert Path(host).stat().st_uid == NOBODY
    second.release()
    wait_until_all_ended(home)


def test_the_database_of_another_user_is_refused(data: Path, other_python: str) -> None:
    server.start(data)
    stranger = as_stranger(data, other_python)
    assert stranger.host == ""
    assert "is used by the user who began it" in stranger.release().splitlines()[-1]


def as_stranger(data: Path, python: str) -> Holder:
    code = os.environ["PYTHONPATH"]
    environment = {"PYTHONPATH": code, "PATH": os.environ["PATH"]}
    return Holder(data, environment, python, user=NOBODY, group=NOBODY, extra_groups=[], cwd=code)


def test_a_closed_folder_is_refused_with_the_command_and_stays_closed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(SetupError, match=rf"may not pass through {closed}: run `chmod o\+x {closed}`"):
        server.start(closed / "deep" / "postgres")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_programs_in_a_closed_folder_are_used_from_a_copy_beside_the_data(
    folder: Path, own_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a checkout in root's home."""
    closed = folder / "home"
    packages = Path(str(binaries.folder()).removesuffix(binaries.PROGRAMS))
    shutil.copytree(packages / "embedded_postgres", closed / "embedded_postgres", symlinks=True)
    closed.chmod(0o700)
    monkeypatch.setattr(binaries, "folder", lambda: closed / binaries.PROGRAMS)
    assert sql(server.start(own_copy), "SELECT 1") == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    program = Path(f"/proc/{postmaster_of(own_copy)}/exe").resolve()
    (copied_to,) = own_copy.with_name(reach.COPIES).iterdir()
    assert program == copied_to / binaries.PROGRAMS / "postgres"
    server.leave(own_copy)
    wait_until_all_ended(own_copy)
    server.start(own_copy)
    assert list(own_copy.with_name(reach.COPIES).iterdir()) == [copied_to], "it is copied once"


def test_a_folder_open_to_the_users_group_will_do(folder: Path, template: Path) -> None:
    account = accounts.account_for(template)
    assert account is not None
    folder.chmod(0o710)
    os.chown(folder, 0, account.gid)
    accounts.refuse_closed_folders(account, [folder])
    assert os.geteuid() == 0, "it looks as that user does, and is root again"


def test_a_database_that_belongs_to_root_is_refused_with_the_command(own_copy: Path) -> None:
    os.chown(own_copy, 0, 0)
    with pytest.raises(SetupError, match="run `chown -R"):
        server.start(own_copy)


def test_a_second_name_of_a_file_does_not_change_owners(data: Path, folder: Path) -> None:
    precious = folder / "precious"
    precious.touch(mode=0o600)
    locks.prepare(data)
    shutil.rmtree(locks.folder_for(data))
    locks.prepare(data)
    (locks.folder_for(data) / locks.USERS).hardlink_to(precious)
    account = accounts.account_for(data)
    assert account is not None
    locks.hand_over(data, account)
    assert precious.stat().st_uid == 0
