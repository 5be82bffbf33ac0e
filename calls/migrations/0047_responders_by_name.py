"""The choices of what answers are a table's of the code (calls/reply/responders/catalogue.py): no SQL."""

from django.db import migrations, models

import calls.lines.answering


class Migration(migrations.Migration):
    dependencies = [("calls", "0046_values_searched")]

    operations = [
        migrations.AlterField(
            model_name="phoneline",
            name="responder",
            field=models.CharField(
                choices=calls.lines.answering.responder_choices,
                db_default="silent",
                default="silent",
                max_length=16,
                verbose_name="what answers",
            ),
        ),
    ]
