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
