"""The reviewers' queue; the index of calls that are not in it yet is built while calls are written."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

UNQUEUED = models.Index(
    condition=models.Q(("ended_at__isnull", False), ("is_queued", False)), fields=["id"], name="calls_unqueued"
)
PERSON = {"db_index": False, "null": True, "on_delete": django.db.models.deletion.SET_NULL, "related_name": "+"}


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        building.build(schema_editor, "calls_unqueued", "calls_call (id) WHERE ended_at IS NOT NULL AND NOT is_queued")
    else:
        schema_editor.add_index(apps.get_model("calls", "Call"), UNQUEUED)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS calls_unqueued")
    else:
        schema_editor.remove_index(apps.get_model("calls", "Call"), UNQUEUED)


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [
        ("calls", "0024_kept_sums"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="is_queued",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="call", index=UNQUEUED)],
            database_operations=[migrations.RunPython(make, remove)],
        ),
        migrations.CreateModel(
            name="QueuedCall",
            fields=[
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="queued",
                        serialize=False,
                        to="calls.call",
                    ),
                ),
                ("doubt", models.PositiveIntegerField(default=0)),
                ("reasons", models.JSONField(default=dict)),
                ("wanted", models.PositiveSmallIntegerField(default=1)),
                ("done", models.PositiveSmallIntegerField(default=0)),
                ("last_reviewer", models.ForeignKey(to=settings.AUTH_USER_MODEL, **PERSON)),
                ("claimed_by", models.ForeignKey(to=settings.AUTH_USER_MODEL, **PERSON)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            model_name="queuedcall",
            index=models.Index(
                condition=models.Q(("done__lt", models.F("wanted")), ("doubt__gt", 0)),
                fields=["-doubt", "-call"],
                name="queue_by_doubt",
            ),
        ),
        migrations.AddIndex(
            model_name="queuedcall",
            index=models.Index(
                condition=models.Q(("claimed_by__isnull", False)), fields=["claimed_by"], name="queue_claimed"
            ),
        ),
    ]
