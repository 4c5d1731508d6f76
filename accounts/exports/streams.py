"""A ZIP file that is written while it is read: whatever its size, some hundred kilobytes of it are in memory."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The first moment that a ZIP file can tell.
EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Entry:
    """A file in a ZIP file.

    Attributes
    ----------
    name : str
        With its folder.
    pieces : iterable of bytes
        Its content.
    modified : datetime
    is_packed : bool
        Pictures are packed already: they are stored as they are.
    """

    name: str
    pieces: Iterable[bytes]
    modified: datetime.datetime
    is_packed: bool = False


class _Sink(io.RawIOBase):
    """Takes what is written, until somebody takes it away. It cannot go back, as a pipe cannot."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held = bytes(self._held)
        self._held.clear()
        return held


def zipped(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The bytes of a ZIP file of these files, in pieces."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, max(entry.modified.timetuple()[:6], EARLIEST))
            info.compress_type = zipfile.ZIP_STORED if entry.is_packed else zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with archive.open(info, "w") as file:
                for piece in entry.pieces:
                    file.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


class StreamedFile:
    """Pieces of bytes as a file that can be read once: what Django's storages ask of one.

    Attributes
    ----------
    n_bytes : int
        That have been read so far.
    """

    closed = False

    def __init__(self, pieces: Iterator[bytes], name: str) -> None:
        self.name, self.n_bytes = name, 0
        self._pieces, self._rest = pieces, bytearray()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The pieces as they come: for the folder of files."""
        for piece in self._pieces:
            self.n_bytes += len(piece)
            yield piece

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end: for a bucket."""
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        size = len(self._rest) if size < 0 else size
        data = bytes(self._rest[:size])
        del self._rest[:size]
        self.n_bytes += len(data)
        return data

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""
