"""What an upgrade makes of rows that were there before."""

import json

import pytest

from tests.databases import migrated_postgres, postgres, postgresql_url, put_migrated_database  # noqa: F401 - fixtures
from tests.live.test_demo import manage

pytestmark = pytest.mark.live
RUN = """
import contextlib, io, json
from django.db import connection
from django.db.migrations.loader import MigrationLoader

def models_of(number):
    # The rows as that migration of calls has them: today's models know columns that are not there yet.
    graph = MigrationLoader(connection).graph
    (calls,) = [node for node in graph.nodes if node[0] == "calls" and node[1].startswith(number)]
    return graph.make_state([calls, *graph.leaf_nodes("stt")]).apps.get_model

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
said = []
for step in {steps!r}:
    # As in a process of its own.
    ContentType.objects.clear_cache()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        if isinstance(step, str):
            exec(step, {{"models_of": models_of}})
        else:
            call_command("migrate", *step, verbosity=0)
    said.append(out.getvalue())
print(json.dumps(said))
"""


def runner(tmp_path, environment):
    def run(*steps):
        done = manage("shell", "-v0", "-c", RUN.format(steps=steps), var_dir=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(params=["sqlite", "postgres"])
def run(request, tmp_path):
    """Runs code and migrations (to where migrate's arguments say) in turn on an empty database; what each said."""
    return runner(
        tmp_path, {"DATABASE_URL": request.getfixturevalue("postgres")} if request.param == "postgres" else {}
    )


@pytest.fixture(params=["sqlite", "postgres"])
def run_migrated(request, tmp_path):
    """The same on a database whose migrations have all run: a copy."""
    if request.param == "sqlite":
        put_migrated_database(tmp_path)
        return runner(tmp_path, {})
    return runner(tmp_path, {"DATABASE_URL": request.getfixturevalue("migrated_postgres")})


BEFORE = """
model = models_of("0008")
PhoneLine, TuningProfile = model("calls", "PhoneLine"), model("stt", "TuningProfile")
profile = TuningProfile.objects.create(name="p")
for number in ("+97231234567", "03-1234567", ""):
    PhoneLine.objects.create(number=f"+1{number}"[:20], name="line", profile=profile, fallback_number=number)
"""
AFTER = "from calls.models import LinePerson; print(*LinePerson.objects.values_list('line__name', 'number'))"


def test_the_number_that_was_offered_for_a_hand_over_is_on_the_lines_list(run):
    *_, after = run(("calls", "0008"), ("stt",), BEFORE, (), AFTER)
    assert after == "('line', '+97231234567')\n"


NUMBERS_BEFORE = """
from django.contrib.auth.models import Group, Permission
model = models_of("0011")
PhoneLine, TuningProfile = model("calls", "PhoneLine"), model("stt", "TuningProfile")
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


def test_numbers_that_were_saved_before_are_read_and_the_others_are_named(run_migrated):
    *_, upgrade, after = run_migrated(("calls", "0011"), NUMBERS_BEFORE, (), NUMBERS_AFTER)
    head, *unread = upgrade.strip().splitlines()
    assert head.startswith("unread_numbers: ")
    assert [line.strip().split(": ", 1) for line in unread] == [
        ["PhoneLine 2 (line)", "number '03-5550101' is +97235550101, which stands there already"],
        ["PhoneLine 3 (line)", "follow_number 'abc' is no number"],
        ["PhoneLine 4 (line)", "number 'abc' is no number"],
        ["PhoneLine 4 (line)", "follow_number '*2700' is no number"],
        ["LinePerson 2 (ron)", "number '03-1234567' is +97231234567, which stands there already"],
    ]
    lines, people, groups = after.splitlines()
    assert lines == (
        "('+97235550101', '+97235550111') ('03-5550101', '') ('+97235550102', 'abc') ('abc', '*2700') "
        "('+97235550302', '+97235550111')"
    )
    assert (people, groups) == ("+97231234567 03-1234567 +972527654321", "admin")


TOKENS_BEFORE = """
model = models_of("0043")
profile = model("stt", "TuningProfile").objects.create(name="p")
line = model("calls", "PhoneLine").objects.create(number="+97235550101", name="line", profile=profile)
for name in ("all", "some"):
    token = model("calls", "ApiToken").objects.create(name=name, digest=name)
token.lines.add(line)
"""
ITS_LINE_IS_DELETED = "from calls.models import PhoneLine; PhoneLine.objects.all().delete()"
TOKENS_AFTER = """
from calls.models import ApiToken
print(*ApiToken.objects.values_list("name", "all_lines"))
"""
TOKENS_BACK = """
print(*models_of("0043")("calls", "ApiToken").objects.filter(revoked_at=None).values_list("name", flat=True))
"""


def test_tokens_without_lines_are_of_all_lines_and_one_of_none_is_never_one_of_all(run_migrated):
    steps = (("calls", "0043"), TOKENS_BEFORE, (), TOKENS_AFTER, ITS_LINE_IS_DELETED, ("calls", "0043"))
    *_, after, _deleted, _back, standing = run_migrated(*steps, TOKENS_BACK)
    assert (after.strip(), standing.strip()) == ("('all', True) ('some', False)", "all")
