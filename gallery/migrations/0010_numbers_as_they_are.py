"""Features and rankings are numbers that hardly get smaller: PostgreSQL tried at each row, and undid it at each search."""

from django.db import migrations

COLUMNS = (("gallery_photofeatures", "data"), ("gallery_keptranking", "data"))


def set_storage(kind: str) -> list[str]:
    return [f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE {kind}" for table, column in COLUMNS]


class Migration(migrations.Migration):
    dependencies = [("gallery", "0009_failures_of_images")]

    operations = [migrations.RunSQL(set_storage("EXTERNAL"), set_storage("EXTENDED"))]
