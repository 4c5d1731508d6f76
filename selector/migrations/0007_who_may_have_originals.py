from typing import Any

from django.db import migrations

CODENAME, NAME = "download_original", "Can download the originals of the public collection"


def give_it_to_curators(apps: Any, schema_editor: Any) -> None:
    # Django makes permissions when all migrations are done, and leaves alone what it finds. The group may be there.
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="selector", model="photo")
    permissions = apps.get_model("auth", "Permission").objects
    permission, _ = permissions.get_or_create(content_type=kind, codename=CODENAME, defaults={"name": NAME})
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="curators")
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("selector", "0006_label_maps_by_working_copy"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="photo",
            options={"ordering": ["-created"], "permissions": [(CODENAME, NAME)]},
        ),
        migrations.RunPython(give_it_to_curators, migrations.RunPython.noop),
    ]
