"""The list of one line's calls, the newest first, and the calls beside one of it, without a walk through all lines'.

On PostgreSQL alone, built while calls are written, as those of migration ``indexes_of_the_call_list``.
"""

from importlib import import_module

from django.db import migrations

building = import_module("calls.migrations.0003_indexes_of_the_call_list")
INDEX = "call_line_newest"


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        building.build(schema_editor, INDEX, "calls_call (to_number, started_at DESC NULLS LAST, id DESC)")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0025_review_queue")]

    operations = [migrations.RunPython(make, remove)]
