"""From a search to its answer."""

from __future__ import annotations

from gallery.models import GalleryImage, KeptRanking, Search
from gallery.search import answers
from gallery.search.answers import Answer, NothingFound, hits_of, sentence_about, why_nothing
from gallery.search.candidates import Candidates
from gallery.search.feedback import feedback_in_words
from gallery.search.options import Options
from gallery.search.query import build_query
from gallery.search.ranked_images import RankedImages, fold_copies, rank_by_parts
from selector.people import Person
from superpixel_site.waiting import give_up_if_nobody_waits


def ask(search: Search, person: Person, page: int = 1, *, from_page: int | None = None) -> Answer:
    """Answer a search from the images that the person may see, the photo itself and its copies left out.

    The hits are those of one page, or of all pages from `from_page` to `page`.
    """
    options = Options.from_json(search.options)
    feedback = list(search.feedback.all())
    visible = GalleryImage.objects.visible_to(person)
    others = visible.other_than(search.label_map.photo)
    candidates = Candidates(options.filtered(others, person))
    give_up_if_nobody_waits()
    query = build_query(search, options, feedback)
    give_up_if_nobody_waits()
    ranking = fold_copies(rank_by_parts(query.vectors, candidates, options.weights))
    give_up_if_nobody_waits()
    nothing = None if ranking.total else why_nothing(visible, others, candidates, options)
    hits = hits_of(ranking, page, person, feedback, from_page=from_page)
    if (from_page or page) == 1:
        search.note_best([hit.image.pk for hit in hits[: Search.BEST]])
    return Answer(
        hits=hits,
        total=ranking.total,
        page=page,
        notices=query.notices,
        sentence=nothing.sentence(options) if nothing else sentence_about(ranking.n_strong, ranking.total, options),
        options=options,
        controls=query.controls,
        kept=keep(search, ranking) if ranking.total > answers.PAGE else None,
        is_filtered_out=nothing is NothingFound.FILTERED_OUT,
        feedback=feedback_in_words(feedback),
    )


def next_page(search: Search, person: Person, page: int, kept: int | None) -> Answer:
    """The next page of an answer whose ranking was kept: no repeats and no gaps, whatever has changed meanwhile.

    Where it is no longer kept, the search is answered anew.
    """
    row = search.rankings.filter(pk=kept).first() if kept else None
    if row is None:
        return ask(search, person, page)
    ranking = RankedImages.unpack(bytes(row.data))
    feedback = list(search.feedback.all())
    return Answer(
        hits=hits_of(ranking, page, person, feedback, check=True),
        total=ranking.total,
        page=page,
        notices=[],
        sentence="",
        options=Options.from_json(search.options),
        kept=row.pk,
        feedback=feedback_in_words(feedback),
    )


def keep(search: Search, ranking: RankedImages) -> int:
    """Store a ranking for the pages that follow, delete outdated ones, and return its key."""
    KeptRanking.objects.outdated().delete()
    return KeptRanking.objects.create(search=search, data=ranking.pack()).pk
