"""The calls with a turn of a seldom source, for the list's filter: found in this index alone.

Without it the filter reads every turn of every call, until enough have one. Sources that most calls have need none: the
newest calls have them.
"""

from importlib import import_module

from django.db import migrations

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

INDEX = "turn_seldom_source"
SELDOM = "calls_transcript (source, call_id) WHERE source IN ('fallback', 'none')"


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        building.build(schema_editor, INDEX, SELDOM)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0041_given_permissions")]

    operations = [migrations.RunPython(make, remove)]
