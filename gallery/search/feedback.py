"""Relevance feedback: hits that were liked or disliked, as vectors for Rocchio's method and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gallery.models import DescriptorSpace, Feedback, RegionVector
from gallery.search.expressions import StoredVector
from selector.arrays import Floats

# By space, number of the part, and whether they are liked.
FeedbackVectors = dict[tuple[int, int, bool], list[Floats]]


def feedback_vectors(feedback: Sequence[Feedback], spaces: Iterable[DescriptorSpace], n_parts: int) -> FeedbackVectors:
    """The stored vectors of the regions that are liked or disliked, float32 (D,) each.

    Feedback names one region for each part that was searched for. Where there are another number of parts now, all its
    regions count for every part.
    """
    if not feedback:
        return {}
    rows = RegionVector.objects.filter(space__in=spaces, image__in=[given.image_id for given in feedback])
    rows = rows.filter(region__node__in={node for given in feedback for node in given.nodes})
    stored: dict[tuple[int, int, int], Floats] = {
        (space, image, node): vector
        for space, image, node, vector in rows.values_list("space", "image", "region__node", StoredVector("vector"))
    }
    vectors: FeedbackVectors = {}
    for space in {space for space, _, _ in stored}:
        for given in feedback:
            for part in range(n_parts):
                nodes = [given.nodes[part]] if len(given.nodes) == n_parts else given.nodes
                known = [stored[key] for node in nodes if (key := (space, given.image_id, node)) in stored]
                vectors.setdefault((space, part, given.liked), []).extend(known)
    return vectors


def feedback_in_words(feedback: Sequence[Feedback]) -> str:
    """How many hits are liked and disliked: "2 liked, 1 disliked"; empty without feedback."""
    liked = sum(given.liked for given in feedback)
    counts = {"liked": liked, "disliked": len(feedback) - liked}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
