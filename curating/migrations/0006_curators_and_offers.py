from django.db import migrations


def permit(apps, schema_editor):
    # Django makes content types and permissions only when all migrations are done, and leaves alone what it finds.
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="curating", model="offer")
    group = apps.get_model("auth", "Group").objects.get(name="curators")
    for action in ("change", "view"):
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=f"{action}_offer", defaults={"name": f"Can {action} offer"}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    """Curators see photos that people offer, and decide about them."""

    dependencies = [
        ("curating", "0002_curators"),
        ("curating", "0005_offers"),
    ]

    operations = [migrations.RunPython(permit, migrations.RunPython.noop)]
