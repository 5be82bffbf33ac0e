"""LOG_FORMAT=json: each line is an object, and says of which call and turn it is."""

import io
import json
import logging
import logging.config
import os
import subprocess
import sys
from datetime import datetime

import pytest

from tests.calls.test_consumer import SID, Caller, engine  # noqa: F401 - a fixture
from tests.paths import ROOT
from tests.sounds import silence, speech
from voiceapp.json_lines import JsonLines
from voiceapp.runtime.log_context import CALL_SID, of_call
from voiceapp.runtime.this_process import PROCESS


@pytest.fixture(autouse=True)
def no_call():
    """A test before this one may have left its call's id in this thread."""
    CALL_SID.set("")


def record(message, *args, exc_info=None, **extra):
    made = logging.LogRecord("calls.live", logging.WARNING, "", 0, message, args, exc_info)
    made.__dict__ |= extra
    return made


def line(*args, **more):
    (written,) = JsonLines().format(record(*args, **more)).splitlines()
    return json.loads(written)


def test_a_line_is_an_object_with_its_message_to_the_letter():
    said = line("🚀 Streaming STT enabled: %s", True)
    assert datetime.fromisoformat(said.pop("time")).utcoffset().total_seconds() == 0
    assert said == {
        "level": "WARNING",
        "logger": "calls.live",
        "message": "🚀 Streaming STT enabled: True",
        "process": PROCESS,
    }


def test_it_says_its_call_and_turn_by_what_it_was_given_or_where_it_was_written():
    with of_call("CA1"):
        assert (line("x")["call"], line("x", call="CA2", turn=3)["call"]) == ("CA1", "CA2")
    assert line("x", turn=3)["turn"] == 3
    assert "call" not in line("x")


def test_a_traceback_stays_within_its_object_and_nothing_else_of_a_record_is_taken():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        said = line("failed", exc_info=sys.exc_info(), request="<WSGIRequest>", status_code=500)
    assert "ValueError: two\nlines" in said["exception"]
    assert not {"request", "status_code"} & said.keys()


@pytest.mark.parametrize("behind", ["", "?x=1", '"', "\\", "\n", "'"])
def test_a_token_is_in_no_object_and_breaks_none(behind):
    try:
        raise ValueError(f"/ws/twilio/secret{behind}")
    except ValueError:
        said = line("Not Found: %s", f"/ws/twilio/secret{behind}", exc_info=sys.exc_info())
    assert "/ws/twilio/…" in said["message"] and "/ws/twilio/…" in said["exception"]
    assert "secret" not in said["message"] + said["exception"].splitlines()[-1]


@pytest.fixture
def log(settings):
    """What settings.LOGGING writes with LOG_FORMAT=json: its objects, when called."""
    written = io.StringIO()
    stderr = {**settings.LOGGING["handlers"]["stderr"], "stream": written, "formatter": "json"}
    logging.config.dictConfig({**settings.LOGGING, "handlers": {"stderr": stderr}})
    yield lambda: [json.loads(one) for one in written.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


@pytest.mark.django_db(transaction=True)
async def test_every_line_of_a_call_names_it_also_those_of_its_thread(engine, log):  # noqa: F811
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(300))
    await caller.hang_up()
    lines = log()
    (latency,) = [one for one in lines if one["message"].startswith("[LATENCY]")]
    assert (latency["call"], latency["turn"]) == (SID, 1)
    (of_thread,) = [one for one in lines if "in executor" in one["message"]]
    assert (of_thread["call"], of_thread["turn"]) == (SID, 1)
    assert "שלום" not in json.dumps(lines, ensure_ascii=False)


def test_the_environment_chooses_it_and_text_is_the_default():
    program = "import logging, django; django.setup(); logging.getLogger('a').warning('said')"
    said = {}
    for chosen in ("", "json"):
        environment = {**os.environ, "DEBUG": "1", "LOG_FORMAT": chosen, "DJANGO_SETTINGS_MODULE": "voiceapp.settings"}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        said[chosen] = done.stderr.strip()
    assert said[""].endswith(" WARNING a said")
    assert json.loads(said["json"])["message"] == "said"
