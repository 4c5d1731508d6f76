from django.db import migrations

MODEL, CALLED, ACTIONS = "duplicatepair", "duplicate pair", ("change", "view")


def permit(apps, schema_editor):
    # Django makes content types and permissions only when all migrations are done, and leaves alone what it finds.
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="curating", model=MODEL)
    group = apps.get_model("auth", "Group").objects.get(name="curators")
    for action in ACTIONS:
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=f"{action}_{MODEL}", defaults={"name": f"Can {action} {CALLED}"}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    """Curators see images that may be copies, and decide on them."""

    dependencies = [
        ("curating", "0002_curators"),
        ("curating", "0003_duplicates"),
    ]

    operations = [migrations.RunPython(permit, migrations.RunPython.noop)]
