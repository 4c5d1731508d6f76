"""The answer to a search: hits of a page, and what is said about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gallery.index.kinds import label_of
from gallery.models import (
    Feedback,
    GalleryImage,
    GalleryImageQuerySet,
    IndexedRegion,
)
from gallery.search import scoring
from gallery.search.nearest import (
    Integers,
)
from gallery.search.options import Options
from gallery.search.ranked_images import RankedImages
from selector.people import Person

PAGE = 24


@dataclass(frozen=True)
class Hit:
    """A gallery image in the answer, with the region that matched; with one a part, where parts were asked for."""

    image: GalleryImage
    region_ids: list[int]
    score: int
    scores_by_space: dict[str, int]
    scores_by_part: list[int]
    is_weak: bool
    opens_weak: bool = False
    verdict: str = ""
    copies: list[Hit] = field(default_factory=list)

    @property
    def region_id(self) -> int | None:
        return self.region_ids[0] if self.region_ids else None

    @property
    def key(self) -> str:
        """The regions as forms name them."""
        return "-".join(map(str, self.region_ids))

    @property
    def query(self) -> str:
        """What an address of the image has to end in to show the regions."""
        return f"?region={self.key}" if self.region_ids else ""

    @property
    def also(self) -> str:
        """What the address of the first region's highlight has to end in to show them all."""
        return f"?also={'-'.join(map(str, self.region_ids[1:]))}" if len(self.region_ids) > 1 else ""

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why it is a hit: its score by space, and by part."""
        spaces = [(label_of(kind).capitalize(), score) for kind, score in self.scores_by_space.items()]
        parts = [(f"Part {number}", score) for number, score in enumerate(self.scores_by_part, 1)]
        return spaces + (parts if len(parts) > 1 else [])


@dataclass(frozen=True)
class Offers:
    """What else this search could be asked, for the drawer's controls."""

    n_parts: int = 0
    balance: bool = False
    words: bool = False


@dataclass(frozen=True)
class Answer:
    """Hits, best first, up to the end of a page, or the sentence that says why there are none."""

    hits: list[Hit]
    total: int
    page: int
    notices: list[str]
    sentence: str
    options: Options = field(default_factory=Options)
    offers: Offers = field(default_factory=Offers)
    # The row that keeps the order for the pages that follow, where there are any.
    kept: int | None = None
    # There are images, but none passes the filters.
    is_filtered_out: bool = False
    # What the person has said about hits, those on other pages included: "2 liked, 1 disliked".
    judged: str = ""

    @property
    def next_page(self) -> int | None:
        return self.page + 1 if self.page * PAGE < self.total else None


# The hits


def hits_of(
    found: RankedImages,
    page: int,
    person: Person,
    opinions: Iterable[Feedback] = (),
    *,
    from_page: int | None = None,
    check: bool = False,
) -> list[Hit]:
    """One page of a ranking, or all from `from_page` on, with the images fetched at once; those deleted or hidden
    meanwhile are left out.

    With `check`, regions that have been indexed anew meanwhile are left out, too.
    """
    strong = found.n_strong
    first = ((from_page or page) - 1) * PAGE
    rows = np.flatnonzero((found.groups >= first) & (found.groups < page * PAGE))
    seen = GalleryImage.objects.visible_to(person).select_related("photo")
    images = seen.in_bulk(found.image_ids[rows].tolist())
    gone = replaced(found.region_ids[rows]) if check else frozenset()
    verdicts = {opinion.image_id: "like" if opinion.liked else "dislike" for opinion in opinions}
    places: dict[int, list[Hit]] = {}
    for row in rows.tolist():
        image = images.get(int(found.image_ids[row]))
        if image is None:
            continue
        place = int(found.groups[row])
        hit = Hit(
            image=image,
            region_ids=[region for region in found.region_ids[row].tolist() if region not in gone],
            score=percent(found.scores[row]),
            # Not in a space in which the region is not described yet.
            scores_by_space={
                kind: percent(part[row]) for kind, part in found.scores_by_space.items() if not np.isnan(part[row])
            },
            scores_by_part=[percent(score) for score in found.scores_by_part[row]],
            is_weak=place >= strong,
            verdict=verdicts.get(image.pk, ""),
        )
        places.setdefault(place, []).append(hit)
    hits = [replace(lead, copies=copies) for lead, *copies in places.values()]
    # Above the first weak hit that is there, on the page in which the scores fall off (if all weak ones of that page
    # are gone, there is none). Where nothing stands out there is no line to draw: in a small collection even right
    # answers do not.
    weak = next((number for number, hit in enumerate(hits) if hit.is_weak), None)
    if weak is not None and strong > 0 and first <= strong:
        hits[weak] = replace(hits[weak], opens_weak=True)
    return hits


def feedback_in_words(opinions: Sequence[Feedback]) -> str:
    """How many hits were judged, and how: "2 liked, 1 disliked"; nothing where none was."""
    liked = sum(opinion.liked for opinion in opinions)
    counts = {"liked": liked, "disliked": len(opinions) - liked}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


def replaced(regions: Integers) -> frozenset[int]:
    """Which regions are no longer there."""
    wanted = regions.ravel().tolist()
    return frozenset(wanted) - frozenset(IndexedRegion.objects.filter(pk__in=wanted).values_list("pk", flat=True))


def percent(score: float) -> int:
    """A calibrated score from 0 to 100: 50 where it stands out, and half of what is missing for each step more."""
    return round(100 * (1 - 2 ** -(max(float(score), 0.0) / scoring.WEAK)))


def sentence_about(strong: int, total: int, options: Options | None = None) -> str:
    """How much was found: "3 close matches, 12 weaker ones." """
    among = f", {options.filters_in_words}" if options and options.is_narrow else ""
    if not strong:
        return f"{'1 image' if total == 1 else f'{total} images'}{among}, nearest first; none stands out."
    close = "1 close match" if strong == 1 else f"{strong} close matches"
    weaker = {0: "", 1: ", 1 weaker one"}.get(total - strong, f", {total - strong} weaker ones")
    return f"{close}{weaker}{among}."


def why_nothing(person: Person, others: GalleryImageQuerySet, images: GalleryImageQuerySet, options: Options) -> str:
    """Why a search found nothing, as one sentence."""
    if not GalleryImage.objects.visible_to(person).exists():
        return "The gallery is empty: there is nothing to search in yet."
    if not others.exists():
        return "This photo is the only one in the gallery: there is nothing to compare it with yet."
    if not images.exists():
        return f"No image passes the filters: {options.filters_in_words}."
    if not IndexedRegion.objects.filter(image__in=images).exists():
        return "The images of the gallery are still being indexed: search again in a minute."
    return "Nothing can be compared: no way of searching is available at the moment."
