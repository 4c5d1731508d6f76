"""Static files under names that change with their content."""

from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


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
