"""Words of images without accents; and rankings that know by which options they go on.

PostgreSQL cannot change how a column is generated: it is made anew, with its index.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

import gallery.models.folding


def told(column, weight):
    return django.contrib.postgres.search.SearchVector(
        gallery.models.folding.Folded(column), config="simple", weight=weight
    )


class Migration(migrations.Migration):
    dependencies = [("gallery", "0015_maps_of_cells")]

    operations = [
        migrations.RemoveIndex(model_name="galleryimage", name="images_by_words"),
        migrations.RemoveField(model_name="galleryimage", name="told"),
        migrations.AddField(
            model_name="galleryimage",
            name="told",
            field=models.GeneratedField(
                db_persist=True,
                editable=False,
                expression=told("title", "A") + told("creator", "B") + told("description", "D"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            model_name="galleryimage",
            index=django.contrib.postgres.indexes.GinIndex(fields=["told"], name="images_by_words"),
        ),
        migrations.AddField(
            model_name="keptranking",
            name="options",
            field=models.JSONField(
                default=dict, help_text="Of the search, when it was asked: to go on by the same ones."
            ),
        ),
    ]
