from typing import Any

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Concat

CALLED = {"photo": "Photo ", "labelmap": "Label map ", "galleryimage": "Image ", "search": "Search "}


def call_rows_by_their_ids(apps: Any, schema_editor: Any) -> None:
    """What admins have deleted was noted by its name or title, private ones as well."""
    entries = apps.get_model("admin", "LogEntry").objects.filter(content_type__app_label__in=("selector", "gallery"))
    for model, called in CALLED.items():
        entries.filter(content_type__model=model).update(object_repr=Concat(Value(called), F("object_id")))


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0010_numbers_as_they_are"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(call_rows_by_their_ids, migrations.RunPython.noop)]
