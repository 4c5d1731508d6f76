"""Where PostgreSQL's programs are: in a package that is installed for them alone and never imported."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from superpixel_site.embedded_postgres.errors import SetupError

# A folder in an installed package. Any other that holds PostgreSQL 18 with pgvector can be named here.
PROGRAMS = "embedded_postgres/pginstall/bin"
# What the package's pgvector was compiled for; without these the server dies at the first distance it computes.
PROCESSOR_FLAGS = frozenset({"avx2", "fma", "bmi2"})


def folder() -> Path:
    """The folder of the programs; `SetupError` if the package is not installed."""
    package, _, inside = PROGRAMS.partition("/")
    # Finding a package, unlike importing it, runs none of its code.
    spec = find_spec(package)
    for location in (spec and spec.submodule_search_locations) or ():
        if (found := Path(location, inside)).is_dir():
            return found.resolve()
    raise SetupError(
        f"PostgreSQL is not installed: install the package {package.replace('_', '-')} (it is in requirements.txt), "
        "or name a server of your own in DATABASE_URL."
    )


def program(name: str) -> Path:
    """One of PostgreSQL's programs, such as ``"pg_dump"``; `SetupError` if the package has none of that name."""
    found = folder() / name
    if not found.is_file():
        raise SetupError(f"The package with PostgreSQL has no program {name}.")
    return found


def check_processor(cpuinfo: Path = Path("/proc/cpuinfo"), machine: str = os.uname().machine) -> None:
    """Refuse, with `SetupError`, a processor on which pgvector would die. One that says nothing of itself may try."""
    if machine != "x86_64" or not cpuinfo.exists():
        return
    lines = cpuinfo.read_text(errors="replace").splitlines()
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), PROCESSOR_FLAGS)
    if missing := sorted(PROCESSOR_FLAGS - flags):
        raise SetupError(
            f"The embedded PostgreSQL needs a processor with {', '.join(missing).upper()}, which this one lacks: "
            "name a server of your own in DATABASE_URL."
        )
