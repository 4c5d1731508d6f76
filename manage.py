#!/usr/bin/env python
"""Django's command-line utility for this site."""

import os
import sys

if __name__ == "__main__":
    # Not above: each process that decodes a picture reads this file again, up to here.
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "superpixel_site.settings")
    execute_from_command_line(sys.argv)
