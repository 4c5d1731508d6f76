from django.db import migrations, models


class Migration(migrations.Migration):
    """The kinds of spaces are listed in the code alone. No table changes."""

    dependencies = [("gallery", "0006_the_fields_words")]

    operations = [
        migrations.AlterField(
            model_name="descriptorspace",
            name="kind",
            field=models.CharField(help_text="Name of a kind in `gallery.index.kinds`.", max_length=20),
        ),
    ]
