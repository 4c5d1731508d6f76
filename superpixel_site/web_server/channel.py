"""A connection: what it is waiting for, and since when it has made no progress."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from enum import Enum, auto
from typing import Any, Protocol

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel

from superpixel_site.web_server.answers import TOO_SLOW, ApplicationTask, OwnAnswerTask
from superpixel_site.web_server.limits import Limits
from superpixel_site.web_server.requests import Request


class Phase(Enum):
    """What a connection is waiting for."""

    UNUSED = auto()  # its first byte
    IDLE = auto()  # another request
    HEADERS = auto()
    BODY = auto()
    WORKING = auto()  # us: its request is in the queue or being answered
    SENDING = auto()  # the client to take what is ready
    LINGERING = auto()  # the client to stop sending what was refused


UNFINISHED = (Phase.UNUSED, Phase.HEADERS, Phase.BODY)
# In these, bytes are progress only when there are enough of them; in HEADERS they never are.
COUNTED = (Phase.BODY, Phase.SENDING)


class Owner(Protocol):
    """What a connection needs of its server."""

    limits: Limits

    def note_held(self, n_bytes: int) -> None: ...


class Channel(HTTPChannel):
    """waitress' channel with deadlines. All but the answering of requests happens in the server's one thread."""

    task_class = ApplicationTask
    error_task_class = OwnAnswerTask
    parser_class = Request
    server: Owner

    def __init__(self, server: Owner, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        self.limits: Limits = server.limits
        self.network = network_of(addr[0])
        self.is_used = self.is_refused = self.is_lingering = False
        self.since, self.moved = time.monotonic(), 0
        super().__init__(server, sock, addr, adj, map=map)
        self.seen: tuple[Phase, object] = (Phase.UNUSED, None)

    @property
    def phase(self) -> Phase:
        if self.is_lingering:
            return Phase.LINGERING
        if self.total_outbufs_len:
            return Phase.SENDING
        if self.requests:
            return Phase.WORKING
        if self.request is not None:
            return Phase.BODY if self.request.headers_finished else Phase.HEADERS
        return Phase.IDLE if self.is_used else Phase.UNUSED

    @property
    def held_bytes(self) -> int:
        """Bodies that came, and answers that are ready, but for files that are sent from where they lie."""
        requests = [*self.requests, self.request] if self.request else list(self.requests)
        answers = [buffer for buffer in self.outbufs if not isinstance(buffer, ReadOnlyFileBasedBuffer)]
        return sum(int(request.body_bytes_received) for request in requests) + sum(map(len, answers))

    # --- Progress ---------------------------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Note when it has come to wait for something else."""
        seen = (self.phase, self.request)
        if seen != self.seen:
            self.seen, self.since, self.moved = seen, now, 0

    def note(self, n_bytes: int) -> None:
        """Note that so many bytes came or went."""
        phase = self.phase
        self.moved += n_bytes
        if phase in COUNTED and self.moved < self.limits.progress_bytes:
            return
        if phase not in (Phase.HEADERS, Phase.LINGERING):
            self.since, self.moved = time.monotonic(), 0

    def is_overdue(self, now: float) -> bool:
        return now - self.since > {
            Phase.UNUSED: self.limits.idle,
            Phase.IDLE: self.limits.idle,
            Phase.HEADERS: self.limits.headers,
            Phase.BODY: self.limits.progress,
            Phase.SENDING: self.limits.progress,
            Phase.LINGERING: self.limits.lingering,
            Phase.WORKING: float("inf"),
        }.get(self.phase, 0)

    # --- Its end ----------------------------------------------------------------------------------------------------

    def give_up(self) -> None:
        """End it: it was too slow, or its place is needed."""
        open_socket = self.socket  # a thread that answers may close it this moment
        if open_socket and self.phase in (Phase.HEADERS, Phase.BODY):
            with contextlib.suppress(OSError):
                open_socket.send(TOO_SLOW.raw())
        self.handle_close()

    def give_up_unused(self) -> None:
        """End it between two requests, unless the next one has come this moment."""
        open_socket = self.socket
        try:
            has_come = bool(open_socket and open_socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            has_come = False
        if not has_come:
            self.handle_close()

    def handle_close(self) -> None:
        if self.request is not None:
            self.request.close()
        super().handle_close()

    def linger(self) -> None:
        """Say that no more will come, but go on reading what is thrown away.

        Closing at once would take the answer from a client that still sends: "connection reset" overtakes it.
        """
        self.close_when_flushed, self.is_lingering = False, True
        if open_socket := self.socket:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_WR)
        self.look(time.monotonic())

    # --- What waitress calls ----------------------------------------------------------------------------------------

    def readable(self) -> bool:
        return self.is_lingering or bool(super().readable())

    def recv(self, buffer_size: int) -> bytes:
        data: bytes = super().recv(buffer_size)
        self.note(len(data))
        return data

    def received(self, data: bytes) -> bool:
        if self.is_refused:
            return False
        self.is_used = True
        taken = bool(super().received(data))
        if self.phase is Phase.BODY:
            self.server.note_held(len(data))
        return taken

    def send(self, data: bytes, do_close: bool = True) -> int:
        n_sent: int = super().send(data, do_close)
        self.note(n_sent)
        return n_sent

    def handle_expt(self) -> None:
        """Urgent data, which HTTP does not know and the system would report for ever."""
        self.handle_close()

    def handle_write(self) -> None:
        if not (self.is_refused and self.close_when_flushed) or self.will_close:
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif self.connected and not self.total_outbufs_len:
            self.linger()


def network_of(address: str) -> str:
    """Whom an address stands for: with IPv6 a customer has a whole network, by custom at least 64 bits of it.

    >>> network_of("192.0.2.7"), network_of("2001:db8::7%eth0")
    ('192.0.2.7', '2001:db8::/64')
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    return address if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
