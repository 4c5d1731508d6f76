"""`manage.py web`: the web processes alone, on one socket."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from superpixel_site.supervisor import Supervisor
from superpixel_site.web_server import processes, sockets
from superpixel_site.web_server.limits import Limits
from superpixel_site.web_server.server import BACKLOG, Server

# Python's own choice, 700, makes several collections a request; a page makes some thousand objects.
ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000
# How soon a model is loaded that has come after the start.
SECONDS_BETWEEN_LOOKS = 30.0
# Of glibc's `mallopt`: what is freed at the end of a heap is kept up to the first, and larger blocks than the second
# are given back at once. With the values that it finds by itself, each photo that was cut into superpixels gave back
# and asked for the same pages again: 4,500 page faults, 15 ms.
MEMORY = {-1: 64 * 2**20, -3: 32 * 2**20}


class Command(BaseCommand):
    help = "Run WEB_CONCURRENCY web processes at HOST and PORT until told to stop; one that dies is started again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--socket", type=int, metavar="N", help="be one of these processes, on the open file of this number"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["socket"] is not None:
            serve(socket.socket(fileno=options["socket"]))
            return
        try:
            listening = sockets.bind(settings.HOST, settings.PORT, settings.DATA_DIR)
            sockets.listen(listening, BACKLOG, settings.HOST, settings.PORT, settings.DATA_DIR)
        except sockets.CannotListen as problem:
            raise CommandError(str(problem)) from None
        with sockets.announced(settings.PORT, settings.DATA_DIR):
            Supervisor(processes.programs(listening, settings.WEB_CONCURRENCY), settings.BASE_DIR).run()


def serve(listening: socket.socket) -> None:
    """Be one web process until told to stop."""
    from superpixel_site.wsgi import application

    server = Server(
        application, listening, threads=settings.WEB_THREADS, limits=limits(), url_prefix=settings.SCRIPT_NAME
    )
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, server.stop)
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        for parameter, value in MEMORY.items():
            mallopt(parameter, value)
    # Whenever the thread that reads and writes for all has waited for the network, it queues for Python's lock with the
    # threads at work: shorter turns than Python's own choice of 5 ms let it come sooner.
    sys.setswitchinterval(0.001)
    # Beside the first requests: the first search would wait ten seconds for the models.
    Thread(target=load, name="load", daemon=True).start()
    server.run()
    if server.is_at_work:
        # Requests had their time to finish; Python would wait for what they wait for.
        os._exit(0)


def load() -> None:
    """Load what requests need; models that are not in use yet, when the first image has been described by them."""
    # Picking a colour and searching import these when they are first used.
    import scipy.sparse.csgraph
    import scipy.spatial  # noqa: F401

    from gallery.index.spaces import preload
    from selector.services.preparing import prepare

    prepare()
    is_all = preload()
    spare_the_collector()
    if not is_all:
        while not preload():
            time.sleep(SECONDS_BETWEEN_LOOKS)
        spare_the_collector()


def spare_the_collector() -> None:
    """Keep the garbage collector from walking over what is loaded again and again.

    With torch a full collection looks at half a million objects, to find nothing, while all threads wait.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    # What is frozen when Python ends is never taken apart, of which libraries complain in dozens of lines.
    atexit.register(gc.unfreeze)


def limits() -> Limits:
    """Those of one process: what is kept for clients is limited for all processes together."""
    held = Limits.held_bytes // settings.WEB_CONCURRENCY
    return Limits(body_bytes=settings.MAX_REQUEST_BYTES, held_bytes=max(held, settings.MAX_REQUEST_BYTES))
