"""The tag `slot`, see `superpixel_site.slots`."""

from __future__ import annotations

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from superpixel_site.slots import templates_in

register = template.Library()


@register.simple_tag(takes_context=True)
def slot(context: RequestContext, name: str) -> SafeString:
    """Render the partials that fill a slot, with the context of the page."""
    given = {str(name): value for name, value in context.flatten().items()}
    partials = [get_template(filling).render(given, context.request) for filling in templates_in(name)]
    # Each partial has been escaped when it was rendered, and knows it.
    return format_html_join("", "{}", ((partial,) for partial in partials))
