"""Reading a request: what is refused before it has come as a whole."""

from __future__ import annotations

from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, RequestEntityTooLarge

from superpixel_site.web_server.answers import DISK_FULL, too_large

# waitress joins what it has of such a line with what comes: an endless line costs ever more.
LONGEST_CHUNK_LINE = 1024
LONGEST_TRAILER = 8 * 1024


class Request(HTTPRequestParser):
    """A request on its way in."""

    is_cut_off = False  # an error in it was answered before it was read to its end

    def received(self, data: bytes) -> int:
        """Take in some bytes, and return how many belong to this request."""
        try:
            consumed: int = super().received(data)
        except OSError:  # the body's temporary file
            self.error = DISK_FULL
            consumed = len(data)
        self.refuse_endless_lines()
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = too_large(self.adj.max_request_body_size)
        if self.error:
            self.is_cut_off = self.completed = True
            self.close()
        if self.completed:
            # waitress would ask for the body all the same, and then take it in.
            self.expect_continue = False
        return consumed

    def refuse_endless_lines(self) -> None:
        body = self.body_rcv
        if isinstance(body, ChunkedReceiver) and not self.completed:
            if len(body.control_line) > LONGEST_CHUNK_LINE:
                self.error = BadRequest("A chunk's first line is too long.")
            elif len(body.trailer) > LONGEST_TRAILER:
                self.error = BadRequest("The trailer is too long.")
