"""From a search to its answer."""

from __future__ import annotations

from gallery.models import GalleryImage, KeptRanking, Search
from gallery.search import answers, checking
from gallery.search.answers import Answer, NothingFound, hits_of, sentence_about, why_nothing
from gallery.search.candidates import Candidates
from gallery.search.feedback import feedback_in_words
from gallery.search.options import Options
from gallery.search.query import build_query
from gallery.search.ranked_images import RankedImages, fold_copies, rank_by_parts
from selector.people import Person
from superpixel_site.waiting import give_up_if_nobody_waits


def ask(search: Search, person: Person, page: int = 1, *, from_page: int | None = None, check: bool = False) -> Answer:
    """Answer a search from the images that the person may see, the photo itself and its copies left out.

    The hits are those of one page, or of all pages from `from_page` to `page`. Where the very thing is looked for, they
    are in the order of the first look; with `check`, in that of their points, as far as these are known in a moment.
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
    progress = None
    if options.is_checked and ranking.total:
        progress = checking.prepare(ranking, is_first=True) if check else checking.not_yet(ranking)
        ranking = checking.checked(ranking, checking.asked_in(search)) if check else ranking
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
        kept=keep(search, ranking) if ranking.total > answers.PAGE or progress else None,
        is_filtered_out=nothing is NothingFound.FILTERED_OUT,
        feedback=feedback_in_words(feedback),
        checking=progress,
        is_thing_proposed=options.means_nothing_special and checking.may_be_the_thing(ranking),
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


def check(search: Search, person: Person, pages: int, kept: int | None, *, is_first: bool) -> Answer:
    """Check an answer that was given, by its kept ranking: all pages of its hits, or none while it is not complete."""
    row = search.rankings.filter(pk=kept).first() if kept else None
    if row is None:
        return ask(search, person, pages, from_page=1, check=True)
    ranking, options = RankedImages.unpack(bytes(row.data)), Options.from_json(search.options)
    progress = checking.prepare(ranking, is_first=is_first)
    if progress.is_complete:
        ranking = checking.checked(ranking, checking.asked_in(search))
        row = KeptRanking(pk=keep(search, ranking))
    done, feedback = progress.is_complete, search.feedback.all()
    hits = hits_of(ranking, pages, person, feedback, from_page=1, check=True) if done else []
    return Answer(
        hits=hits,
        total=ranking.total,
        page=pages,
        notices=[],
        sentence=sentence_about(ranking.n_strong, ranking.total, options),
        options=options,
        kept=row.pk,
        checking=progress,
    )


def keep(search: Search, ranking: RankedImages) -> int:
    """Store a ranking for the pages that follow, delete outdated ones, and return its key."""
    KeptRanking.objects.outdated().delete()
    return KeptRanking.objects.create(search=search, data=ranking.pack()).pk
