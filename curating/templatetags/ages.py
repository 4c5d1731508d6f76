"""How long ago something was, in words: what is a moment ago is not “0 minutes” old."""

from __future__ import annotations

import datetime

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def ago(moment: datetime.datetime) -> str:
    """As in “heard of ...”."""
    return f"{timesince(moment)} ago" if _is_past(moment) else "just now"


@register.filter
def waited(moment: datetime.datetime) -> str:
    """As in “waits ...”."""
    return f"for {timesince(moment)}" if _is_past(moment) else "for less than a minute"


def _is_past(moment: datetime.datetime) -> bool:
    return timezone.now() - moment >= datetime.timedelta(minutes=1)
