"""Known vulnerabilities of the packages in a lock file: `python -m requirements.audit requirements.txt`.

pip-audit also ends well when nobody has told it anything, which is no good news: here that is said, and ends with 2.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

UNREACHABLE = (
    "The service that knows the vulnerabilities of packages cannot be reached from here, so nothing was audited. "
    "Run this where the network lets you ask pypi.org."
)
CLEAN, VULNERABLE, NOT_AUDITED = range(3)


def main(lock: str) -> int:
    """Say what is known; the exit status."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
    command += ["--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    status, said = judge(json.loads(done.stdout)["dependencies"] if done.stdout else [])
    print(said)
    if status == NOT_AUDITED and not done.stdout:
        print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
    return status


def judge(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """The exit status and what to say of pip-audit's answer on each package."""
    audited = [package for package in packages if "vulns" in package]
    unknown = [package["name"] for package in packages if "vulns" not in package]
    if not audited:
        return NOT_AUDITED, UNREACHABLE
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in audited
        for vulnerability in package["vulns"]
    ]
    if unknown:
        found.append(f"Nothing is known of {', '.join(unknown)}.")
    found.append(f"{len(audited)} packages audited.")
    vulnerable = any(package["vulns"] for package in audited)
    return VULNERABLE if vulnerable else NOT_AUDITED if unknown else CLEAN, "\n".join(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
