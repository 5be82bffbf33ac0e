"""Kept values are found however they are written: their search text and its index, built while calls are written, in
the place of the values' own; calls/storage/search_filler.py fills the column."""

from importlib import import_module

from django.db import migrations, models

building = import_module("calls.migrations.0003_indexes_of_the_call_list")
values_found = import_module("calls.migrations.0043_values_found")

TRIGRAMS = {
    "value_search_trigrams": (
        "calls_savedvalue USING gin (search_text gin_trgm_ops) WHERE search_text IS NOT NULL AND NOT secret"
    ),
}
UNSEARCHABLE = models.Index(condition=models.Q(("search_text", None)), fields=["id"], name="value_unsearchable")


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.add_index(apps.get_model("calls", "SavedValue"), UNSEARCHABLE)
        return
    building.build(schema_editor, UNSEARCHABLE.name, "calls_savedvalue (id) WHERE search_text IS NULL")
    if building.has_trigrams(schema_editor, TRIGRAMS, []):
        for name, what in TRIGRAMS.items():
            building.build(schema_editor, name, what)
    values_found.remove(apps, schema_editor)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.remove_index(apps.get_model("calls", "SavedValue"), UNSEARCHABLE)
        return
    for name in [UNSEARCHABLE.name, *TRIGRAMS]:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    values_found.make(apps, schema_editor)


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0045_queue_of_a_line")]

    operations = [
        migrations.AddField("savedvalue", "search_text", models.TextField(editable=False, null=True)),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex("savedvalue", UNSEARCHABLE)],
            database_operations=[migrations.RunPython(make, remove)],
        ),
    ]
