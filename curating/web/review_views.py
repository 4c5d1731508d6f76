"""The queue of photos that people offer: curators look at them, and approve or reject them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from curating import offering
from curating.access import curators_only, waiting_offer
from curating.models import Offer
from curating.web.forms import ReviewForm
from selector.imaging.imagefile import InvalidImage
from superpixel_site.forms import PageForm
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import valid
from superpixel_site.responses import NOT_KEPT, render_partial_or_page
from superpixel_site.stored_files import MissingFile, read
from superpixel_site.work_slots import work_slot

MAY_DECIDE = "curating.change_offer"
# All of a page may be approved by one request: so many pictures are read in it.
OFFERS_A_PAGE = 12


@require_GET
@never_cache
@curators_only(MAY_DECIDE)
def offers(request: HtmxHttpRequest) -> HttpResponse:
    """Those that wait, the oldest first."""
    context = _context(PageForm(request.GET).number)
    return render_partial_or_page(request, "curating/_offers.html", "curating/offers.html", context)


def _context(number: int) -> dict[str, object]:
    waiting = Offer.objects.waiting().exclude(photo=None).with_copies().select_related("photo", "owner")
    return {"page": Paginator(waiting, OFFERS_A_PAGE).get_page(number)}


@require_GET
@curators_only(MAY_DECIDE)
def picture(request: HtmxHttpRequest, offer_id: int) -> HttpResponseBase:
    """The working copy of a photo that is offered, as long as it is."""
    photo = waiting_offer(offer_id).photo
    assert photo is not None
    return HttpResponse(read(photo.working), content_type="image/jpeg", headers={"Cache-Control": NOT_KEPT})


@require_POST
@curators_only(MAY_DECIDE)
def decide(request: HtmxHttpRequest) -> HttpResponse:
    """Approve or reject some offers; each by itself, so that one that cannot be read stops no other."""
    form = valid(ReviewForm(request.POST), 400, reverse("curating:offers"))
    given = form.cleaned_data
    chosen = Offer.objects.waiting().filter(pk__in=given["offer"]).select_related("photo")[:OFFERS_A_PAGE]
    user = cast(User, request.user)
    if given["decision"] == "approve":
        told = _approve(chosen, user)
    else:
        n_rejected = sum(offered.reject(given["reason"], user) for offered in chosen)
        told = [(f"Not taken: {n_rejected}.", "success")]
    if wants_partial(request):
        sentence, level = " ".join(sentence for sentence, _ in told), told[-1][1]
        context = {**_context(1), "message": sentence, "level": level, "in_place": True}
        return render(request, "curating/_offers.html", context)
    for sentence, level in told:
        messages.add_message(request, messages.ERROR if level == "error" else messages.SUCCESS, sentence)
    return redirect("curating:offers")


def _approve(chosen: Iterable[Offer], user: User) -> list[tuple[str, str]]:
    """Approve some offers; sentences about it, each with its level."""
    n_new = n_known = 0
    problems = []
    for offered in chosen:
        try:
            with work_slot():
                is_new = offering.approve(offered, user)[1]
            n_new, n_known = n_new + is_new, n_known + (not is_new)
        except offering.NotWaiting:
            problems.append((f"“{offered.title}” does not wait any more.", "error"))
        except (InvalidImage, MissingFile) as problem:
            problems.append((f"“{offered.title}”: {_sentence(problem)}", "error"))
    told = [(f"In the collection now: {n_new}.", "success")] if n_new or not problems else []
    known = [(f"There already as the same file: {n_known}.", "info")] if n_known else []
    return [*told, *known, *problems]


def _sentence(problem: Exception) -> str:
    return str(problem) if isinstance(problem, InvalidImage) else "its file is missing from the storage."
