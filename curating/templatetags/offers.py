"""What pages show of offers: a person's own beside their photos, and for curators how many wait."""

from __future__ import annotations

import uuid
from typing import Any

from django import template
from django.template.context import Context

from curating.models import Offer
from selector.models import Photo

register = template.Library()


@register.simple_tag(takes_context=True)
def offer_of(context: Context, photo: Photo) -> Offer | None:
    """The latest offer of a photo of the person's own: all are asked for once a page, for its first photo."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return None
    request: Any = context["request"]
    if not hasattr(request, "own_offers"):
        rows = Offer.objects.filter(owner=user).exclude(photo=None).select_related("image")
        found: dict[uuid.UUID | None, Offer] = {row.photo_id: row for row in rows}
        request.own_offers = found
    offer: Offer | None = request.own_offers.get(photo.pk)
    return offer


@register.simple_tag
def n_waiting_offers() -> int:
    """How many offers wait for a curator."""
    return Offer.objects.waiting().count()
