"""The WSGI application, `superpixel_site.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from superpixel_site import web_database
from superpixel_site.start import problems_as_sentences

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "superpixel_site.settings")
with problems_as_sentences():
    web_database.configure()
    application = get_wsgi_application()
