from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("selector", "0010_details")]

    operations = [
        migrations.AddField(
            model_name="selectionstep",
            name="shown_object",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
