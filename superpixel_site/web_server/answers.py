"""Answers that the server gives by itself, and how answers are written."""

from __future__ import annotations

from dataclasses import dataclass

from waitress.task import ErrorTask, Task, WSGITask


@dataclass(frozen=True)
class OwnAnswer:
    """A status and a sentence, in place of waitress' own errors."""

    status: str
    sentence: str
    headers: tuple[tuple[str, str], ...] = ()
    keeps_connection: bool = False

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), *self.headers]
        return self.status, headers, f"{self.sentence}\n".encode()

    def raw(self) -> bytes:
        """The whole answer, for a connection that ends at once."""
        _, headers, body = self.to_response()
        lines = [f"{name}: {value}" for name, value in (*headers, ("Connection", "close"))]
        return "\r\n".join([f"HTTP/1.1 {self.status}", *lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


ALIVE = OwnAnswer("200 OK", "ok", keeps_connection=True)
BUSY = OwnAnswer(
    "503 Service Unavailable",
    "Too many people are here at the moment. Please try again in a few seconds.",
    (("Retry-After", "5"),),
)
TOO_SLOW = OwnAnswer("408 Request Timeout", "The request came too slowly. Please send it again.")
DISK_FULL = OwnAnswer("507 Insufficient Storage", "The site has no room left on its disk. Please try again later.")


def too_large(limit: int) -> OwnAnswer:
    sentence = f"This is too much for one upload: at most {limit // 2**20} MB. Send fewer or smaller files."
    return OwnAnswer("413 Content Too Large", sentence)


class _Answering(Task):
    """What both kinds of answers have in common."""

    def build_response_header(self) -> bytes:
        if self.channel.server.is_stopping:
            self.request.headers["CONNECTION"] = "close"
        header: bytes = super().build_response_header()
        if self.is_head:
            self.chunked_response = False  # the mark of its end would be a body
        return header

    def write(self, data: bytes) -> None:
        super().write(b"" if self.is_head else data)

    @property
    def is_head(self) -> bool:
        return bool(getattr(self.request, "command", "") == "HEAD")


class ApplicationTask(_Answering, WSGITask):
    """The application's answer. A HEAD has no body, whatever the application gives."""

    def get_environment(self) -> dict[str, object]:
        environ: dict[str, object] = super().get_environment()
        if self.is_head:
            environ.pop("wsgi.file_wrapper", None)
        return environ


class OwnAnswerTask(_Answering, ErrorTask):
    """An answer of the server's own, and errors of waitress."""

    def execute(self) -> None:
        answer = self.request.error
        assert answer is not None
        self.status, headers, body = answer.to_response(None)
        self.response_headers.extend(headers)
        if not getattr(answer, "keeps_connection", False):
            self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
