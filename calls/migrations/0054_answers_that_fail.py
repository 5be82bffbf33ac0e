"""Calls count their answers that failed, for the first page and the list; alarms of them and of unreadable settings.

Calls of before have what their turns say; an answer of which nothing sounded is no turn, and is not counted there."""

from importlib import import_module

from django.db import migrations, models

from calls.storage.line_hours import hour_of

building = import_module("calls.migrations.0003_indexes_of_the_call_list")
FAILURES = import_module("calls.migrations.0052_failed_answers_in_doubt").FAILURES

BATCH_CALLS = 500
INDEX = models.Index(
    condition=models.Q(("answers_failed__gt", 0)), fields=["-started_at"], name="calls_of_failed_answers"
)
KINDS = [
    ("line_deaf", "the line is deaf"),
    ("recogniser_down", "the recogniser is down"),
    ("cost_ceiling", "the month's cost has reached its ceiling"),
    ("engine_down", "a recognition engine is down; its calls have gone over to another"),
    ("answers_failing", "the line's answers fail"),
    ("thread_ended", "a part of the service has stopped"),
    ("settings_unreadable", "the settings of lines cannot be read; those last read stand"),
    ("disk_filling", "the disk of recordings and database is nearly full"),
]


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        building.build(schema_editor, INDEX.name, "calls_call (started_at DESC) WHERE answers_failed > 0")
    else:
        schema_editor.add_index(apps.get_model("calls", "Call"), INDEX)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}")
    else:
        schema_editor.remove_index(apps.get_model("calls", "Call"), INDEX)


def count_old(apps, schema_editor):
    rows = {
        name: apps.get_model("calls", name).objects.using(schema_editor.connection.alias)
        for name in ("Call", "ChangedHour", "Transcript")
    }
    failed = rows["Transcript"].filter(code__in=FAILURES, speaker="agent", outcome="failed").order_by()
    counts = dict(failed.values_list("call").annotate(models.Count("pk")))
    keys = sorted(counts, reverse=True)
    for first in range(0, len(keys), BATCH_CALLS):
        calls = list(rows["Call"].filter(pk__in=keys[first : first + BATCH_CALLS]).only("pk", "started_at"))
        for call in calls:
            rows["Call"].filter(pk=call.pk, answers_failed=0).update(answers_failed=counts[call.pk])
        hours = {hour_of(call.started_at) for call in calls if call.started_at}
        rows["ChangedHour"].bulk_create(rows["ChangedHour"].model(hour=hour) for hour in sorted(hours))


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction, and calls that are on the line are written beside the batches.
    atomic = False

    dependencies = [("calls", "0053_blind_reviews")]

    operations = [
        migrations.AlterField("alarm", "kind", models.CharField("what", choices=KINDS, max_length=20)),
        migrations.AddField(
            "call",
            "answers_failed",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="answers that failed"),
        ),
        migrations.AddField("linehour", "answers_failed", models.PositiveBigIntegerField(db_default=0, default=0)),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex("call", INDEX)],
            database_operations=[migrations.RunPython(make, remove)],
        ),
        migrations.RunPython(count_old, migrations.RunPython.noop),
    ]
