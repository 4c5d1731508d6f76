from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    # Leaves a table alone that is there already, as in a test database.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    """The cache is a table of the database, which all processes share."""

    initial = True
    dependencies = []

    operations = [migrations.RunPython(make_table, migrations.RunPython.noop)]
