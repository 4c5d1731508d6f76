"""The keeper: a small process of its own that is PostgreSQL's parent, as long as anybody uses the server.

The first process that needs the server starts the keeper, in a session of its own, so that neither Ctrl-C nor the end
of that process reaches it. It makes the data folder if there is none, starts the server, starts it again if it dies,
and when it gets the lock `users`, which every user of the server holds, it stops the server and ends. If it is killed,
the server goes on, and the next keeper takes it over.

It imports all it needs at once: after it has left root behind, Python's own files may be out of its reach.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections import deque
from pathlib import Path
from typing import NoReturn

from superpixel_site.embedded_postgres import accounts, cluster, locks, postmaster, reach, sockets
from superpixel_site.embedded_postgres.errors import ServerError, SetupError, to_report
from superpixel_site.embedded_postgres.postmaster import Postmaster

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_LOOKS_AT_THE_START = 0.02
# Processes that ask whether the lock is free hold it for a moment.
PATIENCE_WITH_PROBES = 0.3
# Children of a dead postmaster notice its end by themselves, unless they are busy.
ORPHANS_GRACE = 0.5
ORPHANS_LIMIT = 3.0
# A server that dies this often in a minute is started again only when somebody asks for it.
DEATHS_IN_A_MINUTE = 10


class Keeper:
    """Keeps a server over the data folder `data` running, by the programs in the folder `programs`."""

    def __init__(self, data: Path, programs: Path) -> None:
        self.data, self.programs = data, programs
        self.account = accounts.account_for(data)
        self.socket_folder: Path | None = None
        self.log_sizes: dict[Path, int] = {}
        self.was_told_to_stop = False
        self.deaths: deque[float] = deque(maxlen=DEATHS_IN_A_MINUTE)

    def run(self) -> None:
        """Keep the server until nobody uses it. If another keeper is at work, do nothing."""
        locks.prepare(self.data)
        if not locks.take(locks.open_lock(self.data, locks.KEEPER), exclusive=True, patience=PATIENCE_WITH_PROBES):
            return
        if self.account:
            locks.hand_over(self.data, self.account)
            accounts.refuse_closed_folders(self.account, [self.data])
            self.programs = reach.programs_for(self.account, self.programs, self.data)
        self.users = locks.open_lock(self.data, locks.USERS)
        while (server := self.running() or self.started()) and not self.has_stopped(server):
            self.note_death()

    def running(self) -> Postmaster | None:
        """The server that runs already; None once the lock `server` is ours, as then no process of it is left."""
        self.server_lock = locks.open_lock(self.data, locks.SERVER)
        since = time.monotonic()
        while not locks.take(self.server_lock, exclusive=True) and not self.was_told_to_stop:
            status = postmaster.read_status(self.data)
            if status and postmaster.is_postgres(status.pid, self.data):
                os.close(self.server_lock)
                self.socket_folder = status.socket_folder
                return Postmaster(self.data, status.pid)
            self.end_orphans(time.monotonic() - since)
            time.sleep(SECONDS_BETWEEN_LOOKS_AT_THE_START)
        return None

    def end_orphans(self, waited: float) -> None:
        """End the children of a dead postmaster; no server can be started while one of them works on the data."""
        if waited > ORPHANS_GRACE:
            sign = signal.SIGQUIT if waited < ORPHANS_LIMIT else signal.SIGKILL
            for pid in postmaster.processes(self.data):
                postmaster.kill(pid, sign)

    def started(self) -> Postmaster | None:
        """A server started just now; None if nobody wants one any more."""
        if self.is_unwanted():
            return None
        self.refuse_foreign_server()
        if not cluster.exists(self.data):
            self.create()
        accounts.become(self.account)
        folder = self.socket_folder = self.usable_socket_folder()
        # The lock proves that it is stale. With a number that another program has by now, PostgreSQL would refuse it.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.log_sizes = cluster.log_sizes(self.data)
        child = cluster.start(self.data, self.programs, folder, self.server_lock)
        # From here on only PostgreSQL holds it.
        os.close(self.server_lock)
        return Postmaster(self.data, child.pid, child)

    def refuse_foreign_server(self) -> None:
        """Refuse to share the folder with a server that does not hold the lock: this code did not start it."""
        status = postmaster.read_status(self.data)
        if status and postmaster.is_postgres(status.pid, self.data):
            raise SetupError(
                f"Another PostgreSQL (process {status.pid}) runs over {self.data}, perhaps started by an earlier "
                "version of this site: stop that first."
            )

    def create(self) -> None:
        if self.deaths:
            self.remove_socket_folder()
            raise ServerError(f"The database {self.data} is gone.")
        cluster.create(self.data, self.programs, self.account, self.server_lock)

    def usable_socket_folder(self) -> Path:
        """The folder that the last server had, if it did not stop in an orderly way, or a fresh one.

        Pools of connections know the old name, and go on as soon as a server is there again.
        """
        status = postmaster.read_status(self.data)
        for folder in (self.socket_folder, status and status.socket_folder):
            if folder and sockets.is_ours(folder):
                sockets.clear(folder)
                return folder
        return sockets.make()

    def has_stopped(self, server: Postmaster) -> bool:
        """Watch a server to its end: True if it was stopped because nobody uses it, False if it died."""
        accounts.become(self.account)
        place, ready = self.place(), False
        while server.is_alive():
            if place is None or self.place() != place:
                self.give_up(server)
            if self.is_unwanted():
                self.stop(server)
                return True
            if not ready and server.is_ready():
                ready = True
                close_report()
            time.sleep(SECONDS_BETWEEN_LOOKS if ready else SECONDS_BETWEEN_LOOKS_AT_THE_START)
        if not ready:
            self.remove_socket_folder()
            said = cluster.last_words(self.data, self.log_sizes)
            raise ServerError(f"PostgreSQL did not start over {self.data}. It says:\n{said}")
        return False

    def place(self) -> tuple[int, int] | None:
        """Which folder has the name of the data folder now."""
        try:
            status = self.data.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def is_unwanted(self) -> bool:
        """Whether nobody uses the server. From then on nobody can, until this process has ended."""
        return self.was_told_to_stop or locks.take(self.users, exclusive=True)

    def give_up(self, server: Postmaster) -> NoReturn:
        """End a server whose folder was moved or deleted.

        It follows a folder that is moved, but for one file, `pg_control`, which it would write under the old name:
        into another database, if there is one by now.
        """
        server.stop_without_writing()
        self.remove_socket_folder()
        raise ServerError(f"The database {self.data} was moved or deleted while it was used.")

    def stop(self, server: Postmaster) -> None:
        server.stop()
        self.remove_socket_folder()

    def remove_socket_folder(self) -> None:
        # Somebody may have put something there: that is no reason to fail.
        with contextlib.suppress(OSError):
            if self.socket_folder:
                sockets.remove(self.socket_folder)

    def note_death(self) -> None:
        self.deaths.append(time.monotonic())
        if len(self.deaths) == DEATHS_IN_A_MINUTE and self.deaths[-1] - self.deaths[0] < 60:
            raise ServerError("PostgreSQL dies again and again.")

    def tell_to_stop(self, *_: object) -> None:
        """The system is shut down, or somebody ends the keeper: the server has to stop in an orderly way."""
        self.was_told_to_stop = True


def detach() -> None:
    """Leave the process that started this one: its session, its folder, and its being the parent."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def close_report() -> None:
    """Say nothing more to the process that started this one: it waits for the end of the report."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def main() -> None:
    data, programs = (Path(argument) for argument in sys.argv[1:])
    detach()
    try:
        keeper = Keeper(data, programs)
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, keeper.tell_to_stop)
        keeper.run()
    except Exception as problem:
        known = problem if isinstance(problem, ServerError) else ServerError(f"The keeper of PostgreSQL: {problem!r}.")
        # Nobody may be listening any more.
        with contextlib.suppress(OSError):
            os.write(1, to_report(known))


if __name__ == "__main__":
    main()
