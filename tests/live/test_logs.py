"""The log of whole calls, transcribed and answered, names nobody and repeats nobody."""

import re

import pytest

from tests.databases import put_migrated_database, rows_of
from tests.live.test_demo import manage

pytestmark = pytest.mark.live


def test_no_word_no_number_and_no_token_is_in_the_log(tmp_path):
    put_migrated_database(tmp_path)
    done = manage("demo", "--once", "--only", "answers", "booking", var_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "demo.log").read_text("utf-8")
    turns = rows_of(tmp_path, "SELECT text FROM calls_transcript WHERE text != ''")
    callers = rows_of(tmp_path, "SELECT from_number, to_number FROM calls_call")
    assert len(turns) > 8 and log.count("[LATENCY]") >= 8
    # What callers and the line say is Hebrew; what a process says of itself is not.
    assert not re.search("[א-ת]", log)
    for row in callers:
        for number in (row["from_number"], row["to_number"]):
            assert number and number.removeprefix("+972").removeprefix("+") not in log
    assert "/ws/twilio/" not in log
