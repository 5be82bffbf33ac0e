"""The turns' search text and its indexes, built while calls are written; calls/storage/search_filler.py fills the column.

The indexes of the two texts themselves go: nothing is looked for there any more.
"""

from importlib import import_module

from django.db import migrations, models

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

TRIGRAMS = {
    "turn_search_trigrams": ("calls_transcript USING gin (search_text gin_trgm_ops) WHERE search_text IS NOT NULL"),
}
WORDS = "ALTER TABLE calls_transcript ALTER COLUMN search_text SET STATISTICS 1000"
"""How common a word is decides how it is found: a hundred samples are too few to know."""
OLD_TRIGRAMS = ("turn_text_trigrams", "turn_revised_trigrams")
UNSEARCHABLE = models.Index(condition=models.Q(("search_text", None)), fields=["id"], name="turn_unsearchable")


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.add_index(apps.get_model("calls", "Transcript"), UNSEARCHABLE)
        return
    building.build(schema_editor, "turn_unsearchable", "calls_transcript (id) WHERE search_text IS NULL")
    if building.has_trigrams(schema_editor, TRIGRAMS, [WORDS, building.ANALYZE]):
        for name, what in TRIGRAMS.items():
            building.build(schema_editor, name, what)
        schema_editor.execute(WORDS)
    for name in OLD_TRIGRAMS:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.remove_index(apps.get_model("calls", "Transcript"), UNSEARCHABLE)
        return
    for name in ["turn_unsearchable", *TRIGRAMS]:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0013_numbers_as_dialled")]

    operations = [
        migrations.AddField(
            model_name="transcript", name="search_text", field=models.TextField(editable=False, null=True)
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="transcript", index=UNSEARCHABLE)],
            database_operations=[migrations.RunPython(make, remove)],
        ),
    ]
