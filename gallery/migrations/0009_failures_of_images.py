from django.db import migrations, models


class Migration(migrations.Migration):
    """How often indexing an image has failed is kept with the image, not with its job."""

    dependencies = [("gallery", "0008_clearing_away")]

    operations = [
        migrations.AddField(
            model_name="galleryimage",
            name="failures",
            field=models.PositiveSmallIntegerField(
                default=0,
                db_default=0,
                editable=False,
                help_text="How often in a row indexing it has failed, or ended the process that did it.",
            ),
        ),
    ]
