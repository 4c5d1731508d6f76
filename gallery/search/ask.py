"""From a search to its answer."""

from __future__ import annotations

from gallery.models import GalleryImage, KeptRanking, Search
from gallery.search import answers
from gallery.search.answers import Answer, feedback_in_words, hits_of, sentence_about, why_nothing
from gallery.search.options import Options
from gallery.search.query import query_vectors
from gallery.search.ranked_images import RankedImages, fold_copies, rank_by_parts
from selector.people import Person


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
    questions, offers, notices = query_vectors(search, options, opinions)
    found = fold_copies(rank_by_parts(questions, images, options.weights))
    kept = keep(search, found) if found.total > answers.PAGE else None
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
        judged=feedback_in_words(opinions),
    )


def next_page(search: Search, person: Person, page: int, kept: int | None) -> Answer:
    """The next page of an answer whose order was kept: no repeats and no gaps, whatever has changed meanwhile.

    Where it is no longer kept, the question is answered anew.
    """
    row = search.rankings.filter(pk=kept).first() if kept else None
    if row is None:
        return ask(search, person, page)
    found = RankedImages.unpack(bytes(row.data))
    opinions = list(search.feedback.all())
    hits = hits_of(found, page, person, opinions, check=True)
    options, judged = Options.from_json(search.options), feedback_in_words(opinions)
    return Answer(hits, found.total, page, [], "", options, kept=row.pk, judged=judged)


def keep(search: Search, found: RankedImages) -> int:
    """Keep an order for the pages that follow, and clear away those that nobody will ask for any more."""
    KeptRanking.objects.outdated().delete()
    return int(KeptRanking.objects.create(search=search, data=found.pack()).pk)
