"""What there is to filter by: the tags, licences and creators of images."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from taggit.models import Tag

from gallery.models import GalleryImageQuerySet

# Of each kind.
MOST_CHOICES = 200


@dataclass(frozen=True)
class FilterChoices:
    """Tags, licences and creators, the most frequent ones first."""

    tags: list[str]
    licences: list[str]
    creators: list[str]


def filter_choices(images: GalleryImageQuerySet) -> FilterChoices:
    """What these images can be filtered by: at most `MOST_CHOICES` of each kind."""
    return FilterChoices(frequent_tags(images), frequent_values(images, "licence"), frequent_values(images, "creator"))


def frequent_tags(images: GalleryImageQuerySet) -> list[str]:
    """The tags of the images, the most frequent ones first."""
    tagged = Q(taggit_taggeditem_items__content_type__model="galleryimage") & Q(
        taggit_taggeditem_items__object_id__in=images.order_by().values("pk")
    )
    tags = Tag.objects.filter(tagged).annotate(n=Count("pk")).order_by("-n", "name")
    return list(tags.values_list("name", flat=True)[:MOST_CHOICES])


def frequent_values(images: GalleryImageQuerySet, column: str) -> list[str]:
    """The values of a text column that are not empty, the most frequent ones first."""
    counted = images.order_by().exclude(**{column: ""}).values(column).annotate(n=Count("pk")).order_by("-n", column)
    return list(counted.values_list(column, flat=True)[:MOST_CHOICES])
