from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("selector", "0006_label_maps_by_working_copy")]

    operations = [
        migrations.AlterModelOptions(
            name="photo",
            options={
                "ordering": ["-created"],
                "permissions": [("download_original", "Can download the originals of the public collection")],
            },
        ),
    ]
