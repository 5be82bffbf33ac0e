"""What became of a sentence that a supervisor typed: of those until now it is known that the call has taken them."""

from django.db import migrations, models


def taken(apps, schema_editor):
    apps.get_model("calls", "SupervisorAction").objects.filter(kind="say", outcome="done").update(outcome="taken")


def done(apps, schema_editor):
    fates = ("taken", "said", "cut", "not_said")
    apps.get_model("calls", "SupervisorAction").objects.filter(kind="say", outcome__in=fates).update(outcome="done")


class Migration(migrations.Migration):
    dependencies = [("calls", "0026_calls_of_a_line")]

    operations = [
        migrations.AlterField(
            "supervisoraction",
            "outcome",
            models.CharField(
                choices=[
                    ("asked", "asked for"),
                    ("done", "done"),
                    ("taken", "taken by the call"),
                    ("said", "said to the end"),
                    ("cut", "cut off in the middle"),
                    ("not_said", "not said"),
                    ("already_over", "the call was over already"),
                    ("failed", "failed"),
                ],
                default="asked",
                max_length=12,
                verbose_name="outcome",
            ),
        ),
        migrations.RunPython(taken, done),
    ]
