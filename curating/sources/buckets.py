"""S3-compatible storage. Endpoint, region and keys come from boto3's own variables, as for `MEDIA_BUCKET`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from curating.sources.common import CannotOpen, CannotRead, Check, Found, LeftOut, Sieve, is_manifest_at_top

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9._-]{1,62})(?:/(.*))?", re.DOTALL)


class Bucket:
    """The objects of a bucket under a prefix.

    Parameters
    ----------
    address : str
        `s3://bucket/prefix`; a prefix is a folder, with or without a slash at its end.
    recursive : bool
        Whether the folders in it belong to it as well.
    only : str
        The name of a manifest in it: then the files that it names are all there is.
    """

    def __init__(self, address: str, *, recursive: bool = False, only: str = "") -> None:
        found = _ADDRESS.fullmatch(address)
        if not found:
            raise CannotOpen(f"{address} is no address of a bucket: write it as s3://bucket/folder.")
        self.bucket, prefix = found[1], (found[2] or "").strip("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.recursive, self.only = recursive, only
        self._client = _client()

    def listed(self) -> Iterator[Found | LeftOut]:
        if self.only:
            return
        sieve = Sieve()
        for page in self._pages():
            for item in page.get("Contents", ()):
                path = item["Key"].removeprefix(self.prefix).replace("\0", "")
                if path and not path.endswith("/") and not is_manifest_at_top(path):
                    yield from sieve.sort(path)
            for folder in page.get("CommonPrefixes", ()):
                path = folder["Prefix"].removeprefix(self.prefix).rstrip("/")
                yield LeftOut(path, "It is a folder in the folder: --recursive takes those, too.")

    def _pages(self) -> Iterator[dict[str, Any]]:
        delimiter = {} if self.recursive else {"Delimiter": "/"}
        pages = self._client.get_paginator("list_objects_v2")
        with _told(CannotOpen, f"The bucket “{self.bucket}” cannot be read"):
            yield from pages.paginate(Bucket=self.bucket, Prefix=self.prefix, **delimiter)

    def read(self, path: str, check: Check) -> bytes:
        with _told(CannotRead, "It cannot be read from the bucket"):
            try:
                answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + path)
            except self._client.exceptions.NoSuchKey:
                raise CannotRead("There is no such file in the bucket.") from None
            with answer["Body"] as body:
                check(answer["ContentLength"])
                data: bytes = body.read()
        return data

    def located(self, path: str) -> str:
        return path

    def manifest(self) -> str:
        if self.only:
            return self.only
        from curating import manifests

        with _told(CannotOpen, f"The bucket “{self.bucket}” cannot be read"):
            for stem in ("manifest.", "metadata."):
                found = self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix + stem, MaxKeys=10)
                names = [item["Key"].removeprefix(self.prefix) for item in found.get("Contents", ())]
                if known := next((name for name in names if name in manifests.NAMES), ""):
                    return known
        return ""

    def close(self) -> None:
        self._client.close()


class _told:  # noqa: N801  reads as a verb
    """Turns what boto3 raises into an error of ours with a sentence."""

    def __init__(self, kind: type[Exception], beginning: str) -> None:
        self.kind, self.beginning = kind, beginning

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(problem, ClientError):
            said = problem.response.get("Error", {})
            raise self.kind(f"{self.beginning}: {said.get('Message') or said.get('Code')}.") from problem
        if isinstance(problem, BotoCoreError | OSError):
            raise self.kind(f"{self.beginning}: {problem}.") from problem


def _client() -> Any:
    try:
        import boto3
    except ImportError:
        raise CannotOpen("Buckets need boto3: install the requirements with the extra “s3”.") from None
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.client("s3")
    except (BotoCoreError, ValueError) as problem:
        raise CannotOpen(f"The bucket cannot be asked: {problem}.") from problem
