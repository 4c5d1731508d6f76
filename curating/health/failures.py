"""Images that could not be indexed, by what was wrong: sentences that differ only in details count as one.

Of people's own images only their number is told: what a sentence says of one is its owner's alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Func, QuerySet, TextField, Value

from gallery import jobs
from gallery.models import GalleryImage

MOST_REASONS = 20


class Replaced(Func):
    """A text in which what fits a pattern is replaced, wherever it does."""

    function = "regexp_replace"
    arity = 4
    output_field = TextField()


def grouped(images: QuerySet[GalleryImage]) -> QuerySet[Any]:
    """Images with the `reason` for which they failed: the sentence without what stands in brackets, and numbers."""
    plain = Replaced(F("error"), Value(r"\s*\(.*\)"), Value(""), Value("g"))
    return images.annotate(reason=Replaced(plain, Value(r"\d[\d.,]*\d|\d"), Value("…"), Value("g")))


@dataclass(frozen=True)
class Failures:
    """Why images of the public collection failed, the most frequent reason first, and how many others did."""

    reasons: list[tuple[str, int]]
    n_private: int

    @property
    def n(self) -> int:
        return sum(n for _, n in self.reasons) + self.n_private


def failures() -> Failures:
    """What has failed, by two queries."""
    failed = GalleryImage.objects.failed()
    found = grouped(failed.public()).order_by().values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return Failures(list(found[:MOST_REASONS]), failed.filter(photo__is_public=False).count())


@transaction.atomic
def retry(reason: str | None) -> int:
    """Let images be indexed once more that failed for a reason, or with None people's own; how many those are."""
    failed = GalleryImage.objects.failed()
    private = failed.filter(photo__is_public=False)
    chosen = private if reason is None else grouped(failed.public()).filter(reason=reason)
    keys = list(chosen.values_list("pk", flat=True))
    GalleryImage.objects.filter(pk__in=keys).update(status=GalleryImage.Status.PENDING, error="", failures=0)
    jobs.defer_indexing(keys)
    return len(keys)
