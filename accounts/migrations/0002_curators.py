from django.db import migrations

NAME = "curators"
MODELS = {
    ("gallery", "galleryimage"): ("gallery image", ("add", "change", "delete", "view")),
    ("gallery", "descriptorspace"): ("descriptor space", ("view",)),
    ("taggit", "tag"): ("tag", ("add", "change", "delete", "view")),
}


def make_group(apps, schema_editor):
    # Django makes content types and permissions only when all migrations are done, and leaves alone what it finds.
    types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=NAME)
    for (app, model), (called, actions) in MODELS.items():
        kind, _ = types.get_or_create(app_label=app, model=model)
        for action in actions:
            permission, _ = permissions.get_or_create(
                content_type=kind, codename=f"{action}_{model}", defaults={"name": f"Can {action} {called}"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """A group of those who look after the public collection, and what they may do."""

    dependencies = [
        ("accounts", "0001_invitations"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("gallery", "0010_numbers_as_they_are"),
        ("taggit", "0006_rename_taggeditem_content_type_object_id_taggit_tagg_content_8fc721_idx"),
    ]

    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
