"""Where the site is, for what others show of a page."""

from __future__ import annotations

from django import template
from django.core.exceptions import DisallowedHost
from django.template.context import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def site_address(context: Context) -> str:
    """The scheme and host by which a page was asked for; empty where that is none of the site's, or unknown."""
    request = context.get("request")
    try:
        return f"{request.scheme}://{request.get_host()}" if request else ""
    except DisallowedHost:
        return ""
