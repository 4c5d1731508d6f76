from django.db import migrations

MODELS = {
    "bulktask": ("bulk task", ("change", "delete", "view")),
    "importitem": ("import item", ("view",)),
}


def permit(apps, schema_editor):
    # Django makes content types and permissions only when all migrations are done, and leaves alone what it finds.
    types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    group = apps.get_model("auth", "Group").objects.get(name="curators")
    for model, (called, actions) in MODELS.items():
        kind, _ = types.get_or_create(app_label="curating", model=model)
        for action in actions:
            permission, _ = permissions.get_or_create(
                content_type=kind, codename=f"{action}_{model}", defaults={"name": f"Can {action} {called}"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Curators see bulk tasks, and pause, resume and cancel them."""

    dependencies = [
        ("accounts", "0002_curators"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("curating", "0001_bulk_tasks"),
    ]

    operations = [migrations.RunPython(permit, migrations.RunPython.noop)]
