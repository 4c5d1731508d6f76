"""Static files under names that change with their content."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'^@import "([^"/]+\.css)";$', re.MULTILINE)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Whitenoise's storage, which also rewrites the imports between our ES modules to the hashed names."""

    support_js_module_import_aggregation = True
    # Our own scripts only: in a comment of another file Django takes an example for an import, and stops at it.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        HashedFilesMixin._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]
    )

    def create_compressor(self, **options: Any) -> Compressor:
        # Brotli is none of our packages. Where another one brings it, each start would take five seconds more.
        return super().create_compressor(use_brotli=False, **options)

    def post_process(self, paths: dict[str, tuple[Storage, str]], *args: Any, **options: Any) -> Iterator[Any]:
        """A style sheet that imports others of its folder becomes one file with them: pages wait for fewer."""
        for name in [name for name in paths if name.endswith(".css")]:
            text = _text_of(*paths[name])
            parts = {part: _text_of(*paths[path]) for part, path in parts_of(name, text).items()}
            if parts:
                self.delete(name)
                self._save(name, ContentFile(_with_parts(text, parts).encode()))
                paths[name] = self, name
        yield from super().post_process(paths, *args, **options)


def parts_of(name: str, text: str) -> dict[str, str]:
    """What a style sheet of a text imports from its folder, with the names under which that is found."""
    return {part: posixpath.join(posixpath.dirname(name), part) for part in IMPORT.findall(text)}


def _with_parts(text: str, parts: dict[str, str]) -> str:
    return IMPORT.sub(lambda found: parts[found[1]], text)


def _text_of(storage: Storage, path: str) -> str:
    with storage.open(path) as file:
        return str(file.read().decode())
