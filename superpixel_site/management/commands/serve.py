"""`manage.py serve`: everything between a fresh checkout and a served page, then the site until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from superpixel_site.embedded_postgres import server
from superpixel_site.supervisor import Program, Supervisor
from superpixel_site.watching import figures
from superpixel_site.web_server import processes, sockets
from superpixel_site.web_server.server import BACKLOG

HERE = {"127.0.0.1", "0.0.0.0", "::1", "::"}


class Command(BaseCommand):
    help = "Prepare the database and the demo collection, then run web and worker until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            listening = sockets.bind(settings.HOST, settings.PORT, settings.DATA_DIR)
            self.prepare()
            sockets.listen(listening, BACKLOG, settings.HOST, settings.PORT, settings.DATA_DIR)
            self.run(listening)
        except sockets.CannotListen as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")
            sys.exit(128 + signal.SIGINT)
        finally:
            connections.close_all()
            if not settings.DATABASE_URL:
                server.leave(Path(settings.DATABASES["default"]["OPTIONS"]["data"]))

    def prepare(self) -> None:
        """Prepare all, in a process of its own: what it needs for that, some hundred megabytes, ends with it."""
        # From here to the end this process counts as one that uses the embedded database.
        connection.ensure_connection()
        connection.close()
        figures.forget_earlier_runs()
        preparing = Program("Preparing", [sys.executable, "manage.py", "prepare"])
        preparing.start(settings.BASE_DIR)
        try:
            status = preparing.wait()
        except KeyboardInterrupt:
            # Not SIGINT, of which a process that is just starting makes a traceback. All that it does can be cut off.
            preparing.signal(signal.SIGTERM)
            preparing.wait()
            raise
        if status:
            sys.exit(status)

    def run(self, listening: socket.socket) -> None:
        self.announce()
        connections.close_all()
        worker = Program("The worker", [sys.executable, "manage.py", "worker"])
        programs = [*processes.programs(listening, settings.WEB_CONCURRENCY), worker]
        with sockets.announced(settings.PORT, settings.DATA_DIR):
            Supervisor(programs, settings.BASE_DIR).run()

    def announce(self) -> None:
        python = os.path.relpath(sys.executable)
        host = settings.HOST.strip("[]")
        name = "localhost" if host in HERE else f"[{host}]" if ":" in host else host
        address = f"http://{name}:{settings.PORT}{settings.SCRIPT_NAME}"
        self.stdout.write(
            f"\n  The site:   {address}/"
            f"\n  An admin:   {python} manage.py createsuperuser, then {address}/admin/"
            "\n  Stop:       Ctrl-C\n"
        )
