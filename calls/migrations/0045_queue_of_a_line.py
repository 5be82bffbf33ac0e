"""The reviewers' queue by line; a thread of each serving process writes the line of old rows, and the indexes are built
while calls are written."""

from importlib import import_module

from django.db import migrations, models

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

INDEXES = {
    "queue_of_a_line": "calls_queuedcall (line, doubt DESC, call_id DESC) WHERE done < wanted AND doubt > 0",
    "queue_without_line": "calls_queuedcall (call_id DESC) WHERE line IS NULL",
}
STATED = (
    models.Index(
        condition=models.Q(("done__lt", models.F("wanted")), ("doubt__gt", 0)),
        fields=["line", "-doubt", "-call"],
        name="queue_of_a_line",
    ),
    models.Index(condition=models.Q(("line", None)), fields=["-call"], name="queue_without_line"),
)


def make(apps, schema_editor):
    for index in STATED:
        if schema_editor.connection.vendor == "postgresql":
            building.build(schema_editor, index.name, INDEXES[index.name])
        else:
            schema_editor.add_index(apps.get_model("calls", "QueuedCall"), index)


def remove(apps, schema_editor):
    for index in STATED:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
        else:
            schema_editor.remove_index(apps.get_model("calls", "QueuedCall"), index)


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0044_tokens_of_all_lines")]

    operations = [
        migrations.AddField("queuedcall", "line", models.CharField(max_length=64, null=True)),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex("queuedcall", index) for index in STATED],
            database_operations=[migrations.RunPython(make, remove)],
        ),
    ]
