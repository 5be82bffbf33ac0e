"""Corrections are found by their words; sums of hours know frames, and are all counted again."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q

from calls.core.search_text import search_text

building = import_module("calls.migrations.0003_indexes_of_the_call_list")

TRIGRAMS = {
    "correction_search_trigrams": "calls_correction USING gin (search_text gin_trgm_ops) WHERE search_text IS NOT NULL",
}


def make(apps, schema_editor):
    apps.get_model("calls", "SumsState").objects.update(marked_at=None)
    Correction = apps.get_model("calls", "Correction")
    unfilled = Correction.objects.filter(search_text=None)
    later = Correction.objects.filter(call=OuterRef("call"), turn=OuterRef("turn"), number__gt=OuterRef("number"))
    unfilled.filter(Q(withdrawn=True) | Exists(later)).update(search_text="")
    for pk, text in list(unfilled.values_list("pk", "text")):
        unfilled.filter(pk=pk).update(search_text=search_text(text))
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

    dependencies = [("calls", "0027_fate_of_a_sentence")]

    operations = [
        migrations.AddField("correction", "search_text", models.TextField(editable=False, null=True)),
        migrations.AddField("linehour", "frames_lost", models.PositiveBigIntegerField(db_default=0, default=0)),
        migrations.AddField("linehour", "frames_received", models.PositiveBigIntegerField(db_default=0, default=0)),
        migrations.RunPython(make, remove),
    ]
