"""Settings come from the environment, fail loudly, and are all written down."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from superpixel_site.secret_key import kept_secret_key
from superpixel_site.settings import BASE_DIR


def load_settings(**environment: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a fresh interpreter with these variables alone."""
    env = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-c", "import superpixel_site.settings"]
    return subprocess.run(command, capture_output=True, text=True, cwd=BASE_DIR, env=env, check=False)


def test_without_any_variable_they_load(tmp_path: Path) -> None:
    assert load_settings(DATA_DIR=str(tmp_path)).returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("PORT", "http"),
        ("MAX_UPLOAD_MB", "0"),
        ("N_SUPERPIXELS", "40000"),
        ("SUPERPIXEL_ENGINE", "magic"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "nonsense://"),
    ],
)
def test_a_wrong_value_raises_and_names_the_variable(tmp_path: Path, name: str, value: str) -> None:
    done = load_settings(DATA_DIR=str(tmp_path), SECRET_KEY="x", **{name: value})
    assert done.returncode != 0
    assert name in done.stderr or value in done.stderr


def test_a_foreign_database_needs_a_secret_key(tmp_path: Path) -> None:
    done = load_settings(DATA_DIR=str(tmp_path), DATABASE_URL="postgres://user@db/site")
    assert "Set SECRET_KEY" in done.stderr


def test_a_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    key = kept_secret_key(path)
    assert len(key) >= 50
    assert kept_secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]


def test_two_folders_get_two_keys(tmp_path: Path) -> None:
    assert kept_secret_key(tmp_path / "a") != kept_secret_key(tmp_path / "b")


def test_every_variable_stands_in_the_readme() -> None:
    source = (BASE_DIR / "superpixel_site" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*["\']([A-Z_0-9]+)["\']', source))
    table = (BASE_DIR / "README.md").read_text().split("## Settings")[1]
    written = set(re.findall(r"^\| `([A-Z_0-9]+)`", table, re.MULTILINE))
    assert read == written


def test_every_command_stands_in_the_readme() -> None:
    commands = {path.stem for path in BASE_DIR.glob("*/management/commands/[a-z]*.py")}
    readme = (BASE_DIR / "README.md").read_text()
    assert commands
    assert {name for name in commands if f"manage.py {name}" not in readme} == set()
