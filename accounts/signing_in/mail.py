"""Whether the site sends e-mail at all."""

from __future__ import annotations

from django.conf import settings


def is_sent() -> bool:
    """False without `EMAIL_URL`: then nothing is sent, and pages say so."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")
