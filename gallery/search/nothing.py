"""Why a search finds nothing, in a sentence."""

from __future__ import annotations

from enum import Enum

from gallery.models import GalleryImageQuerySet, IndexedRegion
from gallery.search.candidates import Candidates
from gallery.search.options import Options
from selector.models.photos import PhotoQuerySet
from selector.people import Person


class NothingFound(Enum):
    """Why a search found nothing, each with the sentence that says so."""

    EMPTY_GALLERY = "The gallery is empty: there is nothing to search in yet."
    ONLY_THIS_PHOTO = "This photo is the only one in the gallery: there is nothing to compare it with yet."
    FILTERED_OUT = "No image passes the filters: {filters}."
    NOT_INDEXED = "The images of the gallery are still being indexed: search again in a minute."
    NONE_OF_MINE = "You have {photos} more, and your searches find none of them: add them."
    NOT_COMPARABLE = "Nothing can be compared: no way of searching is available at the moment."

    def sentence(self, options: Options, others: PhotoQuerySet) -> str:
        """The sentence for a search with these options, by somebody who has these other photos."""
        n = others.count() if self is NothingFound.NONE_OF_MINE else 0
        return self.value.format(filters=options.filters_in_words, photos="1 photo" if n == 1 else f"{n:,} photos")


def why_nothing(
    visible: GalleryImageQuerySet,
    others: GalleryImageQuerySet,
    candidates: Candidates,
    options: Options,
    person: Person,
    photos: PhotoQuerySet,
) -> NothingFound:
    """Why a search found nothing.

    Parameters
    ----------
    visible, others : GalleryImageQuerySet
        All images that the person may see, and those of them that are not the photo itself.
    candidates : Candidates
        Those of the others that pass the filters of `options`.
    options : Options
    person : Person
    photos : PhotoQuerySet
        The person's other photos, whether searches find them or not.
    """
    if not candidates.are_none:
        is_indexed = IndexedRegion.objects.filter(image__in=candidates.images).exists()
        return NothingFound.NOT_COMPARABLE if is_indexed else NothingFound.NOT_INDEXED
    there_are_others = others.exists()
    if (options.mine or not there_are_others) and photos.exists() and not others.owned_by(person).exists():
        return NothingFound.NONE_OF_MINE
    # Without filters the others are the candidates.
    if options.has_filters and there_are_others:
        return NothingFound.FILTERED_OUT
    return NothingFound.ONLY_THIS_PHOTO if visible.exists() else NothingFound.EMPTY_GALLERY
