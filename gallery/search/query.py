"""From a search to its query: one vector for each part and descriptor space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from gallery.index.cells import selected_cells, selection_clusters
from gallery.index.describers import Describer, Notice, SpaceUnavailable
from gallery.index.features import selection_vector
from gallery.index.kinds import describer_of, missing_of
from gallery.index.segmented_photo import SegmentedPhoto
from gallery.index.spaces import answering
from gallery.models import DescriptorSpace, Feedback, Search
from gallery.search import scoring
from gallery.search.evidence import MOST_SHARE
from gallery.search.feedback import FeedbackVectors, feedback_vectors
from gallery.search.nearest import QueryVector
from gallery.search.options import BALANCED, Controls, Options
from gallery.search.parts import parts_of
from selector.arrays import Floats, Members
from selector.services import label_maps


@dataclass(frozen=True)
class Query:
    """A search as vectors.

    Attributes
    ----------
    vectors : list of list of QueryVector
        For each part of the selection one vector in each space, and one more in each space that understands the words.
        A search that is not taken apart has one part.
    controls : Controls
        What the person can set for this search.
    notices : list of Notice
        One for each space that cannot answer, and one for words that no space understands.
    """

    vectors: list[list[QueryVector]]
    controls: Controls
    notices: list[Notice]


@dataclass(frozen=True)
class SpaceQuery:
    """A search in one space: the vectors of each part, and whether the space understands words."""

    vectors: list[list[QueryVector]]
    knows_words: bool


def build_query(search: Search, options: Options, feedback: Sequence[Feedback] = ()) -> Query:
    """The query of a search in all spaces that can answer."""
    spaces, notices = answering()
    separate = parts_of_search(search)
    parts = separate if options.apart and separate else [search.superpixels.included]
    by_part = feedback_vectors(feedback, spaces, len(parts))
    picture = SegmentedPhoto(search.label_map)
    queries: list[SpaceQuery] = []
    for space in spaces:
        try:
            queries.append(query_in(space, picture, search, parts, options.words, by_part))
        except SpaceUnavailable as problem:
            notices.append(Notice(missing_of(space), str(problem)))
    knows_words = any(query.knows_words for query in queries)
    if options.words and queries and not knows_words:
        notices.append(Notice("No way of searching that is available understands words: they are left out."))
    vectors = [[vector for query in queries for vector in query.vectors[part]] for part in range(len(parts))]
    kinds = {vector.space.kind for vector in vectors[0]}
    return Query(vectors, Controls(len(separate), kinds >= BALANCED, knows_words), notices)


def query_in(
    space: DescriptorSpace,
    picture: SegmentedPhoto,
    search: Search,
    parts: Sequence[Members],
    words: str,
    feedback: FeedbackVectors,
) -> SpaceQuery:
    """The query of a search in one space.

    Raises
    ------
    SpaceUnavailable
        When the space cannot describe the selection.
    """
    describer = describer_of(space)
    selected = part_vectors(space, describer, picture, search, parts)
    knows_words, text = words_vector(describer, words)
    vectors = []
    for part, vector in enumerate(selected):
        liked, disliked = (feedback.get((space.pk, part, is_liked), ()) for is_liked in (True, False))
        moved = asking(space, picture, parts[part], scoring.rocchio(vector, liked=liked, disliked=disliked))
        vectors.append([moved, *([] if text is None else [QueryVector(space, text, is_of_words=True)])])
    return SpaceQuery(vectors, knows_words)


def asking(space: DescriptorSpace, picture: SegmentedPhoto, members: Members, vector: Floats) -> QueryVector:
    """A query vector with what of the selection is compared with cells."""
    describer = describer_of(space)
    alone = selection_vector(space, describer, picture, members, alone=True)
    areas = picture.segmentation.areas
    is_small = areas[members].sum() <= MOST_SHARE * areas.sum()
    return QueryVector(
        space,
        vector,
        alone=alone,
        # Only when they are needed: most first looks do without.
        cells=partial(selected_cells, space, picture, members) if is_small else None,
        clusters=selection_clusters(space, picture, members),
    )


def query_vector(space: DescriptorSpace, picture: SegmentedPhoto, search: Search) -> Floats:
    """The included superpixels as one vector of a space, moved away from the excluded ones: float32 (D,).

    Raises
    ------
    SpaceUnavailable
        When the space cannot describe them.
    """
    vector: Floats = part_vectors(space, describer_of(space), picture, search, [search.superpixels.included])[0]
    return vector


def part_vectors(
    space: DescriptorSpace, describer: Describer, picture: SegmentedPhoto, search: Search, parts: Sequence[Members]
) -> list[Floats]:
    """One vector for each part, float32 (D,), moved away from the excluded superpixels."""
    excluded = search.superpixels.excluded
    away = selection_vector(space, describer, picture, excluded) if excluded.any() else None
    vectors = [selection_vector(space, describer, picture, part) for part in parts]
    return [scoring.rocchio(vector, excluded=away) for vector in vectors]


def words_vector(describer: Describer, words: str) -> tuple[bool, Floats | None]:
    """Whether a space understands words, and the vector of these words in it, float32 (D,); None without words."""
    if not describer.knows_words:
        return False, None
    try:
        return True, describer.words_vector(words) if words else None
    except SpaceUnavailable:
        # Regions that were described before can be compared without the model; words cannot.
        return False, None


def parts_of_search(search: Search) -> list[Members]:
    """The parts of the selection that can be searched for one by one, bool (n,): two to four, or none."""
    areas = label_maps.load(search.label_map).areas
    return parts_of(label_maps.adjacent(search.label_map), areas, search.superpixels.included)
