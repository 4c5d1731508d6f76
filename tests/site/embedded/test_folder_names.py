"""A data folder may have any name that its owner likes, but one."""

from __future__ import annotations

from pathlib import Path

import pytest

from superpixel_site.embedded_postgres import binaries, cluster, server
from superpixel_site.embedded_postgres.errors import SetupError
from tests.site.embedded.trials import keepers_of, postmaster_of, sql

NAMES = (
    *("two words", "příliš žluťoučký", "写真", "it's", 'say "cheese"', "$HOME", "`touch pwned`", "a,b", "a;b", "a\\"),
    *("-D", "#1 100%", "a" * 120),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_runs_in_a_folder_of_any_name(folder: Path, template: Path, name: str) -> None:
    parent = folder / name
    parent.mkdir()
    data = template.rename(parent / name)
    try:
        assert sql(server.start(data), "SHOW data_directory") == str(data)
        server.leave(data)
        assert not (data / "postmaster.pid").exists()
    finally:
        # It is as good as before wherever it is moved to.
        data.rename(template)


def test_so_does_the_very_first_start(folder: Path) -> None:
    name = "".join(NAMES[:-1])
    data = folder / "not" / "there" / name
    assert sql(server.start(data), "SELECT 1") == 1
    assert {entry.name for entry in data.parent.iterdir()} == {name, f"{name}.locks"}


def test_a_line_break_is_refused(folder: Path) -> None:
    with pytest.raises(SetupError, match="line break in its name"):
        server.start(folder / "two\nlines")


def test_two_names_of_a_folder_are_one_database(data: Path) -> None:
    link = data.parent / "link"
    link.symlink_to(data)
    assert server.start(link) == server.start(data)
    assert postmaster_of(link) == postmaster_of(data)
    assert len(keepers_of(data)) == 1


@pytest.mark.parametrize("name", ["$HOME", 'a"b', "`id`", "a\\b"])
def test_programs_in_a_folder_that_a_shell_would_read_are_copied_to_make_a_database(tmp_path: Path, name: str) -> None:
    programs = tmp_path / name / binaries.PROGRAMS
    programs.mkdir(parents=True)
    (programs / "initdb").write_text("a program")
    for needed in (programs.parent / "share", tmp_path / name / "embedded_postgres.libs"):
        needed.mkdir()
        (needed / "file").write_text("needed")
    with cluster._shell_safe(programs) as safe:
        assert not set(str(safe)) & cluster.UNSAFE_IN_QUOTES
        assert (safe / "initdb").read_text() == "a program"
        assert (safe.parent / "share" / "file").read_text() == "needed"
        assert (safe.parents[2] / "embedded_postgres.libs" / "file").read_text() == "needed"
    assert not safe.exists()
    assert (programs / "initdb").exists()


def test_others_are_used_where_they_are(tmp_path: Path) -> None:
    with cluster._shell_safe(tmp_path / "two words" / "bin") as safe:
        assert safe == tmp_path / "two words" / "bin"
