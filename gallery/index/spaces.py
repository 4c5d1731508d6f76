"""Which descriptor spaces there are, and which one answers."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection

from gallery.descriptors import appearance
from gallery.descriptors.open_clip.tower import Tower
from gallery.index.describers import Kind, Meaning, appearance_model
from gallery.index.model_loading import SpaceUnavailable, _failures, load_tower, why_meaning_is_off
from gallery.models import DescriptorSpace, GalleryImage

logger = logging.getLogger(__name__)


def ensure_spaces() -> tuple[list[DescriptorSpace], list[str]]:
    """The spaces that images are to be described in by today's settings, and why one is missing.

    For processes that index: it loads the model, and makes the space's row when the model is new. Until all images are
    described in that, the old space answers, and what is added meanwhile is described in both.
    """
    spaces = [_row(kind=Kind.APPEARANCE, model=appearance_model(), dimensions=appearance.DIMENSIONS)]
    if reason := why_meaning_is_off():
        return spaces, [reason]
    try:
        tower = load_tower(settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
    except SpaceUnavailable as problem:
        return spaces, [str(problem)]
    new = _row_of(tower)
    return [*spaces, new, *_still_answering(new)], []


def _still_answering(new: DescriptorSpace) -> list[DescriptorSpace]:
    """The space that answers in place of a new one, where its model is still to be had."""
    old = [space for space in answering()[0] if space.kind == Kind.MEANING and space != new]
    try:
        for space in old:
            Meaning(space).tower  # noqa: B018
    except SpaceUnavailable:
        return []
    return old


def _row_of(tower: Tower) -> DescriptorSpace:
    return _row(
        kind=Kind.MEANING,
        model=tower.model,
        method=tower.method,
        weights=tower.weights_hash,
        dimensions=tower.dimensions,
        pretrained=tower.pretrained,
        knows_words=tower.knows_words,
    )


def _row(*, dimensions: int, pretrained: str = "", knows_words: bool = False, **key: str) -> DescriptorSpace:
    known = {"pretrained": pretrained, "knows_words": knows_words}
    space, _ = DescriptorSpace.objects.get_or_create(**key, defaults={"dimensions": dimensions, **known})
    if (space.pretrained, space.knows_words) != (pretrained, knows_words):
        # The same weights, now at another place; or a row that is older than searching for words.
        space.pretrained, space.knows_words = pretrained, knows_words
        space.save(update_fields=list(known))
    return space


def mark_ready() -> None:
    """Let the spaces answer in which no image is left to be described, and no longer those that fell behind.

    A space that answers goes on, whatever it lacks: it is better than one that lacks more.
    """
    in_use = answering()[0]
    for space in DescriptorSpace.objects.all():
        if space.is_ready and space in in_use:
            continue
        is_ready = not GalleryImage.objects.lacking(space.pk).exists()
        if space.is_ready != is_ready:
            space.is_ready = is_ready
            space.save(update_fields=["is_ready"])


def answering() -> tuple[list[DescriptorSpace], list[str]]:
    """The spaces that searches are answered from, one a kind, and a sentence for each kind there is none of.

    A new model's space stands beside the old one, which answers until all images are described in the new. Where there
    is no old one, the new one answers from the first image on.
    """
    rows = list(DescriptorSpace.objects.order_by("-created", "-pk"))
    looks = [row for row in rows if row.kind == Kind.APPEARANCE and row.model == appearance_model()][:1]
    if reason := why_meaning_is_off():
        # Whoever runs the site may choose so; those who search would only wonder.
        return looks, [reason] if settings.MEANING_ENABLED else []
    means = [row for row in rows if row.kind == Kind.MEANING]
    means.sort(key=lambda row: (row.is_ready, is_configured(row)), reverse=True)
    best = next((row for row in means if row.is_ready or row.vectors.exists()), None)
    return (looks, [_why_no_meaning()]) if best is None else ([*looks, best], [])


def _why_no_meaning() -> str:
    """Why no image is described by meaning: what was said when this process last tried to load the model."""
    failed = (sentence for (model, weights, _), (_, sentence) in _failures.items() if _is_set(model, weights))
    return next(failed, "No image is indexed by meaning yet: search again in a few minutes.")


def preload() -> None:
    """Load what searches are answered with, while nobody waits for it, in a thread of its own.

    What is missing is said to those who search.
    """
    try:
        means = [space for space in answering()[0] if space.kind == Kind.MEANING]
        for space in means:
            load_tower(space.model, space.pretrained)
        if not means and not why_meaning_is_off():
            load_tower(settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
    except SpaceUnavailable as problem:
        logger.info("%s", problem)
    finally:
        connection.close()


def is_configured(space: DescriptorSpace) -> bool:
    """Whether it is the space that the settings name."""
    if space.kind == Kind.APPEARANCE:
        return space.model == appearance_model()
    return not why_meaning_is_off() and _is_set(space.model, space.pretrained)


def _is_set(model: str, weights: str) -> bool:
    return (model, weights) == (settings.MEANING_MODEL, settings.MEANING_WEIGHTS)
