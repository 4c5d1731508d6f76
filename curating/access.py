"""Who may look after the collection on the site's own pages. Strangers get 404."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from curating.models import BulkTask, Offer
from gallery.models import GalleryImage
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.staff import is_staff

P = ParamSpec("P")
View = Callable[Concatenate[HtmxHttpRequest, P], HttpResponseBase]


def curators_only(permission: str = "curating.view_bulktask") -> Callable[[View[P]], View[P]]:
    """A view for those of the staff who have a permission; whoever is not signed in is asked to, others get 404."""

    def for_curators(view: View[P]) -> View[P]:
        @wraps(view)
        def asking_first(request: HtmxHttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not (is_staff(request.user) and request.user.has_perm(permission)):
                raise Http404
            return view(request, *args, **kwargs)

        return asking_first

    return for_curators


def waiting_offer(offer_id: int) -> Offer:
    """An offer that waits, with its photo; 404 when it does not: what is decided or withdrawn is its owner's alone."""
    return get_object_or_404(Offer.objects.waiting().exclude(photo=None).select_related("photo"), pk=offer_id)


def bulk_task(task_id: int) -> BulkTask:
    """A task; 404 when there is none."""
    return get_object_or_404(BulkTask.objects.select_related("asked_by"), pk=task_id)


def curated_image(image_id: int) -> GalleryImage:
    """An image of the collection or one that is withdrawn, with its photo; people's own are 404."""
    return get_object_or_404(GalleryImage.objects.curated().select_related("photo"), pk=image_id)
