"""What calls/desk/admin/listing.py needs on PostgreSQL, built while calls are written; other databases have no need of it.

Not in the models' Meta: these kinds of index exist on PostgreSQL alone, and a later change of a table would try to make
them on SQLite.
"""

from django.db import Error, migrations

NEWEST = {
    "call_newest": "calls_call (started_at DESC NULLS LAST, id DESC)",
    "call_status_newest": "calls_call (status, started_at DESC NULLS LAST, id DESC)",
    "turn_engine": "calls_transcript (engine)",
    "turn_code_call": "calls_transcript (code, call_id) WHERE code > ''",
}
TRIGRAMS = {
    "call_from_trigrams": "calls_call USING gin (UPPER(from_number) gin_trgm_ops)",
    "call_to_trigrams": "calls_call USING gin (UPPER(to_number) gin_trgm_ops)",
}
"""Those of the turns' words: migration ``search_text``, which also drops the ones that this migration once made."""
ANALYZE = "ANALYZE calls_call, calls_transcript"


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, what in NEWEST.items():
        build(schema_editor, name, what)
    if has_trigrams(schema_editor, TRIGRAMS, [ANALYZE]):
        for name, what in TRIGRAMS.items():
            build(schema_editor, name, what)
    schema_editor.execute(ANALYZE)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in [*NEWEST, *TRIGRAMS]:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def build(schema_editor, name, what):
    # A build that was broken off leaves an invalid index of that name.
    schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def has_trigrams(schema_editor, wanted, then):
    """pg_trgm is there and knows Hebrew letters; where it does not, says how to make the indexes that are wanted."""
    with schema_editor.connection.cursor() as cursor:
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute("SELECT cardinality(show_trgm('שלום'))")
            if cursor.fetchone()[0]:
                return True
            reason = "its character type is C and knows no Hebrew letters: make the database with a UTF-8 locale, then"
        except Error as error:
            reason = f"{str(error).splitlines()[0]}: have its owner run CREATE EXTENSION pg_trgm, then"
    statements = [f"CREATE INDEX CONCURRENTLY {name} ON {what}" for name, what in wanted.items()]
    print(
        "\nno_trigrams: calls are found by spoken words and numbers, but slowly where there are many. PostgreSQL has "
        f"no pg_trgm for this database ({reason} these statements):\n  " + ";\n  ".join([*statements, *then]) + ";"
    )
    return False


class Migration(migrations.Migration):
    # Concurrent builds run outside of a transaction.
    atomic = False

    dependencies = [("calls", "0002_hearing")]

    operations = [migrations.RunPython(make, remove)]
