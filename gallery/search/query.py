"""From a search to query vectors, one for each space and part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gallery.index.describers import Describer, SpaceUnavailable
from gallery.index.features import selection_vector
from gallery.index.kinds import describer_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.index.spaces import answering
from gallery.models import (
    DescriptorSpace,
    Feedback,
    RegionVector,
    Search,
)
from gallery.search import scoring
from gallery.search.answers import Offers
from gallery.search.nearest import (
    QueryVector,
    StoredVector,
)
from gallery.search.options import BALANCED, Options
from gallery.search.parts import parts_of
from selector.arrays import Floats, Members
from selector.services import label_maps

# The question


def query_vectors(
    search: Search, options: Options, opinions: Sequence[Feedback] = ()
) -> tuple[list[list[QueryVector]], Offers, list[str]]:
    """What to ask in each space for each part, what else could be asked, and a sentence for each space that is off."""
    spaces, notices = answering()
    picture = SegmentedPhoto(search.label_map)
    pieces = parts_of_search(search)
    parts = pieces if options.apart and pieces else [search.superpixels.included]
    verdicts = feedback_vectors(opinions, spaces, len(parts))
    asked: list[list[QueryVector]] = [[] for _ in parts]
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
            asked[part].append(QueryVector(space, scoring.rocchio(vector, liked=liked, disliked=disliked)))
            if said is not None:
                asked[part].append(QueryVector(space, said))
    if options.words and asked[0] and not words:
        notices.append("No way of searching that is available understands words: they are left out.")
    asked_kinds = {question.space.kind for question in asked[0]}
    return asked, Offers(len(pieces), asked_kinds >= BALANCED, words), notices


def query_vector(space: DescriptorSpace, picture: SegmentedPhoto, search: Search) -> Floats:
    """The included superpixels as one vector of a space, away from the excluded ones."""
    vector: Floats = part_vectors(space, describer_of(space), picture, search, [search.superpixels.included])[0]
    return vector


def part_vectors(
    space: DescriptorSpace, describer: Describer, picture: SegmentedPhoto, search: Search, parts: Sequence[Members]
) -> list[Floats]:
    """One vector for each part, away from what is excluded."""
    excluded = search.superpixels.excluded
    away = selection_vector(space, describer, picture, excluded) if excluded.any() else None
    vectors = [selection_vector(space, describer, picture, part) for part in parts]
    return [scoring.rocchio(vector, excluded=away) for vector in vectors]


def words_in(describer: Describer, words: str) -> tuple[bool, Floats | None]:
    """Whether a space understands words, and what these mean in it."""
    if not describer.knows_words:
        return False, None
    try:
        return True, describer.words_vector(words) if words else None
    except SpaceUnavailable:
        # Regions that were described before can be compared without the model; words cannot.
        return False, None


def parts_of_search(search: Search) -> list[Members]:
    """The parts that the selection consists of: two to four, else none."""
    included = search.superpixels.included
    pairs = label_maps.adjacent(search.label_map)
    return parts_of(pairs, label_maps.load(search.label_map).areas, included)


def feedback_vectors(
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
        for space, image, node, vector in stored.values_list("space", "image", "region__node", StoredVector("vector"))
    }
    found: dict[tuple[int, int, bool], list[Floats]] = {}
    for space in {space for space, _, _ in vectors}:
        for opinion in opinions:
            for part in range(n_parts):
                nodes = [opinion.nodes[part]] if len(opinion.nodes) == n_parts else opinion.nodes
                known = [vectors[key] for node in nodes if (key := (space, opinion.image_id, node)) in vectors]
                found.setdefault((space, part, opinion.liked), []).extend(known)
    return found
