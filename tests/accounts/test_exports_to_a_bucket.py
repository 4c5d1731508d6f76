"""An export in a bucket: written in parts while it is made, and read as it is downloaded."""

from __future__ import annotations

import io
import os
import re
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client
from storages.backends.s3 import S3Storage

from accounts import jobs
from accounts.exports import making
from accounts.models import Export
from selector.models import Photo
from selector.people import Person

pytestmark = pytest.mark.django_db(transaction=True)
LARGE = 12 * 2**20


class Bucket(BaseHTTPRequestHandler):
    """As much of a bucket's answers as a storage needs."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    parts: dict[int, bytes]
    largest: list[int]

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"ETag": '"a"', "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        found = self.objects.get(urlsplit(self.path).path)
        if found and (wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))):
            first, last = int(wanted[1]), min(int(wanted[2] or len(found)), len(found) - 1)
            return self.answer(206, found[first : last + 1], Content_Range=f"bytes {first}-{last}/{len(found)}")
        return self.answer(200 if found is not None else 404, found or b"")

    do_HEAD = do_GET  # noqa: N815  as its base class calls it

    def do_PUT(self) -> None:
        address, body = urlsplit(self.path), self.rfile.read(int(self.headers["Content-Length"]))
        self.largest.append(len(body))
        if number := parse_qs(address.query).get("partNumber"):
            self.parts[int(number[0])] = body
        else:
            self.objects[address.path] = body
        self.answer(200)

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "uploads" in address.query:
            return self.answer(200, b"<R><UploadId>1</UploadId></R>")
        self.objects[address.path] = b"".join(self.parts[number] for number in sorted(self.parts))
        return self.answer(200, b"<R><ETag>a</ETag></R>")

    def do_DELETE(self) -> None:
        address = urlsplit(self.path)
        if address.query:
            self.parts.clear()
        else:
            self.objects.pop(address.path, None)
        self.answer(204)

    def log_message(self, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    """A bucket in place of the folder of files."""
    kind = type("OfThisTest", (Bucket,), {"objects": {}, "parts": {}, "largest": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"):
        monkeypatch.setenv(name, "when_required")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    storage = S3Storage(
        bucket_name="photos", file_overwrite=False, access_key="a", secret_key="b", region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
    )  # fmt: skip
    monkeypatch.setattr(default_storage, "_wrapped", storage)
    yield kind
    server.shutdown()
    server.server_close()


def replace_original(bucket: type[Bucket]) -> bytes:
    """A large original, as the bucket holds it."""
    (name,) = [name for name in bucket.objects if re.search("/originals/", name)]
    bucket.objects[name] = os.urandom(LARGE)
    return bucket.objects[name]


def test_it_is_written_in_parts_and_read_by_its_owner(
    bucket: type[Bucket], alice: User, alice_client: Client, photo: Photo
) -> None:
    original = replace_original(bucket)
    jobs.defer_export(Person(alice))
    making.make(Export.objects.get().pk)
    export = Export.objects.get()
    assert export.state == Export.State.READY and export.n_bytes > LARGE
    assert len(bucket.parts) > 1 and max(bucket.largest) < LARGE, "no request held all of it"
    answer = alice_client.get("/accounts/export/download/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert archive.testzip() is None and archive.read("photos/quarters.jpg") == original
    alice_client.post("/accounts/export/cancel/")
    assert not any("/exports/" in name for name in bucket.objects)


def test_one_that_is_cancelled_leaves_no_parts(
    bucket: type[Bucket], alice: User, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_original(bucket)
    jobs.defer_export(Person(alice))
    export = Export.objects.get()
    monkeypatch.setattr(making, "SECONDS_BETWEEN_NOTES", -1)
    monkeypatch.setattr(Export, "note_progress", lambda self, done: done == 0)
    making.make(export.pk)
    assert not any("/exports/" in name for name in bucket.objects) and bucket.parts == {}
