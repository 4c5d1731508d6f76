"""What the history of the admin noted before names were kept out of it."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from gallery.models import GalleryImage
from selector.models import Photo

migration = importlib.import_module("gallery.migrations.0011_no_names_in_the_history_of_the_admin")


@pytest.mark.django_db
def test_names_in_it_are_forgotten(alice: User) -> None:
    for model, key in ((Photo, "7"), (GalleryImage, "8"), (User, "9")):
        kind = ContentType.objects.get_for_model(model)
        LogEntry.objects.create(
            user=alice, content_type=kind, object_id=key, object_repr="sesame", action_flag=DELETION
        )
    migration.call_rows_by_their_ids(apps, None)
    assert list(LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)) == [
        "Photo 7",
        "Image 8",
        "sesame",
    ]
