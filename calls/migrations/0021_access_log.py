"""The rows of reviewers' actions become the access log, which the database itself protects.

The table keeps its name: processes of the version before go on writing to it while they are replaced.
"""

from django.conf import settings
from django.db import migrations, models

REFUSED = "access_log_is_kept"
"""What the database says when an entry would be changed, or deleted before its time."""
FIXED = "kind", "call_sid", "stream_sid", "turn", "calls", "detail", "username", "began_at"

ON_POSTGRESQL = f"""
CREATE FUNCTION calls_access_log_is_kept() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN RAISE EXCEPTION '{REFUSED}'; END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.began_at > now() - interval '24 months' THEN RAISE EXCEPTION '{REFUSED}'; END IF;
        RETURN OLD;
    END IF;
    IF ({", ".join(f"NEW.{name}" for name in FIXED)}) IS DISTINCT FROM ({", ".join(f"OLD.{name}" for name in FIXED)})
        OR NEW.last_at < OLD.last_at
        OR (NEW.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id)
    THEN RAISE EXCEPTION '{REFUSED}'; END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER calls_access_log_is_kept BEFORE UPDATE OR DELETE ON calls_revieweraction
    FOR EACH ROW EXECUTE FUNCTION calls_access_log_is_kept();
CREATE TRIGGER calls_access_log_is_not_emptied BEFORE TRUNCATE ON calls_revieweraction
    FOR EACH STATEMENT EXECUTE FUNCTION calls_access_log_is_kept();
"""
OFF_POSTGRESQL = """
DROP TRIGGER calls_access_log_is_kept ON calls_revieweraction;
DROP TRIGGER calls_access_log_is_not_emptied ON calls_revieweraction;
DROP FUNCTION calls_access_log_is_kept();
"""
CHANGED = f"""
CREATE TRIGGER calls_access_log_is_not_changed BEFORE UPDATE ON calls_revieweraction
WHEN {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)}
    OR NEW.last_at < OLD.last_at OR (NEW.user_id IS NOT NULL AND NEW.user_id IS NOT OLD.user_id)
BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
"""
DELETED = f"""
CREATE TRIGGER calls_access_log_is_not_deleted BEFORE DELETE ON calls_revieweraction
WHEN OLD.began_at > datetime('now', '-24 months')
BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
"""
REPLACED = f"""
CREATE TRIGGER calls_access_log_is_not_replaced BEFORE INSERT ON calls_revieweraction
WHEN EXISTS (SELECT 1 FROM calls_revieweraction WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
"""  # noqa: S608 - our own text
OFF_SQLITE = (
    "DROP TRIGGER calls_access_log_is_not_replaced",
    "DROP TRIGGER calls_access_log_is_not_changed",
    # The tests empty their tables without it (tests/conftest.py).
    "DROP TRIGGER IF EXISTS calls_access_log_is_not_deleted",
)


def protect(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for sql in (ON_POSTGRESQL,) if on_postgresql else (CHANGED, DELETED, REPLACED):
        schema_editor.execute(sql)


def release(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for sql in (OFF_POSTGRESQL,) if on_postgresql else OFF_SQLITE:
        schema_editor.execute(sql)


def keep_who_may_read(apps, schema_editor):
    """Whoever could read the rows under their old name can read them under the new one."""
    _rename(apps, "view_revieweraction", "view_accessentry", "Can view access")


def keep_who_might_read(apps, schema_editor):
    _rename(apps, "view_accessentry", "view_revieweraction", "Can view reviewer's action")


def _rename(apps, codename, to, name):
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="calls")
    if permissions.filter(codename=to).exists():
        permissions.filter(codename=codename).delete()
    else:
        permissions.filter(codename=codename).update(codename=to, name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0020_supervisors_orders"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelTable("revieweraction", "calls_revieweraction"),
        migrations.RenameModel("ReviewerAction", "AccessEntry"),
        migrations.AlterModelOptions(
            "accessentry",
            options={
                "ordering": ("-began_at", "-pk"),
                "default_permissions": ("view",),
                "verbose_name": "access",
                "verbose_name_plural": "access log",
            },
        ),
        migrations.AddField(
            model_name="accessentry",
            name="turn",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="turn"),
        ),
        migrations.AddField(
            model_name="accessentry",
            name="detail",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="detail"),
        ),
        migrations.AlterField(
            model_name="accessentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("read", "read"),
                    ("watch", "watched live"),
                    ("listen", "listened"),
                    ("correct", "corrected"),
                    ("export", "exported"),
                    ("gold", "took corrected turns with their audio"),
                    ("delete", "deleted"),
                ],
                max_length=10,
                verbose_name="what",
            ),
        ),
        migrations.RunPython(keep_who_may_read, keep_who_might_read),
        migrations.RunPython(protect, release),
    ]
