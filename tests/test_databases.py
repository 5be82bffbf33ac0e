"""What tests have of a database."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.databases import RowsOfApplications


def rows():
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        return {table: cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608


def test_an_emptied_database_gets_the_rows_that_the_applications_wrote_the_first_time(db):
    if connection.vendor != "sqlite":
        pytest.skip("copied on SQLite alone")
    written = []

    def write(verbosity, interactive, db, **_):
        kind = ContentType.objects.create(app_label="calls", model="made_up")
        permission = Permission.objects.create(content_type=kind, codename="may", name="מותר")
        Group.objects.create(name="made up").permissions.add(permission)
        written.append(db)

    put = RowsOfApplications(write)
    put(0, False, "default")
    first = rows()
    for model in (Group, Permission, ContentType):
        model.objects.all().delete()
    assert rows() != first
    put(0, False, "default")
    assert rows() == first and written == ["default"]
