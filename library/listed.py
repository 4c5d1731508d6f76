"""Which of a person's photos are listed: by words, narrowed by chips, in an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet
from django.utils.http import urlencode

from gallery.models import GalleryImage
from gallery.search.chips import MOST_CHIPS, Chip
from selector.models import Photo
from selector.people import Person

KINDS: dict[str, tuple[str, Q]] = {
    "found": ("My searches find it", Q(gallery_image__isnull=False)),
    "unfound": ("My searches do not", Q(gallery_image__isnull=True)),
    "details": ("Details of photos", Q(cut_box__isnull=False)),
}


def photos_of(person: Person, words: str, kind: str, tag: str) -> QuerySet[Photo]:
    """Those whose name, or what their owner has said about them, has the words, of a kind and with a tag."""
    photos = Photo.objects.private_to(person)
    mine = GalleryImage.objects.owned_by(person)
    if words:
        photos = photos.filter(Q(name__icontains=words) | Q(gallery_image__in=mine.saying(words).values("pk")))
    if tag:
        photos = photos.filter(gallery_image__in=mine.tagged(tag).values("pk"))
    return photos.filter(KINDS[kind][1]) if kind else photos


def chips_for(photos: QuerySet[Photo], given: Mapping[str, str]) -> list[Chip]:
    """What narrows the list now, by the address's fields, and what could narrow it further."""

    def without(name: str) -> str:
        return urlencode({other: value for other, value in given.items() if value and other != name})

    def chip(name: str, value: str, label: str, count: int) -> Chip:
        return Chip(name, label, urlencode({**{k: v for k, v in given.items() if v}, name: value}), count, value)

    kind, tag = given.get("kind"), given.get("tag")
    chips = [Chip("kind", KINDS[kind][0], without("kind"))] if kind else []
    chips += [Chip("tag", f"Tagged “{tag}”", without("tag"))] if tag else []
    counted = {name: Count("pk", filter=asked) for name, (_, asked) in KINDS.items()}
    counts = photos.order_by().aggregate(total=Count("pk"), **counted)
    narrowing = range(1, counts["total"])
    if not kind:
        chips += [chip("kind", name, KINDS[name][0], counts[name]) for name in KINDS if counts[name] in narrowing]
    if not tag and counts["found"]:
        tags = Counter(dict(photos.order_by().values_list("gallery_image__tags__name").annotate(Count("pk"))))
        most = [(name, n) for name, n in tags.most_common() if name and n in narrowing][: MOST_CHIPS["tag"]]
        chips += [chip("tag", name, name, n) for name, n in most]
    return chips
