#!/usr/bin/env python
"""Django's command-line utility for this site."""

import os
import sys

from superpixel_site.supervisor import end_with_supervisor

if __name__ == "__main__":
    end_with_supervisor()
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "superpixel_site.settings")
    execute_from_command_line(sys.argv)
