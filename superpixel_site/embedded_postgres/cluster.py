"""A data folder: how it is made, how a server is started over it, and what it said when it did not start."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from superpixel_site.embedded_postgres import binaries, locks
from superpixel_site.embedded_postgres.accounts import Account
from superpixel_site.embedded_postgres.errors import ServerError, SetupError
from superpixel_site.embedded_postgres.sockets import PORT

# How letters are compared is decided here for good, so it must not depend on the language of whoever starts first:
# PostgreSQL's own rules know the letters of all languages, and are the same on every machine.
INITDB = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
)
SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    # The other kinds take /dev/shm, of which a container has 64 MB: too few to build an index in parallel.
    "dynamic_shared_memory_type": "mmap",
    # A file for each day of the week. It is not the default folder, log: folders of earlier versions have such a file.
    "logging_collector": "on",
    "log_directory": "logs",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    # Neither the statement that failed nor the row that could not be stored: both hold what people have written.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
# What a crash left unwritten is written in one go instead of file by file: on a busy disk a server that was killed is
# there again after 0.3 s instead of 2.7. Linux tells of errors in that from 5.8 on; other systems cannot do it.
if sys.platform == "linux" and tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 8):
    SETTINGS["recovery_init_sync_method"] = "syncfs"
# What PostgreSQL, its clients and Python read, meant for other servers and programs: PGPORT would move the socket.
STRIPPED = ("PG", "LC_", "LANG", "PYTHON")
# initdb runs the server through a shell, its path in double quotes: within these, some characters still mean something.
UNSAFE_IN_QUOTES = frozenset('"$`\\')
LAST_LINES = 8
SEGMENT_BYTES = 16 * 1024 * 1024  # PostgreSQL's log of changes grows by as much.


def environment() -> dict[str, str]:
    """The environment of the keeper and of PostgreSQL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(STRIPPED)}
    return kept | {"LC_ALL": "C"}


def exists(data: Path) -> bool:
    """Whether the folder holds a database; `SetupError` if it holds something else."""
    if (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists():
        return True
    if data.exists() and any(data.iterdir()):
        raise SetupError(f"The folder {data} holds files, but no whole database: move it away to start with a new one.")
    return False


def create(data: Path, programs: Path, account: Account | None, server_lock: int) -> None:
    """Make a new, empty database. At no moment is there half a one: it is made elsewhere and renamed.

    initdb inherits the lock. If the keeper is killed, the next one waits until it has ended, and begins again.
    """
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700)
        if account:
            os.chown(draft, account.uid, account.gid)
        with _shell_safe(programs) as safe:
            command = [str(safe / "initdb"), *INITDB, "--pgdata", str(draft)]
            _run(command, account, server_lock)
        draft.rename(data)
        _sync(data.parent)
    except OSError as problem:
        raise SetupError(f"The database {data} cannot be made: {problem.strerror}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run(command: list[str], account: Account | None, server_lock: int) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[server_lock],
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=account.groups if account else None,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"PostgreSQL's data folder cannot be made. initdb says:\n{_last_lines(done.stdout)}")


@contextmanager
def _shell_safe(programs: Path) -> Iterator[Path]:
    """The programs under a path that a shell leaves alone: a copy, if theirs is none."""
    if not UNSAFE_IN_QUOTES & set(str(programs)):
        yield programs
        return
    with tempfile.TemporaryDirectory(prefix="superpixel-initdb-") as folder:
        safe = Path(folder, binaries.PROGRAMS)
        shutil.copytree(programs, safe)
        for way in (safe, *safe.parents[: len(Path(binaries.PROGRAMS).parts)]):
            way.chmod(0o755)
        # What they need they look for from where they are: beside them, and where a wheel keeps its libraries.
        packages = Path(str(programs).removesuffix(binaries.PROGRAMS))
        for needed in (*programs.parent.iterdir(), *packages.glob("*.libs")):
            if needed != programs:
                Path(folder, needed.relative_to(packages)).symlink_to(needed)
        yield safe


def _sync(folder: Path) -> None:
    """Make a rename outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def start(data: Path, programs: Path, socket_folder: Path, server_lock: int) -> subprocess.Popen[bytes]:
    """Start a postmaster, which inherits the lock; what it says before it has its log goes to `start_log`."""
    quoted = str(socket_folder).replace('"', '""')
    settings = {**SETTINGS, "unix_socket_directories": f'"{quoted}"'}
    arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with start_log(data).open("wb") as log:
        return subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[server_lock],
        )


def start_log(data: Path) -> Path:
    return locks.folder_for(data) / "start.log"


def log_sizes(data: Path) -> dict[Path, int]:
    """How much earlier servers wrote into each of the log files."""
    return {log: log.stat().st_size for log in (data / "logs").glob("*.log")}


def last_words(data: Path, before: dict[Path, int]) -> str:
    """What a server said that ended while it started; `before` are the sizes of the log files from before that."""
    said = _read(start_log(data))
    if b"redirecting log output" in said:
        # It goes on where it says: "stderr logs/postgresql-Mon.log".
        log = data / os.fsdecode(_read(data / "current_logfiles").partition(b" ")[2].strip())
        said = _read(log)[before.get(log, 0) :]
    words = _last_lines(said) or "Nothing."
    # On a full disk the words that matter could not be written.
    is_full = shutil.disk_usage(data).free < SEGMENT_BYTES
    return f"{words}\nThe disk is full." if is_full else words


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _last_lines(said: bytes) -> str:
    return "\n".join(said.decode(errors="replace").strip().splitlines()[-LAST_LINES:])
