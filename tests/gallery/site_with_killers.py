"""The site with pictures that kill: settings for processes that a test starts, which find its database by DATABASE_URL.

An image whose title is "killer" ends the process that indexes it, as a fault in a library would; "stuck" never ends.
"""

from superpixel_site.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.gallery.killers.Killers"]  # noqa: F405
