"""Profiles that stand already are the first thing that their history knows."""

from django.db import migrations
from django.utils import timezone


def begin_histories(apps, schema_editor):
    profiles = apps.get_model("stt", "TuningProfile").objects.all()
    history = apps.get_model("stt", "HistoricalTuningProfile")
    kept = [f.attname for f in history._meta.fields if not f.name.startswith("history_")]
    for profile in profiles:
        values = {name: getattr(profile, name) for name in kept}
        history.objects.create(**values, history_date=timezone.now(), history_type="+")


class Migration(migrations.Migration):
    dependencies = [("stt", "0004_profile_history")]
    operations = [migrations.RunPython(begin_histories, migrations.RunPython.noop)]
