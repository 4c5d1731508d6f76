"""The server of one web process: takes connections, ends those that hold too much, and stops in good order."""

from __future__ import annotations

import logging
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from superpixel_site.web_server.answers import ALIVE, BUSY, OwnAnswer
from superpixel_site.web_server.channel import UNFINISHED, Channel, Phase
from superpixel_site.web_server.limits import Limits, raise_file_limit

BACKLOG = 1024
ACCEPTED_AT_ONCE = 64
BYTES_AT_A_TIME = 64 * 1024
# In memory up to here, then in a temporary file: times thousands of connections.
BODY_IN_MEMORY = 64 * 1024
ANSWER_IN_MEMORY = 256 * 1024
# Beyond this a thread waits for the client; no answer of this site is as large.
LARGEST_WAITING_ANSWER = 512 * 2**20


class Server(TcpWSGIServer):
    """Serves a WSGI application on a socket that listens already, and that other processes may share."""

    channel_class = Channel
    active_channels: dict[int, Channel]

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        listening: socket.socket,
        *,
        threads: int,
        limits: Limits,
        url_prefix: str = "",
        alive_at: str = "/healthz",
    ) -> None:
        self.limits = replace(limits, connections=raise_file_limit(limits))
        self.is_stopping = False
        self.stop_by = float("inf")
        self.held_bytes = 0
        # Each wait in the queue would be one line; too many are answered, which says enough.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments = self.adjustments(url_prefix)
        # With the prefix or without: a check may come by the proxy or past it.
        self.alive_at = {alive_at, f"{adjustments.url_prefix}{alive_at}"}
        pool = ThreadedTaskDispatcher()
        pool.set_thread_count(threads)
        # One thread each, so that these answers come at once while all others are at work, and many refusals keep
        # nobody from knowing that the process is alive.
        self.refusing, self.health = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        self.refusing.set_thread_count(1)
        self.health.set_thread_count(1)
        info = (listening.family, listening.type, listening.proto, listening.getsockname())
        super().__init__(
            application,
            map={},
            _sock=listening,
            dispatcher=pool,
            adj=adjustments,
            sockinfo=info,
            bind_socket=False,
        )

    def adjustments(self, url_prefix: str) -> Adjustments:
        return Adjustments(
            url_prefix=url_prefix,
            ident=None,
            backlog=BACKLOG,
            recv_bytes=BYTES_AT_A_TIME,
            inbuf_overflow=BODY_IN_MEMORY,
            outbuf_overflow=ANSWER_IN_MEMORY,
            outbuf_high_watermark=LARGEST_WAITING_ANSWER,
            max_request_header_size=self.limits.header_bytes,
            max_request_body_size=self.limits.body_bytes,
            # A connection is read while its request runs: so it is known that a client has gone.
            channel_request_lookahead=1,
            # Django trusts X-Forwarded-Proto where its settings say so.
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
        )

    def run(self) -> None:
        """Serve until told to stop."""
        due = 0.0
        while not self.is_done():
            wasyncore.poll2(self.limits.between_looks, self._map)
            now = time.monotonic()
            # Not in each round: with a hundred connections that took a quarter of the time of all Python code.
            if now >= due or self.is_stopping:
                self.look_after_channels(now)
                due = now + self.limits.between_looks
        self.close()

    def stop(self, *_: object) -> None:
        """Take no more connections, finish what runs, then return from `run`. May be called by a signal.

        The second time, do not wait.
        """
        self.stop_by = time.monotonic() + (0 if self.is_stopping else self.limits.stopping)
        self.is_stopping, self.accepting = True, False
        self.pull_trigger()

    def is_done(self) -> bool:
        return self.is_stopping and (not self.active_channels or time.monotonic() >= self.stop_by)

    @property
    def is_at_work(self) -> bool:
        """Whether threads still answer requests."""
        return bool(self.task_dispatcher.active_count)

    # --- Connections ------------------------------------------------------------------------------------------------

    def readable(self) -> bool:
        return bool(self.accepting)

    def handle_accept(self) -> None:
        # Several: while all threads are busy, each round of the loop takes its time.
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted = self.accept()
                if accepted is None:  # no more, or another process was quicker
                    return
                connection, address = accepted
                self.set_socket_options(connection)
            except OSError:  # the client has gone already
                return
            self.make_room(Channel(self, connection, self.fix_addr(address), self.adj, map=self._map))

    def fix_addr(self, addr: Any) -> Any:
        """A socket for both families shows addresses of IPv4 in the clothes of IPv6."""
        return (addr[0].removeprefix("::ffff:"), *addr[1:])

    def make_room(self, new: Channel) -> None:
        """End the connection that waits longest without progress where there are too many, never taking none."""
        others = [channel for channel in list(self.active_channels.values()) if channel is not new]
        of_the_address = [channel for channel in others if channel.network == new.network]
        unfinished = [channel for channel in of_the_address if channel.phase in UNFINISHED]
        if len(unfinished) >= self.limits.unfinished_of_an_address:
            end_slowest(unfinished)
        elif len(others) >= self.limits.connections:
            end_slowest(others)

    def look_after_channels(self, now: float) -> None:
        unfinished: dict[str, list[Channel]] = defaultdict(list)
        for channel in list(self.active_channels.values()):
            channel.look(now)
            is_unused = channel.phase in (Phase.UNUSED, Phase.IDLE)
            if is_unused and (self.is_stopping or channel.is_overdue(now)):
                channel.give_up_unused()
            elif channel.is_overdue(now):
                channel.give_up()
            elif channel.phase in UNFINISHED:
                unfinished[channel.network].append(channel)
        for channels in unfinished.values():
            channels.sort(key=lambda channel: channel.since, reverse=True)
            for channel in channels[self.limits.unfinished_of_an_address :]:
                channel.give_up()
        self.hold_less()

    def note_held(self, n_bytes: int) -> None:
        """Note that so many more bytes of bodies are kept; between two looks it is a sum that only grows."""
        self.held_bytes += n_bytes
        if self.held_bytes > self.limits.held_bytes:
            self.hold_less()

    def hold_less(self) -> None:
        """Count what is kept for clients, and end the slowest while it is too much."""
        channels = list(self.active_channels.values())
        self.held_bytes = sum(channel.held_bytes for channel in channels)
        for channel in sorted(waiting_for_clients(channels), key=lambda channel: channel.since):
            if self.held_bytes <= self.limits.held_bytes:
                return
            self.held_bytes -= channel.held_bytes
            channel.give_up()

    # --- Requests ---------------------------------------------------------------------------------------------------

    def add_task(self, channel: Channel) -> None:
        """Have a connection's next request answered. Called while its list of requests is locked."""
        request = channel.requests[0]
        channel.is_refused = request.is_cut_off
        request.error = request.error or self.own_answer(request)
        if request.error is None:
            self.task_dispatcher.add_task(channel)
        else:
            (self.health if request.error is ALIVE else self.refusing).add_task(channel)

    def own_answer(self, request: Any) -> OwnAnswer | None:
        """What the server says by itself; None leaves it to the application."""
        if request.path in self.alive_at and request.command in ("GET", "HEAD"):
            return ALIVE
        return BUSY if len(self.task_dispatcher.queue) >= self.limits.waiting else None


def waiting_for_clients(channels: Iterable[Channel]) -> list[Channel]:
    return [channel for channel in channels if channel.phase is not Phase.WORKING]


def end_slowest(channels: Iterable[Channel]) -> None:
    """End the connection that waits longest for its client."""
    if waiting := waiting_for_clients(channels):
        min(waiting, key=lambda channel: channel.since).give_up()
