"""Calls are found by what callers said at questions. The index of the values that this made is built on the way back
alone: migration ``values_searched`` has another in its place."""

from importlib import import_module

from django.db import migrations

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

TRIGRAMS = {
    "saved_value_trigrams": "calls_savedvalue USING gin (UPPER(value) gin_trgm_ops) WHERE NOT secret",
}


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql" and building.has_trigrams(schema_editor, TRIGRAMS, []):
        for name, what in TRIGRAMS.items():
            building.build(schema_editor, name, what)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in TRIGRAMS:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0042_calls_of_a_seldom_source")]

    operations = [migrations.RunPython(migrations.RunPython.noop, remove)]
