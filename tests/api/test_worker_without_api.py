"""The worker answers nobody: it holds nothing in memory of what does."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings

LIKE_A_WORKER = """
import sys, django
django.setup()
from django.core.management import load_command_class
from procrastinate.contrib.django import app
command = load_command_class("gallery", "worker")
wanted = command.requires_system_checks
command.check(tags=None if wanted == "__all__" else wanted)
assert len(app.tasks) > 5
print(*sorted({"pydantic", "ninja", "superpixel_site.urls"} & set(sys.modules)))
"""


def test_the_worker_imports_nothing_of_the_interface() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "superpixel_site.settings", "SECRET_KEY": "of a test"}
    done = subprocess.run(
        [sys.executable, "-c", LIKE_A_WORKER],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
