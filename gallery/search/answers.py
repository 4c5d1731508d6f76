"""The answer to a search: the hits of a page, and sentences about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from gallery.descriptors.same_thing import VERIFIED
from gallery.index.kinds import label_of
from gallery.models import (
    Feedback,
    GalleryImage,
    IndexedRegion,
)
from gallery.search import scoring
from gallery.search.candidates import MOST_COUNTED
from gallery.search.checking import Progress
from gallery.search.chips import Chip
from gallery.search.options import Controls, Options
from gallery.search.outlining import outlined
from gallery.search.ranked_images import RankedImages
from selector.people import Person

PAGE = 24
# From this score on a match is very close: it stands out more than twice as much as is asked for.
VERY_CLOSE = 75


@dataclass(frozen=True)
class Hit:
    """A gallery image in the answer, with the regions that matched: one for each part that was searched for.

    Attributes
    ----------
    score : int
        From 0 to 100, as `percent` makes it; so are the scores by space and by part.
    is_weak, opens_weak : bool
        Whether the image does not stand out from the background, and whether it is the first such hit of the answer.
    feedback : str
        "like" or "dislike", where the person has said so.
    copies : list of Hit
        Other images of the same picture, best first.
    node : int or None
        The node of the image's merge tree to outline, where that is known better than by the region.
    points : int
        How many keypoints lie as in the selection; 0 where that was not looked at.
    """

    image: GalleryImage
    region_ids: list[int]
    score: int
    scores_by_space: dict[str, int]
    scores_by_part: list[int]
    is_weak: bool
    opens_weak: bool = False
    feedback: str = ""
    copies: list[Hit] = field(default_factory=list)
    node: int | None = None
    points: int = 0

    @property
    def nearness(self) -> str:
        """The score as a word. What does not stand out is "loosely" like it, whatever its number."""
        return "loosely" if self.is_weak else "very close" if self.score >= VERY_CLOSE else "close"

    @property
    def is_same(self) -> bool:
        """Whether it shows the very thing that was selected."""
        return self.points >= VERIFIED

    @property
    def region_id(self) -> int | None:
        """The region that matched the first part; None where it has been replaced."""
        return self.region_ids[0] if self.region_ids else None

    @property
    def key(self) -> str:
        """The regions as a form sends them: "12" or "12-15"."""
        return "-".join(map(str, self.region_ids))

    @property
    def address(self) -> str:
        """That of the image's details, with the regions shown. It always has a query, to which more can be added."""
        outlined = "" if self.node is None else f"&node={self.node}"
        return f"{self.image.get_absolute_url()}?region={self.key}{outlined}"

    @property
    def highlight_query(self) -> str:
        """The query string of the first region's highlight: what is outlined instead, or the other regions, too."""
        if self.node is not None:
            return f"?node={self.node}"
        return f"?also={'-'.join(map(str, self.region_ids[1:]))}" if len(self.region_ids) > 1 else ""

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why it is a hit: its score by space, and by part."""
        spaces = [(label_of(kind).capitalize(), score) for kind, score in self.scores_by_space.items()]
        parts = [(f"Part {number}", score) for number, score in enumerate(self.scores_by_part, 1)]
        return spaces + (parts if len(parts) > 1 else [])


@dataclass(frozen=True)
class Answer:
    """Hits, best first, up to the end of a page, or the sentence that says why there are none."""

    hits: list[Hit]
    total: int
    page: int
    notices: list[str]
    sentence: str
    options: Options = field(default_factory=Options)
    controls: Controls = field(default_factory=Controls)
    # Key of the stored ranking, where there are more pages.
    kept: int | None = None
    # There are images, but none passes the filters.
    is_filtered_out: bool = False
    # The feedback on all hits, those on other pages included: "2 liked, 1 disliked".
    feedback: str = ""
    # How far the hits have been checked, where the very thing is looked for.
    checking: Progress | None = None
    # Whether to propose that.
    is_thing_proposed: bool = False

    # Another page follows.
    goes_on: bool = False
    # What narrows the answer, and what could.
    chips: list[Chip] = field(default_factory=list)
    # The person has photos, but searches find none of them.
    has_photos_to_add: bool = False

    @property
    def n_same(self) -> int:
        """How many hits, of those that are here, show the very thing."""
        return sum(hit.is_same for hit in self.hits)

    @property
    def opens_weak(self) -> bool:
        """Whether what does not stand out begins among these hits: it is shown when it is asked for."""
        return any(hit.opens_weak for hit in self.hits)

    @property
    def next_page(self) -> int | None:
        """The number of the page that follows; None after the last."""
        return self.page + 1 if self.goes_on else None


# Hits


def hits_of(
    ranking: RankedImages,
    page: int,
    person: Person,
    feedback: Iterable[Feedback] = (),
    *,
    from_page: int | None = None,
    check: bool = False,
) -> list[Hit]:
    """The hits of one page of a ranking, or of all pages from `from_page` to `page`.

    The images are fetched at once. Those that were deleted or hidden since the ranking was made are left out. With
    `check`, so are regions that have been replaced by another indexing.
    """
    first = ((from_page or page) - 1) * PAGE
    rows = np.flatnonzero((ranking.groups >= first) & (ranking.groups < page * PAGE))
    visible = GalleryImage.objects.visible_to(person).select_related("photo")
    images = visible.in_bulk(ranking.image_ids[rows].tolist())
    gone = missing_regions(ranking.region_ids[rows].ravel().tolist()) if check else frozenset()
    given = {row.image_id: "like" if row.liked else "dislike" for row in feedback}
    nodes = outlined(ranking.asked, list(images))
    strong = ranking.n_strong
    places: dict[int, list[Hit]] = {}
    for row in rows.tolist():
        if image := images.get(int(ranking.image_ids[row])):
            place = int(ranking.groups[row])
            hit = _hit(ranking, row, image, gone, is_weak=place >= strong, feedback=given.get(image.pk, ""))
            hit = replace(hit, node=nodes.get(image.pk)) if hit.region_ids else hit
            places.setdefault(place, []).append(hit)
    hits = [replace(lead, copies=copies) for lead, *copies in places.values()]
    # The line is drawn on the page in which the scores fall off. Where nothing stands out there is none to draw: in a
    # small collection even right answers do not.
    return with_weak_line(hits) if strong and first <= strong else hits


def _hit(
    ranking: RankedImages, row: int, image: GalleryImage, gone: frozenset[int], *, is_weak: bool, feedback: str
) -> Hit:
    """The hit of one row of a ranking, without the regions that are gone."""
    return Hit(
        image=image,
        # 0 where no region matched: words were found.
        region_ids=[region for region in ranking.region_ids[row].tolist() if region and region not in gone],
        score=percent(ranking.scores[row]),
        # nan in a space in which the region is not described yet.
        scores_by_space={
            kind: percent(scores[row]) for kind, scores in ranking.scores_by_space.items() if not np.isnan(scores[row])
        },
        scores_by_part=[percent(score) for score in ranking.scores_by_part[row]],
        is_weak=is_weak,
        feedback=feedback,
        points=ranking.points.get(image.pk, 0),
    )


def with_weak_line(hits: list[Hit]) -> list[Hit]:
    """The hits with the first weak one marked, if there is one: the line is drawn above it."""
    weak = next((number for number, hit in enumerate(hits) if hit.is_weak), None)
    if weak is None:
        return hits
    return [*hits[:weak], replace(hits[weak], opens_weak=True), *hits[weak + 1 :]]


def missing_regions(region_ids: list[int]) -> frozenset[int]:
    """Those of the regions that no longer exist."""
    existing = IndexedRegion.objects.filter(pk__in=region_ids).values_list("pk", flat=True)
    return frozenset(region_ids) - frozenset(existing)


def percent(score: float) -> int:
    """A calibrated score from 0 to 100.

    It is 0 for the background, 50 at `scoring.WEAK`, 75 at twice that, and so on: each step halves what is missing.
    """
    return round(100 * (1 - 2 ** -(max(float(score), 0.0) / scoring.WEAK)))


# Sentences


def sentence_about(strong: int, total: int, options: Options | None = None, out_of: int | None = None) -> str:
    """How much was found: "3 close matches, 12 weaker ones."

    Parameters
    ----------
    strong, total : int
        Places of the ranking that stand out, and all it has.
    options : Options, optional
        Their filters are named.
    out_of : int, optional
        How many images can be found, where the ranking holds only the nearest: at most `MOST_COUNTED`, or more.
    """
    filters = f", {options.filters_in_words}" if options and options.has_filters else ""
    close = _number(strong, "close match", "close matches")
    if out_of is not None:
        nearest = f"nearest {total:,} of {_out_of(out_of)} images{filters}"
        return f"{close}; the {nearest}." if strong else f"The {nearest}; none stands out."
    if not strong:
        images = _number(total, "image", "images")
        return f"{images}{filters}, nearest first; none stands out."
    weaker = ", " + _number(total - strong, "weaker one", "weaker ones") if total > strong else ""
    return f"{close}{weaker}{filters}."


def _number(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def _out_of(count: int) -> str:
    return f"more than {MOST_COUNTED:,}" if count > MOST_COUNTED else f"{count:,}"
