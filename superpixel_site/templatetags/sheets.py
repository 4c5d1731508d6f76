"""Style sheets that a page needs together."""

from __future__ import annotations

from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from superpixel_site.static_storage import HashedStaticFilesStorage, parts_of

register = template.Library()
LINK = '<link rel="stylesheet" href="{}">'


@register.simple_tag
def sheets(name: str) -> SafeString:
    """A sheet that imports others: one file where it is collected as one, each of the others where they are not."""
    names = [name]
    if not isinstance(staticfiles_storage, HashedStaticFilesStorage):
        names = [*parts_of(name, Path(str(finders.find(name))).read_text()).values()]
    return format_html_join("\n", LINK, ((staticfiles_storage.url(one),) for one in names))
