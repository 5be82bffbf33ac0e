"""What an upgrade makes of rows that were there before."""

import pytest

from tests.live.test_demo import manage
from tests.live.test_outages import postgres  # noqa: F401 - a fixture

pytestmark = pytest.mark.live
BEFORE = """
from calls.models import PhoneLine
from stt.models import TuningProfile
profile = TuningProfile.objects.create(name="p")
for number in ("+97231234567", "03-1234567", ""):
    PhoneLine.objects.create(number=f"+1{number}"[:20], name="line", profile=profile, fallback_number=number)
"""
AFTER = "from calls.models import LinePerson; print(*LinePerson.objects.values_list('line__name', 'number'))"


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_number_that_was_offered_for_a_hand_over_is_on_the_lines_list(tmp_path, request, database):
    environment = {"DATABASE_URL": request.getfixturevalue("postgres")} if database == "postgres" else {}
    for command in (
        ("migrate", "-v0", "calls", "0008"),
        ("migrate", "-v0", "stt"),
        ("shell", "-v0", "-c", BEFORE),
        ("migrate", "-v0"),
    ):
        done = manage(*command, var_dir=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
    assert manage("shell", "-v0", "-c", AFTER, var_dir=tmp_path, **environment).stdout == "('line', '+97231234567')\n"


NUMBERS_BEFORE = """
from django.contrib.auth.models import Group, Permission
from django.db import connection
from calls.models import PhoneLine
from stt.models import TuningProfile
for name in ("admin", "tuner"):
    Group.objects.get(name=name).permissions.remove(*Permission.objects.filter(codename="change_dialled_numbers"))
profile = TuningProfile.objects.create(name="p")
for number, follows in (
    ("+97235550101", "\u202a03-5550111\u202c"), ("03-5550101", ""), ("03-5550102", "abc"), ("abc", "*2700"),
    ("\u200e+97235550302", "+97235550111"),
):
    line = PhoneLine.objects.create(number=number, name="line", profile=profile, follow_number=follows)
line.people.create(name="dana", number="+97231234567")
line.people.create(name="ron", number="03-1234567")
line.people.create(name="gal", number="052-7654321")
"""
NUMBERS_AFTER = """
from django.contrib.auth.models import Group
from calls.models import LinePerson, PhoneLine
print(*PhoneLine.objects.order_by("pk").values_list("number", "follow_number"))
print(*LinePerson.objects.order_by("pk").values_list("number", flat=True))
dials = Group.objects.filter(permissions__codename="change_dialled_numbers")
print(*dials.values_list("name", flat=True))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_numbers_that_were_saved_before_are_read_and_the_others_are_named(tmp_path, request, database):
    environment = {"DATABASE_URL": request.getfixturevalue("postgres")} if database == "postgres" else {}
    for command in (
        ("migrate", "-v0"),
        ("migrate", "-v0", "calls", "0011"),
        ("shell", "-v0", "-c", NUMBERS_BEFORE),
    ):
        done = manage(*command, var_dir=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
    done = manage("migrate", "-v0", var_dir=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    head, *unread = done.stdout.strip().splitlines()
    assert head.startswith("unread_numbers: ")
    assert [line.strip().split(": ", 1) for line in unread] == [
        ["PhoneLine 2 (line)", "number '03-5550101' is +97235550101, which stands there already"],
        ["PhoneLine 3 (line)", "follow_number 'abc' is no number"],
        ["PhoneLine 4 (line)", "number 'abc' is no number"],
        ["PhoneLine 4 (line)", "follow_number '*2700' is no number"],
        ["LinePerson 2 (ron)", "number '03-1234567' is +97231234567, which stands there already"],
    ]
    lines, people, groups = manage(
        "shell", "-v0", "-c", NUMBERS_AFTER, var_dir=tmp_path, **environment
    ).stdout.splitlines()
    assert lines == (
        "('+97235550101', '+97235550111') ('03-5550101', '') ('+97235550102', 'abc') ('abc', '*2700') "
        "('+97235550302', '+97235550111')"
    )
    assert (people, groups) == ("+97231234567 03-1234567 +972527654321", "admin")
