"""From a selection to the images that contain something like it, and where in them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet

from gallery import ranking
from gallery.models import (
    DescriptorSpace,
    Feedback,
    GalleryImage,
    GalleryImageQuerySet,
    IndexedRegion,
    KeptRanking,
    RegionVector,
    Search,
)
from gallery.options import Options
from gallery.perceptual_hash import folded
from gallery.pieces import parts_of
from gallery.spaces import (
    Describer,
    Floats,
    Members,
    Picture,
    SpaceUnavailable,
    answering,
    describer_of,
    selection_vector,
)
from gallery.vectors import NEAREST, Among, AnyOf, Integers, Near, Question, Stored, calibrated, nearest
from selector import label_maps
from selector.people import Person

PAGE = 24
# Where several parts are asked for, the images of each part's best regions are looked at in whole.
MOST_CANDIDATES = 300


@dataclass(frozen=True)
class Hit:
    """A gallery image in the answer, with the region that matched; with one a part, where parts were asked for."""

    image: GalleryImage
    regions: list[int]
    score: int
    parts: dict[str, int]
    part_scores: list[int]
    is_weak: bool
    opens_weak: bool = False
    verdict: str = ""
    copies: list[Hit] = field(default_factory=list)

    @property
    def region(self) -> int | None:
        return self.regions[0] if self.regions else None

    @property
    def key(self) -> str:
        """The regions as forms name them."""
        return "-".join(map(str, self.regions))

    @property
    def query(self) -> str:
        """What an address of the image has to end in to show the regions."""
        return f"?region={self.key}" if self.regions else ""

    @property
    def also(self) -> str:
        """What the address of the first region's highlight has to end in to show them all."""
        return f"?also={'-'.join(map(str, self.regions[1:]))}" if len(self.regions) > 1 else ""

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why it is a hit: its score by space, and by part."""
        spaces = [(DescriptorSpace.Kind(kind).label.capitalize(), part) for kind, part in self.parts.items()]
        parts = [(f"Part {number}", score) for number, score in enumerate(self.part_scores, 1)]
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


@dataclass(frozen=True)
class Ranking:
    """Images, best first, each with its best region for each part that was asked for.

    Attributes
    ----------
    images : int64 (k,)
    regions : int64 (k, p), one for each of p parts
    scores : float32 (k,), over all parts and spaces
    parts : mapping of space to float32 (k,), the mean over the parts; nan where a region is not described there
    part_scores : float32 (k, p), over all spaces
    groups : int64 (k,), the place in the answer: copies of one picture share one, and follow each other
    """

    images: Integers
    regions: Integers
    scores: Floats
    parts: dict[str, Floats]
    part_scores: Floats
    groups: Integers

    @property
    def total(self) -> int:
        return int(self.groups[-1]) + 1 if len(self.groups) else 0

    @property
    def n_strong(self) -> int:
        """How many places, from the first on, stand out from the background."""
        leads = np.flatnonzero(np.diff(self.groups, prepend=-1))
        return ranking.weak_line(self.scores[leads])

    def pack(self) -> bytes:
        out = io.BytesIO()
        arrays = {name: getattr(self, name) for name in ("images", "regions", "scores", "part_scores", "groups")}
        np.savez(out, **arrays, **{f"space {kind}": part for kind, part in self.parts.items()})  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> Ranking:
        with np.load(io.BytesIO(data)) as arrays:
            kept = dict(arrays)
        parts = {name.removeprefix("space "): kept.pop(name) for name in list(kept) if name.startswith("space ")}
        return cls(parts=parts, **kept)


NOTHING = Ranking(
    np.zeros(0, np.int64),
    np.zeros((0, 1), np.int64),
    np.zeros(0, np.float32),
    {},
    np.zeros((0, 1), np.float32),
    np.zeros(0, np.int64),
)


def ask(search: Search, person: Person, page: int = 1, *, from_page: int | None = None) -> Answer:
    """Answer a search from the images that the person may see, the photo itself and its copies left out.

    The hits are those of one page, or of all from `from_page` on.
    """
    options = Options.from_json(search.options)
    others = GalleryImage.objects.visible_to(person).exclude(
        photo__original_sha256=search.label_map.photo.original_sha256
    )
    images = options.narrow(others, person)
    opinions = list(search.feedback.all())
    questions, offers, notices = questions_of(search, options, opinions)
    found = with_copies_folded(rank_together(questions, images, options.weights))
    kept = keep(search, found) if found.total > PAGE else None
    if found.total:
        sentence = sentence_about(found.n_strong, found.total, options)
    else:
        sentence = why_nothing(person, others, images, options)
    return Answer(
        hits=hits_of(found, page, person, opinions, from_page=from_page),
        total=found.total,
        page=page,
        notices=notices,
        sentence=sentence,
        options=options,
        offers=offers,
        kept=kept,
        is_filtered_out=not found.total and options.is_narrow and others.exists() and not images.exists(),
        judged=judged_in_words(opinions),
    )


def ask_on(search: Search, person: Person, page: int, kept: int | None) -> Answer:
    """The next page of an answer whose order was kept: no repeats and no gaps, whatever has changed meanwhile.

    Where it is no longer kept, the question is answered anew.
    """
    row = search.rankings.filter(pk=kept).first() if kept else None
    if row is None:
        return ask(search, person, page)
    found = Ranking.unpack(bytes(row.data))
    opinions = list(search.feedback.all())
    hits = hits_of(found, page, person, opinions, check=True)
    options, judged = Options.from_json(search.options), judged_in_words(opinions)
    return Answer(hits, found.total, page, [], "", options, kept=row.pk, judged=judged)


# The question


def questions_of(
    search: Search, options: Options, opinions: Sequence[Feedback] = ()
) -> tuple[list[list[Question]], Offers, list[str]]:
    """What to ask in each space for each part, what else could be asked, and a sentence for each space that is off."""
    spaces, notices = answering()
    picture = Picture(search.label_map)
    pieces = pieces_of(search)
    parts = pieces if options.apart and pieces else [search.regions.included]
    verdicts = vectors_of(opinions, spaces, len(parts))
    asked: list[list[Question]] = [[] for _ in parts]
    words = False
    for space in spaces:
        try:
            describer = describer_of(space)
            vectors = part_vectors(space, describer, picture, search, parts)
        except SpaceUnavailable as problem:
            notices.append(str(problem))
            continue
        understands, said = words_in(describer, options.words)
        words = words or understands
        for part, vector in enumerate(vectors):
            liked, disliked = (verdicts.get((space.pk, part, verdict), ()) for verdict in (True, False))
            asked[part].append(Question(space, ranking.shift_query(vector, liked=liked, disliked=disliked)))
            if said is not None:
                asked[part].append(Question(space, said))
    if options.words and asked[0] and not words:
        notices.append("No way of searching that is available understands words: they are left out.")
    kinds = {question.space.kind for question in asked[0]}
    return asked, Offers(len(pieces), len(kinds) > 1, words), notices


def query_vector(space: DescriptorSpace, picture: Picture, search: Search) -> Floats:
    """The included superpixels as one vector of a space, away from the excluded ones."""
    vector: Floats = part_vectors(space, describer_of(space), picture, search, [search.regions.included])[0]
    return vector


def part_vectors(
    space: DescriptorSpace, describer: Describer, picture: Picture, search: Search, parts: Sequence[Members]
) -> list[Floats]:
    """One vector for each part, away from what is excluded."""
    excluded = search.regions.excluded
    away = selection_vector(space, describer, picture, excluded) if excluded.any() else None
    vectors = [selection_vector(space, describer, picture, part) for part in parts]
    return [ranking.shift_query(vector, excluded=away) for vector in vectors]


def words_in(describer: Describer, words: str) -> tuple[bool, Floats | None]:
    """Whether a space understands words, and what these mean in it."""
    if not describer.knows_words:
        return False, None
    try:
        return True, describer.words_vector(words) if words else None
    except SpaceUnavailable:
        # Regions that were described before can be compared without the model; words cannot.
        return False, None


def pieces_of(search: Search) -> list[Members]:
    """The parts that the selection consists of: two to four, else none."""
    included = search.regions.included
    pairs = label_maps.adjacent(search.label_map)
    return parts_of(pairs, label_maps.load(search.label_map).areas, included)


def vectors_of(
    opinions: Sequence[Feedback], spaces: Iterable[DescriptorSpace], n_parts: int
) -> dict[tuple[int, int, bool], list[Floats]]:
    """The stored vectors of the regions that are liked or disliked: space, part, liked -> float32 (D,) each.

    Where the search was taken apart otherwise when somebody said so, what they said counts for every part.
    """
    if not opinions:
        return {}
    rows = RegionVector.objects.filter(space__in=spaces, image__in=[opinion.image_id for opinion in opinions])
    stored = rows.filter(region__node__in={node for opinion in opinions for node in opinion.nodes})
    vectors: dict[tuple[int, int, int], Floats] = {
        (space, image, node): vector
        for space, image, node, vector in stored.values_list("space", "image", "region__node", Stored("vector"))
    }
    found: dict[tuple[int, int, bool], list[Floats]] = {}
    for space in {space for space, _, _ in vectors}:
        for opinion in opinions:
            for part in range(n_parts):
                nodes = [opinion.nodes[part]] if len(opinion.nodes) == n_parts else opinion.nodes
                known = [vectors[key] for node in nodes if (key := (space, opinion.image_id, node)) in vectors]
                found.setdefault((space, part, opinion.liked), []).extend(known)
    return found


# The order


def rank(
    questions: Iterable[Question],
    images: QuerySet[GalleryImage],
    weights: Mapping[str, float] = ranking.WEIGHTS,
    limit: int = NEAREST,
) -> Ranking:
    """Rank images by their best region, over all spaces together; `limit` regions are looked at in each space."""
    return rank_together([list(questions)], images, weights, limit)


def rank_together(
    parts: Sequence[Sequence[Question]],
    images: QuerySet[GalleryImage],
    weights: Mapping[str, float] = ranking.WEIGHTS,
    limit: int = NEAREST,
) -> Ranking:
    """Rank images by how well each has all parts, each part by its best region, over all spaces together."""
    among = Among(images)
    near = [[nearest(question, among, limit) for question in questions] for questions in parts]
    all_near = [one for part in near for one in part]
    if not any(len(one.regions) for one in all_near):
        return NOTHING
    if len(parts) > 1 and among.few is None:
        found, of_images = regions_of_candidates(all_near)
    else:
        # In the order of their keys, so that equal scores come in the same order every time.
        found, first = np.unique(np.concatenate([one.regions for one in all_near]), return_index=True)
        of_images = np.concatenate([one.images for one in all_near])[first]
    return joined(
        [rank_part(questions, known, found, of_images, weights) for questions, known in zip(parts, near, strict=True)]
    )


def rank_part(
    questions: Sequence[Question],
    near: Sequence[Near],
    found: Integers,
    of_images: Integers,
    weights: Mapping[str, float],
) -> Ranking:
    """Rank the images of the regions found by what one part asks; several questions in one space weigh alike."""
    scores: dict[str, list[Floats]] = {}
    for question, known in zip(questions, near, strict=True):
        scores.setdefault(question.space.kind, []).append(calibrated(question, found, known))
    by_space = {kind: ranking.together(several) for kind, several in scores.items()}
    # A weight moved to one end must not leave nothing where that space alone is there.
    fused = ranking.fuse(by_space, weights if any(weights.get(kind) for kind in by_space) else ranking.WEIGHTS)
    images, rows = ranking.best_regions(of_images, fused)
    return Ranking(
        images=images.astype(np.int64),
        regions=found[rows][:, None],
        scores=fused[rows],
        parts={kind: part[rows] for kind, part in by_space.items()},
        part_scores=fused[rows][:, None],
        groups=np.arange(len(images)),
    )


def regions_of_candidates(near: Iterable[Near]) -> tuple[Integers, Integers]:
    """All regions of the images nearest to any part: an image that has one part well may have the others poorly.

    The regions, sorted, and the image of each: int64 (k,).
    """
    candidates: set[int] = set()
    for one in near:
        candidates |= set(list(dict.fromkeys(one.images.tolist()))[:MOST_CANDIDATES])
    rows = IndexedRegion.objects.filter(AnyOf("image", candidates)).order_by("pk").values_list("pk", "image")
    regions, images = np.array(list(rows), np.int64).reshape(-1, 2).T
    return regions, images


def joined(ranked: Sequence[Ranking]) -> Ranking:
    """Put the rankings of the same images by several parts into one."""
    if len(ranked) == 1:
        return ranked[0]
    aligned = [by_rows(one, np.argsort(one.images)) for one in ranked]
    together = Ranking(
        images=aligned[0].images,
        regions=np.hstack([one.regions for one in aligned]),
        scores=ranking.together([one.scores for one in aligned]),
        parts={kind: ranking.together([one.parts[kind] for one in aligned]) for kind in aligned[0].parts},
        part_scores=np.hstack([one.part_scores for one in aligned]),
        groups=aligned[0].groups,
    )
    best_first = by_rows(together, np.argsort(-together.scores, kind="stable"))
    return replace(best_first, groups=np.arange(len(best_first.images)))


def by_rows(found: Ranking, rows: npt.NDArray[np.intp]) -> Ranking:
    """A ranking's rows in another order."""
    return Ranking(
        images=found.images[rows],
        regions=found.regions[rows],
        scores=found.scores[rows],
        parts={kind: part[rows] for kind, part in found.parts.items()},
        part_scores=found.part_scores[rows],
        groups=found.groups[rows],
    )


