"""Numbers as Twilio says and dials them: those that were saved before are read anew, where there is one reading."""

import django.db.models.deletion
from django.conf import settings
from django.db import IntegrityError, migrations, models, transaction

from calls.core.addresses import AddressError, address, e164


def read_numbers(apps, schema_editor):
    """Never fails: what cannot be read, or would stand twice, stays as it is and is named."""
    alias = schema_editor.connection.alias
    unread = []
    for model, columns in (
        ("PhoneLine", {"number": address, "follow_number": e164, "fallback_number": e164}),
        ("LinePerson", {"number": e164}),
    ):
        rows = apps.get_model("calls", model).objects.using(alias)
        for row in rows.order_by("pk"):
            for column, read in columns.items():
                if problem := _read(rows, row, column, read):
                    unread.append(f"{model} {row.pk} ({row.name}): {column} {getattr(row, column)!r} {problem}")
    if unread:
        print(
            "\nunread_numbers: these never match, or are not dialled; mend them in the admin:\n  " + "\n  ".join(unread)
        )


def _read(rows, row, column, read):
    """What is wrong with a number; None when it is as it should be."""
    number = getattr(row, column)
    if not number:
        return None
    try:
        as_dialled = read(number)
    except AddressError:
        return "is no number"
    if as_dialled == number:
        return None
    try:
        with transaction.atomic(using=rows.db):
            rows.filter(pk=row.pk).update(**{column: as_dialled})
    except IntegrityError:
        return f"is {as_dialled}, which stands there already"
    return None


def keep_who_may_dial(apps, schema_editor):
    """Whoever may hand calls over to any number, or is superuser, goes on changing dialled numbers; a tuner does not."""
    alias = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    groups = apps.get_model("auth", "Group").objects.using(alias)
    may = groups.filter(permissions__codename="hand_over_anywhere", permissions__content_type__app_label="calls")
    if not may.exists():
        return  # a database that is new: calls/desk/permissions.py makes the groups
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    kind, _ = kinds.get_or_create(app_label="calls", model="phoneline")
    permission, _ = permissions.get_or_create(
        content_type=kind,
        codename="change_dialled_numbers",
        defaults={"name": "May change numbers that calls are dialled to"},
    )
    for group in may:
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0012_speakable_sentences"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="phoneline",
            options={
                "ordering": ("number",),
                "permissions": (("change_dialled_numbers", "May change numbers that calls are dialled to"),),
                "verbose_name": "phone line",
                "verbose_name_plural": "phone lines",
            },
        ),
        migrations.AlterField(
            model_name="lineperson",
            name="number",
            field=models.CharField(
                help_text="For example +97231234567 or 03-1234567.", max_length=20, verbose_name="number"
            ),
        ),
        migrations.AlterField(
            model_name="phoneline",
            name="fallback_number",
            field=models.CharField(
                blank=True, help_text="A person's number. Empty: nobody.", max_length=20, verbose_name="then dial"
            ),
        ),
        migrations.AlterField(
            model_name="phoneline",
            name="follow_number",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Dialled when our side ends the stream. Empty: the call ends.",
                max_length=20,
                verbose_name="what follows: dial",
            ),
        ),
        migrations.AlterField(
            model_name="phoneline",
            name="number",
            field=models.CharField(
                help_text="For example +97231234567 or 03-1234567; or a client:, sip: or whatsapp: address.",
                max_length=64,
                unique=True,
                verbose_name="number",
            ),
        ),
        migrations.CreateModel(
            name="NumberChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.CharField(max_length=64, verbose_name="line")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("follow_number", "what follows: dial"),
                            ("fallback_number", "then dial"),
                            ("person", "person to hand calls over to"),
                        ],
                        max_length=20,
                        verbose_name="what",
                    ),
                ),
                ("before", models.CharField(blank=True, max_length=120, verbose_name="before")),
                ("after", models.CharField(blank=True, max_length=120, verbose_name="after")),
                ("username", models.CharField(max_length=150, verbose_name="who")),
                ("changed_at", models.DateTimeField(db_index=True, verbose_name="time")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a dialled number",
                "verbose_name_plural": "changes of dialled numbers",
                "ordering": ("-changed_at", "-pk"),
                "default_permissions": ("view",),
            },
        ),
        migrations.RunPython(read_numbers, migrations.RunPython.noop),
        migrations.RunPython(keep_who_may_dial, migrations.RunPython.noop),
    ]
