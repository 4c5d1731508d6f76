"""`manage.py serve`: everything between a fresh checkout and a served page, then the site until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections
from honcho import environ, manager

from superpixel_site.embedded_postgres import server
from superpixel_site.watching import figures


class Command(BaseCommand):
    help = "Prepare the database and the demo collection, then run web and worker until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        self.refuse_taken_port()
        try:
            self.prepare()
        except (ImproperlyConfigured, OperationalError) as problem:
            # The database says what is wrong with it; how we came to ask it is of no interest.
            raise CommandError(str(problem)) from None
        self.announce()
        # The processes of the Procfile open connections of their own; a forked one must not be shared.
        connections.close_all()
        try:
            sys.exit(self.run_processes())
        finally:
            if not settings.DATABASE_URL:
                server.leave(Path(settings.DATABASES["default"]["OPTIONS"]["data"]))

    def refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", settings.PORT))
            except OSError:
                raise CommandError(
                    f"Port {settings.PORT} is taken by another program. Choose another one: make run PORT=8001"
                ) from None

    def prepare(self) -> None:
        figures.forget_earlier_runs()
        for name, arguments in (
            ("migrate", {"verbosity": 0}),
            ("check", {"databases": ["default"]}),
            ("collectstatic", {"verbosity": 0, "interactive": False}),
            ("warmup", {}),
            ("load_demo", {"if_empty": True}),
        ):
            call_command(name, **arguments)

    def announce(self) -> None:
        python = os.path.relpath(sys.executable)
        self.stdout.write(
            f"\n  The site:   http://localhost:{settings.PORT}/"
            f"\n  An admin:   {python} manage.py createsuperuser, then http://localhost:{settings.PORT}/admin/"
            "\n  Stop:       Ctrl-C\n"
        )

    def run_processes(self) -> int:
        """Run the Procfile's processes; when one ends, or on Ctrl-C, all do."""
        processes = manager.Manager()
        procfile = environ.parse_procfile((settings.BASE_DIR / "Procfile").read_text())
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        for name, command in procfile.processes.items():
            processes.add_process(name, command, env=env, cwd=str(settings.BASE_DIR))
        # A closed terminal means the same as Ctrl-C.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        processes.loop()
        return 0 if processes.returncode == 130 else processes.returncode or 0
