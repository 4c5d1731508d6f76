"""Gives a row to each visitor who owns something, seen today, and to each photo and label map its bytes.

It may be interrupted: what is done is not done again.
"""

from django.db import migrations

BATCH = 500


def make_visitors(apps, schema_editor):
    Visitor = apps.get_model("selector", "Visitor")
    for name in ("Photo", "Selection", "SharedSelection"):
        owned = apps.get_model("selector", name).objects.exclude(visitor=None).order_by()
        keys = owned.values_list("visitor", flat=True).distinct()
        Visitor.objects.bulk_create(
            (Visitor(pk=key) for key in keys.iterator()), batch_size=BATCH, ignore_conflicts=True
        )


def weigh(apps, schema_editor):
    Photo, LabelMap = (apps.get_model("selector", name) for name in ("Photo", "LabelMap"))
    for model, fields in ((Photo, {"original": "original_bytes", "working": "working_bytes"}),
                          (LabelMap, {"labels": "labels_bytes"})):
        first = next(iter(fields.values()))
        rows = model.objects.filter(**{first: 0}).only("pk", *fields)
        last = None
        while batch := list((rows if last is None else rows.filter(pk__gt=last)).order_by("pk")[:BATCH]):
            for row in batch:
                for file, n_bytes in fields.items():
                    setattr(row, n_bytes, size_of(getattr(row, file)))
            model.objects.bulk_update(batch, fields.values())
            last = batch[-1].pk


def size_of(file):
    """0 where the storage does not have the file: `manage.py check_storage` tells which are missing."""
    try:
        return file.size
    except (OSError, ValueError):
        return 0


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('selector', '0004_visitors_and_bytes_kept'),
    ]

    operations = [
        migrations.RunPython(make_visitors, migrations.RunPython.noop),
        migrations.RunPython(weigh, migrations.RunPython.noop),
    ]
