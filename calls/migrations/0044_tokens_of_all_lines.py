"""All lines are said by themselves: no lines was read as all of them, also when the last one had been deleted."""

from django.db import migrations, models
from django.utils import timezone


def say_all_lines(apps, schema_editor):
    apps.get_model("calls", "ApiToken").objects.filter(lines=None).update(all_lines=True)


def revoke_those_of_no_line(apps, schema_editor):
    """The version before would have them read every line."""
    none = apps.get_model("calls", "ApiToken").objects.filter(lines=None, all_lines=False, revoked_at=None)
    none.update(revoked_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("calls", "0043_values_found")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="all_lines",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Calls of every line, also of those that are added later.",
                verbose_name="all lines",
            ),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="lines",
            field=models.ManyToManyField(
                blank=True,
                help_text="Calls of these lines alone.",
                related_name="+",
                to="calls.phoneline",
                verbose_name="lines",
            ),
        ),
        migrations.RunPython(say_all_lines, revoke_those_of_no_line),
    ]
