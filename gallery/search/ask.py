"""From a search to its answer."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from gallery.index.describers import Notice
from gallery.models import Feedback, GalleryImage, KeptRanking, Search
from gallery.search import answers, checking
from gallery.search.answers import Answer, Hit, hits_of, sentence_about
from gallery.search.candidates import Candidates
from gallery.search.chips import chips_of
from gallery.search.feedback import feedback_in_words
from gallery.search.nearest import ENOUGH
from gallery.search.nothing import NothingFound, why_nothing
from gallery.search.options import Options
from gallery.search.query import Query, build_query
from gallery.search.ranked_images import MOST_PLACES, RankedImages, fold_copies
from gallery.search.ranking import rank_by_parts
from selector.arrays import Members
from selector.models import LabelMap, Photo
from selector.people import Person
from selector.selection.selection import SuperpixelSelection
from superpixel_site.staff import is_staff
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
    photos = Photo.objects.private_to(person).exclude(original_sha256=search.label_map.photo.original_sha256)
    candidates = Candidates(options.filtered(others, person))
    give_up_if_nobody_waits()
    query = build_query(search, options, feedback)
    give_up_if_nobody_waits()
    ranking = ranked(query, candidates, options, page * answers.PAGE)
    give_up_if_nobody_waits()
    progress = None
    if options.is_checked and ranking.total:
        progress = checking.prepare(ranking, is_first=True) if check else checking.not_yet(ranking)
        ranking = checking.checked(ranking, checking.asked_in(search)) if check else ranking
    nothing = None if ranking.total else why_nothing(visible, others, candidates, options, person, photos)
    hits = hits_of(ranking, page, person, feedback, from_page=from_page)
    if (from_page or page) == 1:
        search.note_best([hit.image.pk for hit in hits[: Search.BEST]])
    out_of = None if ranking.is_whole else candidates.found_at_most
    return Answer(
        hits=hits,
        total=ranking.total,
        page=page,
        notices=told(query.notices, person),
        sentence=nothing.sentence(options, photos)
        if nothing
        else sentence_about(ranking.n_strong, ranking.total, options, out_of),
        options=options,
        controls=query.controls,
        kept=keep(search, ranking) if ranking.goes_beyond(answers.PAGE) or progress else None,
        is_filtered_out=nothing is NothingFound.FILTERED_OUT,
        feedback=feedback_in_words(feedback),
        checking=progress,
        is_thing_proposed=options.means_nothing_special and checking.may_be_the_thing(ranking),
        goes_on=ranking.goes_beyond(page * answers.PAGE),
        chips=chips_of(options, ranking.image_ids.tolist(), person),
        has_photos_to_add=nothing is NothingFound.NONE_OF_MINE,
    )


def told(notices: Sequence[Notice], person: Person) -> list[str]:
    """Notices as somebody reads them: what can be done about them is for the staff."""
    staff = bool(notices) and person.user is not None and is_staff(person.user)
    return [notice.read_by(staff=staff) for notice in notices]


def first_hits(label_map: LabelMap, members: Members, count: int) -> list[Hit]:
    """The first hits in the public collection for superpixels, bool (n,), of a search that nobody keeps."""
    state = SuperpixelSelection.empty(len(members)).plus(members, "include").pack()
    options = Options()
    query = build_query(Search(label_map=label_map, state=state), options)
    if not query.vectors[0]:
        return []
    candidates = Candidates(GalleryImage.objects.public().other_than(label_map.photo))
    return hits_of(ranked(query, candidates, options, count), 1, Person(), [])[:count]


def ranked(query: Query, candidates: Candidates, options: Options, wanted: int) -> RankedImages:
    """The ranking of the candidates that are nearest: of `wanted` places or more, or of all there are."""
    wanted = min(wanted, MOST_PLACES)
    enough = max(ENOUGH, wanted)
    while True:
        ranking = fold_copies(rank_by_parts(query.vectors, candidates, options.weights, enough))
        # Copies share a place: where there are many, more images are needed.
        if ranking.is_whole or ranking.total >= wanted or enough >= MOST_PLACES:
            return ranking
        enough = min(4 * enough, MOST_PLACES)


def next_page(search: Search, person: Person, page: int, kept: int | None) -> Answer:
    """The next page of an answer whose ranking was kept: no repeats and no gaps, whatever has changed meanwhile.

    Where it is no longer kept, the search is answered anew.
    """
    row = search.rankings.filter(pk=kept).first() if kept else None
    if row is None:
        return ask(search, person, page)
    feedback = list(search.feedback.all())
    ranking = RankedImages.unpack(bytes(row.data))
    if ranking.total < page * answers.PAGE and not ranking.is_whole:
        ranking = further(search, person, row, page, feedback)
    return Answer(
        hits=hits_of(ranking, page, person, feedback, check=True),
        total=ranking.total,
        page=page,
        notices=[],
        sentence="",
        options=Options.from_json(search.options),
        kept=row.pk,
        feedback=feedback_in_words(feedback),
        goes_on=ranking.goes_beyond(page * answers.PAGE),
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
        goes_on=ranking.goes_beyond(pages * answers.PAGE),
    )


def further(search: Search, person: Person, row: KeptRanking, page: int, feedback: Sequence[Feedback]) -> RankedImages:
    """A kept ranking with images further away behind those it has, up to a page and as many again; kept like that."""
    options = Options.from_json(row.options)
    others = GalleryImage.objects.visible_to(person).other_than(search.label_map.photo)
    query = build_query(search, options, feedback)
    give_up_if_nobody_waits()
    longer = ranked(query, Candidates(options.filtered(others, person)), options, 2 * page * answers.PAGE)
    with transaction.atomic():
        # Two that ask at once must not each put other images at the same places.
        locked = KeptRanking.objects.select_for_update().filter(pk=row.pk).first() or row
        ranking = RankedImages.unpack(bytes(locked.data)).going_on(longer)
        KeptRanking.objects.filter(pk=row.pk).update(data=ranking.pack())
    return ranking


def keep(search: Search, ranking: RankedImages) -> int:
    """Store a ranking for the pages that follow, delete outdated ones, and return its key."""
    KeptRanking.objects.outdated().delete()
    return KeptRanking.objects.create(search=search, options=search.options, data=ranking.pack()).pk
