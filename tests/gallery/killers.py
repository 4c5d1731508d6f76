"""An app that makes some images deadly for the process that indexes them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings


class Killers(AppConfig):
    name = "tests.gallery.killers"
    label = "killers"

    def ready(self) -> None:
        from gallery.index import indexing
        from gallery.models import GalleryImage

        original = indexing.describe

        def describe(image: GalleryImage, spaces: Any) -> Any:
            if image.title == "killer":
                os.kill(os.getpid(), signal.SIGKILL)
            if image.title == "stuck":
                Path(settings.DATA_DIR, "stuck").write_text(str(os.getpid()))
                time.sleep(600)
            return original(image, spaces)

        indexing.describe = describe
