from django.db import migrations, models
import django.db.models.deletion


def empty_rankings(apps, schema_editor):
    """Rankings are kept for a day under the names of their arrays, which have changed: searches make them anew."""
    apps.get_model("gallery", "KeptRanking").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_spaces_that_know_words")]

    operations = [
        migrations.RenameField("search", "created", "last_asked"),
        migrations.AlterModelOptions(
            name="search", options={"ordering": ["-last_asked"], "verbose_name_plural": "searches"}
        ),
        migrations.RenameField("indexedregion", "lot", "sample_key"),
        migrations.AlterField(
            model_name="regionvector",
            name="image",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="vectors",
                to="gallery.galleryimage",
            ),
        ),
        migrations.RunPython(empty_rankings, migrations.RunPython.noop),
    ]
