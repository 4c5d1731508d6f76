"""A search by words alone: over what is said of images, and over what they show where a model knows words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from django.contrib.postgres.search import SearchRank
from django.db.models import QuerySet

from gallery.index.kinds import describer_of
from gallery.index.spaces import answering
from gallery.models import GalleryImage, GalleryImageQuerySet
from gallery.models.collection import beginning_with, tags_with, words_of
from gallery.search import answers
from gallery.search.answers import Hit, hits_of
from gallery.search.candidates import Candidates
from gallery.search.chips import Chip, chips_of, query_of
from gallery.search.nearest import Integers, QueryVector
from gallery.search.nothing import NothingFound
from gallery.search.options import Options
from gallery.search.query import words_vector
from gallery.search.ranked_images import RankedImages, fold_copies
from gallery.search.ranking import rank_by_parts
from gallery.search.scoring import reciprocal_ranks
from selector.arrays import Floats
from selector.people import Person

# What a tag with a word counts: as much as a title with it, by PostgreSQL's own weights.
TAG_RANK = 0.6
# Images that say the words, or the latest ones: nobody looks further, and folding copies takes the square of this.
MOST_SAID = 1000
# Of images that show what the words say, so many are looked for.
MOST_SHOWN = 200
ONLY_SAID = "Only titles, descriptions, tags and creators were looked through: no model here knows what pictures show."


@dataclass(frozen=True)
class Found:
    """What words have found: the hits of a page, and all that is said about them.

    Attributes
    ----------
    total : int
        How many places there are on all pages.
    """

    hits: list[Hit]
    total: int
    page: int
    sentence: str
    options: Options
    chips: list[Chip]
    notices: list[str]
    is_filtered_out: bool = False

    @property
    def without_filters(self) -> str:
        """The query of the address of the same search without filters."""
        return query_of(self.options.without_filters())

    @property
    def next_page(self) -> int | None:
        """The number of the page that follows; None after the last."""
        return self.page + 1 if self.page * answers.PAGE < self.total else None


def find(options: Options, person: Person, page: int = 1) -> Found:
    """Find images by the words and filters of options, among those that the person may see.

    They say the words, or show what they say; those that do both come first. Without words they are all that pass the
    filters, the latest first.
    """
    visible = GalleryImage.objects.visible_to(person)
    passing = options.filtered(visible, person)
    if options.words:
        said = saying(passing, options.words)
        shown, knows_words = showing(passing, options.words)
    else:
        said, shown, knows_words = latest(passing), RankedImages.nothing(), True
    there = len(said) if len(said) < MOST_SAID else passing.saying(options.words).count()
    ranking = fold_copies(both(said, shown))
    is_filtered_out = not ranking.total and options.has_filters and not _is_nothing(visible, options.words)
    return Found(
        hits=hits_of(ranking, page, person),
        total=ranking.total,
        page=page,
        sentence=sentence_about(options, len(said), there, len(ranking.image_ids), visible),
        options=options,
        chips=chips_of(options, ranking.image_ids.tolist(), person),
        notices=[] if knows_words or ranking.total else [ONLY_SAID],
        is_filtered_out=is_filtered_out,
    )


def latest(images: QuerySet[GalleryImage]) -> list[int]:
    """Keys of images, the latest first."""
    return list(images.order_by("-created", "-pk").values_list("pk", flat=True)[:MOST_SAID])


def saying(images: GalleryImageQuerySet, text: str) -> list[int]:
    """Keys of images that say all words of a text, best first: in the title or a tag before the description."""
    words = words_of(text)
    if not words:
        return []
    any_word = beginning_with(words[0])
    for word in words[1:]:
        any_word = any_word | beginning_with(word)
    rows = images.saying(text).order_by().annotate(rank=SearchRank("told", any_word)).order_by("-rank", "-pk")
    ranks = dict(rows.values_list("pk", "rank")[:MOST_SAID])
    for key, n_tags in tagged_with(words, list(ranks)).items():
        ranks[key] += TAG_RANK * n_tags
    return sorted(ranks, key=lambda key: (-ranks[key], -key))


def tagged_with(words: list[str], keys: list[int]) -> Counter[int]:
    """How many of the words are in a tag of each of some images."""
    counts: Counter[int] = Counter()
    for word in words:
        if tags := tags_with(word):
            rows = GalleryImage.tags.through.objects.filter(tag__in=tags, object_id__in=keys)
            counts.update(set(rows.values_list("object_id", flat=True)))
    return counts


def showing(images: GalleryImageQuerySet, text: str) -> tuple[RankedImages, bool]:
    """The images that show what a text says, of those that stand out; and whether any model knows words at all."""
    queries = []
    for space in answering()[0]:
        _, vector = words_vector(describer_of(space), text)
        if vector is not None:
            queries.append(QueryVector(space, vector, is_of_words=True))
    if not queries:
        return RankedImages.nothing(), False
    ranking = rank_by_parts([queries], Candidates(images), enough=MOST_SHOWN)
    return ranking.take(np.arange(min(ranking.n_strong, MOST_SHOWN))), True


def both(said: list[int], shown: RankedImages) -> RankedImages:
    """One ranking of images that say words and of images that show what they say."""
    order = reciprocal_ranks([np.array(said, np.int64), shown.image_ids])
    rows = _rows_of(order, shown.image_ids)
    is_shown, known = rows >= 0, rows[rows >= 0]

    def scores_of(values: Floats, otherwise: float) -> Floats:
        filled = np.full(len(order), otherwise, np.float32)
        filled[is_shown] = values[known]
        return filled

    # What is only said has no score, and no region: it is no less of an answer for that.
    regions = np.zeros((len(order), 1), np.int64)
    regions[is_shown] = shown.region_ids[known, :1]
    scores = scores_of(shown.scores, np.inf)
    return RankedImages(
        image_ids=order,
        region_ids=regions,
        scores=scores,
        scores_by_part=scores[:, None],
        groups=np.arange(len(order)),
        scores_by_space={name: scores_of(values, np.nan) for name, values in shown.scores_by_space.items()},
    )


def _rows_of(keys: Integers, among: Integers) -> Integers:
    """The row of each key among others; -1 where it is not there."""
    places = {key: row for row, key in enumerate(among.tolist())}
    return np.array([places.get(key, -1) for key in keys.tolist()], np.int64)


def _is_nothing(images: GalleryImageQuerySet, text: str) -> bool:
    return not (images.saying(text) if words_of(text) else images).exists()


def sentence_about(options: Options, said: int, there: int, total: int, visible: GalleryImageQuerySet) -> str:
    """How much was found, or why nothing: "12 images say “cat”, 3 more look like it."

    Parameters
    ----------
    options : Options
    said, there : int
        How many images were found that say the words, or pass the filters where there are no words; and how many do.
    total : int
        How many were found in all.
    visible : GalleryImageQuerySet
        All that the person may see.
    """
    filters = f", {options.filters_in_words}" if options.has_filters else ""
    words = options.words
    if not total:
        return _why_nothing(options, visible)
    if not words:
        return f"{_first('The latest', total, there)}{filters}{', the latest first' if there <= total else ''}."
    more = total - said
    if not said:
        return f"No image says “{words}”; {_images(more)} look{'s' if more == 1 else ''} like it{filters}."
    also = f", {more:,} more look{'s' if more == 1 else ''} like it" if more > 0 else ""
    verb = "that say" if there > said else "says" if said == 1 else "say"
    return f"{_first('The best', said, there)} {verb} “{words}”{also}{filters}."


def _first(which: str, count: int, there: int) -> str:
    """The number of images, and of how many: "3 images" or "The latest 1,000 of 1,896 images"."""
    return f"{which} {count:,} of {there:,} images" if there > count else _images(count)


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _why_nothing(options: Options, visible: GalleryImageQuerySet) -> str:
    if not visible.exists():
        return NothingFound.EMPTY_GALLERY.value
    if options.words and not words_of(options.words):
        return "There is no word in this: write one with letters or digits."
    if not options.words:
        return NothingFound.FILTERED_OUT.value.format(filters=options.filters_in_words)
    passing = f" that passes the filters ({options.filters_in_words})" if options.has_filters else ""
    hint = "" if options.has_filters else " The beginnings of words are enough; fewer words find more."
    return f"No image{passing} says “{options.words}”.{hint}"
