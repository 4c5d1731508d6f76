#!/usr/bin/env python
"""Django's command line."""

import os
import sys

if __name__ == "__main__":
    # Not above: each process that decodes a picture reads this file again, up to here.
    from superpixel_site.supervisor import end_with_supervisor

    end_with_supervisor()
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from superpixel_site.start import problems_as_sentences

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "superpixel_site.settings")
    with problems_as_sentences():
        # Some commands go on without settings, to fail later in another way.
        settings.configured or settings.INSTALLED_APPS  # noqa: B018
        execute_from_command_line(sys.argv)
