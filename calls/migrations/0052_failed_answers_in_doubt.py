"""Calls whose answers failed, or were taken for interrupted, are doubted anew: the queue's thread does it."""

from django.db import migrations

BATCH_CALLS = 500
FAILURES = (
    "responder_raised", "responder_slow", "responder_silent", "act_unknown", "dialogue_invalid", "too_many_turns",
    "cost_ceiling", "voice_raised", "voice_slow", "voice_empty", "voice_quota", "text_unspeakable",
)  # fmt: skip
"""Codes that answers of then failed with: an index has the turns of each code."""


def doubt_anew(apps, schema_editor):
    models = {name: apps.get_model("calls", name) for name in ("Call", "QueuedCall", "Transcript")}
    calls = models["Call"].objects.using(schema_editor.connection.alias)
    queued = models["QueuedCall"].objects.using(schema_editor.connection.alias)
    turns = models["Transcript"].objects.using(schema_editor.connection.alias)
    found = set(turns.filter(code__in=FAILURES, speaker="agent").values_list("call", flat=True))
    found |= set(calls.filter(end_reason="answer_failed").values_list("pk", flat=True))
    found |= set(queued.filter(doubt__gt=0, reasons__has_key="interrupted").values_list("pk", flat=True))
    keys = sorted(found, reverse=True)
    for first in range(0, len(keys), BATCH_CALLS):
        calls.filter(pk__in=keys[first : first + BATCH_CALLS]).update(is_queued=False)


class Migration(migrations.Migration):
    # A batch at a time: calls that are on the line are written beside it.
    atomic = False

    dependencies = [("calls", "0051_corrections_that_stand_again")]

    operations = [migrations.RunPython(doubt_anew, migrations.RunPython.noop)]
