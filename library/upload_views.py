"""Adding photos, and the start page that invites to it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_GET

from gallery.collection.importing import collect
from gallery.models import GalleryImage, Search
from library import samples
from library.cards import cards_of
from library.forms import StayForm, UploadForm
from library.models import FindingChoice
from selector.models import Photo
from selector.people import Person, person_of
from selector.services import decoding, label_maps, quotas
from selector.services.photos import store_photo
from selector.services.quotas import NoRoomLeft
from selector.web.unreadable import unreadable_is_refused
from selector.web.visits import known_person
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import redirect_to
from superpixel_site.work_slots import work_slot

IMAGES_TO_TRY = 12
# Of what a person has done last.
N_LATEST = 4


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """What the person has done last, the way to add photos, and something to try at once.

    Where the demo collection is not there, that is images with the lowest keys, which are random.
    """
    there = samples.photos()
    live = there.pop(samples.LIVE, None)
    images = GalleryImage.objects.public().indexed().select_related("photo").order_by("photo_id")
    context = {
        "live": live and live_context(live),
        "samples": there.items(),
        "images": [] if there else images[:IMAGES_TO_TRY],
        **latest(person_of(request)),
        **what_is_taken(),
    }
    return render(request, "library/start.html", context)


def live_context(photo: Photo) -> dict[str, object]:
    """The photo that can be tried on the page itself."""
    return {"thing": samples.LIVE, "photo": photo, "label_map": label_maps.get_or_compute(photo)}


def latest(person: Person) -> dict[str, object]:
    """The photos and searches that the person comes back to."""
    photos = Photo.objects.private_to(person)[:N_LATEST]
    searches = Search.objects.visible_to(person).select_related("label_map")
    return {"cards": cards_of(person, photos), "searches": searches.defer("label_map__hierarchy")[:N_LATEST]}


def what_is_taken() -> dict[str, object]:
    """What the form for photos says of the files that it takes."""
    not_read = decoding.formats_not_read()
    return {
        "max_megabytes": settings.MAX_UPLOAD_BYTES // 2**20,
        # An iPhone makes JPEGs of its photos for a form that does not name HEIC.
        "more_formats": [name for name in decoding.OPTIONAL if name not in not_read],
    }


def upload(request: HtmxHttpRequest) -> HttpResponse:
    """Add the images that were sent: to the workspace of one, or to the list of several."""
    files = request.FILES.getlist("image")
    if len(files) > 1:
        return upload_several(request, files)
    photo = add_photo(request, request.FILES)
    notice = " ".join(notices(person_of(request), photo))
    if wants_partial(request) and StayForm(request.POST).value:
        return render(request, "library/_uploaded.html", {"photo": photo, "notice": notice})
    if notice:
        messages.info(request, notice)
    return redirect_to(request, photo.get_absolute_url())


def upload_several(request: HtmxHttpRequest, files: list[UploadedFile[bytes]]) -> HttpResponse:
    """What a browser without JavaScript sends: each file is taken or refused by itself."""
    n_added = 0
    told: list[str] = []
    refusals: list[str] = []
    for file in files:
        try:
            photo = add_photo(request, MultiValueDict({"image": [file]}))
            n_added += 1
            told += notices(person_of(request), photo, f"{photo.name}: ")
        except Refusal as refusal:
            refusals.append(f"{file.name}: {refusal}")
    if not n_added:
        raise Refusal(" ".join(refusals), 422, reverse("library:photos"))
    messages.success(request, f"{'1 photo is' if n_added == 1 else f'{n_added} photos are'} added.")
    for sentence in told:
        messages.info(request, sentence)
    for sentence in refusals:
        messages.error(request, sentence)
    return redirect_to(request, reverse("library:photos"))


def notices(person: Person, photo: Photo, of_the_file: str = "") -> list[str]:
    """What to say of a photo just stored: that its file holds more, and that there is little room left."""
    pages = f"The file has {photo.n_pictures} pages: the first is shown." if photo.n_pictures > 1 else ""
    return [sentence for sentence in (pages and of_the_file + pages, quotas.notice(person, photo)) if sentence]


def add_photo(request: HttpRequest, files: MultiValueDict[str, UploadedFile[bytes]]) -> Photo:
    """Store one uploaded file as a photo of the person's, with its label map.

    Raises
    ------
    Refusal
        With the sentence that says why it was not taken; nothing stays behind.
    """
    next_url = reverse("library:start")
    file = valid(UploadForm(request.POST, files), 400, next_url).cleaned_data["image"]
    try:
        # One slot for all of it: a photo is not stored and then told that the site is busy.
        with work_slot(), unreadable_is_refused(next_url), known_person(request) as person:
            return store_segmented(file, person)
    except NoRoomLeft as problem:
        raise Refusal(str(problem), 409, reverse("library:photos")) from problem


def store_segmented(file: UploadedFile[bytes], person: Person) -> Photo:
    """Store a file as a photo of a person's and find its superpixels: both, or where one fails, neither."""
    photo = store_photo(file.read(), file.name or "", owner=person.user, visitor=person.visitor)
    try:
        label_maps.get_or_compute(photo)
        if FindingChoice.objects.of(person):
            collect([photo])
    except BaseException:
        photo.delete()
        raise
    return photo
