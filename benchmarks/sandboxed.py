"""Benchmarks that work in a collection of their own."""

from __future__ import annotations

import os
import sys


def continue_in_sandbox(module: str) -> None:
    """Set Django up and return, in a process with a collection of its own (`gallery.evaluation.sandbox`).

    Elsewhere, run the module there with the same arguments, and end with its exit code.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django

    django.setup()
    from gallery.evaluation import sandbox

    if sandbox.is_inside():
        return
    try:
        sys.exit(sandbox.run(["-m", module, *sys.argv[1:]]))
    except sandbox.NoSandbox as problem:
        sys.exit(str(problem))
