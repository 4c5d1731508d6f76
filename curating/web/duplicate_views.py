"""Images that may be copies of each other: one pair after the other, side by side, and what a curator does with it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from curating.access import curators_only
from curating.duplicates import deciding
from curating.duplicates.showing import facts_of, sides_of
from curating.models import DuplicatePair, DuplicatePairQuerySet, not_compared
from curating.web.forms import DecisionForm, PairsForm
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import redirect_to, render_partial_or_page

Decision = DecisionForm.Decision
SAID = {
    Decision.FOLD: "The copy is folded into “{title}”.",
    Decision.KEEP: "“{title}” is kept; the copy is deleted.",
    Decision.TAGS: "Both have the tags of both.",
    Decision.DIFFERENT: "They are not the same, and will not be proposed again.",
    Decision.PROPOSE: "They are proposed again.",
}


@require_GET
@never_cache
@curators_only("curating.view_duplicatepair")
def duplicates(request: HtmxHttpRequest) -> HttpResponse:
    """A pair with its neighbours in the list: the one asked for, or the first."""
    return _page(request, PairsForm(request.GET))


@require_POST
@curators_only("curating.change_duplicatepair")
def decide(request: HtmxHttpRequest, pair_id: int) -> HttpResponse:
    """Do what was decided; of what deletes an image, first tell what goes along."""
    pair = get_object_or_404(DuplicatePair.objects.public().with_images(), pk=pair_id)
    shown = PairsForm(request.POST)
    form = valid(DecisionForm(request.POST), 400, shown.address)
    decision, kept_id = form.cleaned_data["decision"], form.cleaned_data["kept"] or pair.first_id
    if decision in DecisionForm.DELETING:
        if not request.user.has_perm("gallery.delete_galleryimage"):
            raise Refusal("You may not delete images of the collection.", 403, shown.address)
        if not form.cleaned_data["confirmed"]:
            return _ask(request, pair, kept_id, decision, shown)
    following = _neighbours(shown.pairs, pair)[1]
    sentence = _done(request, pair, kept_id, decision, shown)
    following = pair if decision == Decision.TAGS else following
    if wants_partial(request):
        return _page(request, shown, following, sentence)
    messages.success(request, sentence)
    return redirect_to(request, shown.address_of(following))


def _done(request: HtmxHttpRequest, pair: DuplicatePair, kept_id: int, decision: str, shown: PairsForm) -> str:
    """Do it, and say so."""
    user: Any = request.user
    kept = pair.second if pair.second_id == kept_id else pair.first
    try:
        if decision == Decision.FOLD:
            kept = deciding.fold(pair, kept_id, user)
        elif decision == Decision.KEEP:
            kept = deciding.keep(pair, kept_id, user)
        elif decision == Decision.TAGS:
            deciding.merge_tags(pair, user)
        else:
            deciding.set_different(pair, user, are_different=decision == Decision.DIFFERENT)
    except deciding.Gone:
        raise Refusal("One of the two is not there any more: somebody was faster.", 409, shown.address) from None
    return SAID[Decision(decision)].format(title=kept.title)


def _ask(request: HtmxHttpRequest, pair: DuplicatePair, kept_id: int, decision: str, shown: PairsForm) -> HttpResponse:
    images = [pair.first, pair.second] if kept_id == pair.first_id else [pair.second, pair.first]
    if images[0].pk != kept_id:
        raise Refusal("Choose which of the two to keep.", 400, shown.address_of(pair))
    context = {
        "pair": pair, "kept": images[0], "copy": images[1], "decision": decision, "shown": shown,
        "back": shown.address_of(pair), "loss": deciding.loss_of(*images), "is_fold": decision == Decision.FOLD,
    }  # fmt: skip
    return render_partial_or_page(request, "curating/_delete_copy.html", "curating/delete_copy.html", context)


def _page(
    request: HtmxHttpRequest, shown: PairsForm, pair: DuplicatePair | None = None, message: str = ""
) -> HttpResponse:
    pairs = shown.pairs
    wanted = pair.pk if pair is not None else shown.given("pair")
    found = pairs.with_images().filter(pk=wanted).first() if wanted else None
    found = found or pairs.with_images().first()
    before, after = _neighbours(pairs, found) if found else (None, None)
    context = {
        "pair": found,
        "sides": sides_of(found) if found else [],
        "facts": facts_of(found) if found else [],
        "place": pairs.before(found).count() + 1 if found else 0,
        "n_pairs": pairs.count(),
        "before": shown.address_of(before) if before else "",
        "after": shown.address_of(after) if after else "",
        "shown": shown,
        "counts": _counts(),
        "n_waiting": not_compared().count(),
        "message": message,
        "level": "success",
    }
    return render_partial_or_page(request, "curating/_duplicates.html", "curating/duplicates.html", context)


def _neighbours(pairs: DuplicatePairQuerySet, pair: DuplicatePair) -> tuple[DuplicatePair | None, DuplicatePair | None]:
    return pairs.before(pair).last(), pairs.after(pair).first()


def _counts() -> list[tuple[str, str, int]]:
    """Where each list of pairs is, its name, and how many are in it."""
    public = DuplicatePair.objects.public().order_by()
    proposed = Q(state=DuplicatePair.State.PROPOSED)
    counts = public.aggregate(
        all=Count("pk", filter=proposed),
        different=Count("pk", filter=~proposed),
        **{kind: Count("pk", filter=proposed & Q(kind=kind)) for kind in DuplicatePair.Kind.values},
    )
    kinds = [(kind, label, counts[kind]) for kind, label in DuplicatePair.Kind.choices]
    return [("", "proposed", counts["all"]), *kinds, ("different", "said to be different", counts["different"])]
