"""Calls that wait for one of two reviewers, by themselves: whoever may be the second is asked for all of them at once.
The index is built while calls are written."""

from importlib import import_module

from django.db import migrations, models

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

INDEX = models.Index(
    condition=models.Q(("done__lt", models.F("wanted")), ("wanted__gt", 1)),
    fields=["call", "done", "wanted", "last_reviewer", "claimed_by", "claimed_until"],
    name="queue_of_two",
)
ROWS = (
    "calls_queuedcall (call_id, done, wanted, last_reviewer_id, claimed_by_id, claimed_until) "
    "WHERE wanted > 1 AND done < wanted"
)


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        building.build(schema_editor, INDEX.name, ROWS)
    else:
        schema_editor.add_index(apps.get_model("calls", "QueuedCall"), INDEX)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}")
    else:
        schema_editor.remove_index(apps.get_model("calls", "QueuedCall"), INDEX)


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0050_names_of_rows")]  # which was merged first

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex("queuedcall", INDEX)],
            database_operations=[migrations.RunPython(make, remove)],
        ),
    ]