def with_copies_folded(found: Ranking) -> Ranking:
    """Let copies of one picture share a place: that of the best of them."""
    images = found.images.tolist()
    hashes = dict(GalleryImage.objects.filter(AnyOf("pk", images)).values_list("pk", "perceptual_hash"))
    leads = folded(np.array([hashes.get(image) for image in images], object))
    _, groups = np.unique(leads, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    return replace(by_rows(found, order), groups=groups[order])


def keep(search: Search, found: Ranking) -> int:
    """Keep an order for the pages that follow, and clear away those that nobody will ask for any more."""
    KeptRanking.objects.outdated().delete()
    return int(KeptRanking.objects.create(search=search, data=found.pack()).pk)


# The hits


def hits_of(
    found: Ranking,
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
    images = seen.in_bulk(found.images[rows].tolist())
    gone = replaced(found.regions[rows]) if check else frozenset()
    verdicts = {opinion.image_id: "like" if opinion.liked else "dislike" for opinion in opinions}
    places: dict[int, list[Hit]] = {}
    for row in rows.tolist():
        image = images.get(int(found.images[row]))
        if image is None:
            continue
        place = int(found.groups[row])
        hit = Hit(
            image=image,
            regions=[region for region in found.regions[row].tolist() if region not in gone],
            score=percent(found.scores[row]),
            # Not in a space in which the region is not described yet.
            parts={kind: percent(part[row]) for kind, part in found.parts.items() if not np.isnan(part[row])},
            part_scores=[percent(score) for score in found.part_scores[row]],
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


def judged_in_words(opinions: Sequence[Feedback]) -> str:
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
    return round(100 * (1 - 2 ** -(max(float(score), 0.0) / ranking.WEAK)))


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
