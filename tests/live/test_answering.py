"""Conversations over real sockets: one served daphne, emulated recogniser and voice, and callers who listen."""

import asyncio
import json
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from calls.lab.call_report import CallReport
from calls.lab.caller_script import EndedBy, read_step
from calls.lab.fault_proxy import FaultProxy
from calls.lab.played_audio import MarkFate
from calls.lab.playout import TwilioHabits
from calls.lab.rig import Rig, free_port
from calls.lab.simulator import SimulatedCall
from calls.reply.conversation import unheard_clause
from tests.databases import put_migrated_database, row_of_ended_call, rows_of
from tests.live.test_demo import ROOT, manage
from tests.waiting import COMMAND_S

pytestmark = pytest.mark.live
CLIPS = ROOT / "samples" / "conversations"
GREETING = "שלום וברוכים הבאים לקו שלנו, אפשר לומר כל דבר, והקו חוזר על הדברים. מה שלומכם היום?"
BOOKING = """
start: phone
goodbye: להתראות.
no_match: phone
steps:
  phone:
    say: מה הטלפון?
    expect: {kind: digits, check: phone}
    save: phone
    match: confirm
  confirm:
    say: "{phone}. נכון?"
    expect: yes_no
    match: {"yes": booked, "no": phone}
  booked:
    say: תודה.
    next: [{note: {booked: "yes"}}, hang_up]
"""
PUT_THE_LINES = f"""
from django.conf import settings
from calls.lines.dialogues import Dialogue
from calls.lines.models import PhoneLine
from calls.lines.settings_cache import first_profile
profile = first_profile(settings.ENVIRONMENT_TUNING)
told = dict(profile=profile, voice="google:he-IL-Chirp3-HD-Aoede")
dialogue = Dialogue.objects.create(name="phone", text={BOOKING!r})
PhoneLine.objects.create(number="+97235550101", name="a", responder="scripted", dialogue=dialogue, **told)
PhoneLine.objects.create(number="+97235550102", name="b", responder="repeat", greeting={GREETING!r}, **told)
"""
SCRIPTED, REPEAT = "+97235550101", "+97235550102"


class LastCall(SimulatedCall):
    """One whose server goes away: nobody is asked what follows."""

    async def _follow(self, action, form):
        return "<Response/>"


@dataclass
class Held:
    """A conversation that is over, as the caller had it and as it was kept."""

    report: CallReport
    folder: object
    exported: dict

    @property
    def answers(self):
        return [turn for turn in self.exported["turns"] if turn["speaker"] == "agent"]

    @property
    def codes(self):
        query = "SELECT e.code FROM calls_callevent e JOIN calls_call c ON c.id = e.call_id WHERE c.call_sid = ?"
        return [row["code"] for row in rows_of(self.folder, query, self.report.call_sid)]


def call_of(line, to_number, *steps, kind=SimulatedCall, **more):
    script = [read_step(step) for step in steps]
    return kind(replace(line, to_number=to_number), (), script=script, longest_s=40, tail_s=0.6, **more)


async def has_heard(folder, call_sid):
    """The caller has heard a word of an answer, by the database."""
    query = (
        "SELECT 1 FROM calls_transcript t JOIN calls_call c ON c.id = t.call_id "
        "WHERE c.call_sid = ? AND t.speaker = 'agent' AND t.heard_text <> ''"
    )
    async with asyncio.timeout(20):
        while not rows_of(folder, query, call_sid):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


async def lose_the_stream(folder, proxy, call_sid):
    await has_heard(folder, call_sid)
    proxy.cut()


async def end_the_server(folder, rig, call_sid):
    await has_heard(folder, call_sid)
    rig.server.terminate()


async def converse(folder, rig, proxy):
    """All conversations, at a time; the last one is under way when the server is told to end."""
    line = rig.line
    past_proxy = replace(line, base_url=f"http://{proxy.address}")
    number, yes, hello = (CLIPS / f"{name}.wav" for name in ("booking_3", "booking_6", "repeat_1"))
    lost = call_of(past_proxy, REPEAT, "hang-up@after-heard+400", call_sid="CA" + "4" * 32)
    calls = {
        "booking": call_of(line, SCRIPTED, f"{number}@after-heard+350", f"{yes}@after-heard+350"),
        "lost marks": call_of(line, REPEAT, f"{hello}@after-heard+350", habits=TwilioHabits(lose_marks=1.0)),
        "hang-up": call_of(line, REPEAT, "hang-up@over+2500"),
        "lost stream": lost,
    }
    reports, _ = await asyncio.gather(
        asyncio.gather(*(call.run() for call in calls.values())), lose_the_stream(folder, proxy, lost.call_sid)
    )
    held = dict(zip(calls, reports, strict=True))
    drained = call_of(line, REPEAT, "hang-up@after-heard+9000", kind=LastCall, call_sid="CA" + "5" * 32)
    held["drain"], _ = await asyncio.gather(drained.run(), end_the_server(folder, rig, drained.call_sid))
    return held


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """What came of each conversation."""
    folder = tmp_path_factory.mktemp("answering")
    put_migrated_database(folder)
    done = manage("shell", "-v0", "-c", PUT_THE_LINES, var_dir=folder)
    assert done.returncode == 0, done.stderr
    own = {"VAR_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": "", "DEBUG": "1", "DRAIN_TIMEOUT_S": "0"}
    port = free_port()
    with (
        Rig(CLIPS, folder / "server.log", environment=own, speaks=True, port=port) as rig,
        FaultProxy(f"127.0.0.1:{port}") as proxy,
    ):
        assert urlsplit(rig.url).port == port
        reports = asyncio.run(converse(folder, rig, proxy))
        assert rig.server.wait(COMMAND_S) == 0
    exported = {}
    for line in manage("export_calls", var_dir=folder).stdout.splitlines():
        call = json.loads(line)
        exported[call["call_sid"]] = call
    for report in reports.values():
        row_of_ended_call(folder, report.call_sid)
    return {name: Held(report, folder, exported[report.call_sid]) for name, report in reports.items()}


def reached(report, name):
    """Of an answer's marks, those that the caller heard, and all."""
    marks = [echo for echo in report.mark_fates if echo.name.startswith(f"{name}.")]
    return [echo.name for echo in marks if echo.fate is MarkFate.REACHED], [echo.name for echo in marks]


def test_a_booking_comes_to_its_end_and_its_values_are_exported(held):
    booking = held["booking"]
    assert {one["key"]: one["value"] for one in booking.exported["saved_values"]} == {
        "phone": "0521234567",
        "booked": "yes",
    }
    assert (booking.report.ended_by, booking.report.unspoken) == (EndedBy.LINE, 0)
    assert booking.exported["end_reason"] == "answered"
    assert [one["outcome"] for one in booking.answers] == ["played"] * 3
    assert [one["heard_text"] for one in booking.answers] == [one["text"] for one in booking.answers]
    assert [one["floor_rule"] for one in booking.answers] == ["opening", "expected", "expected"]
    assert len({one["answers"] for one in booking.answers}) == 3
    for index, _ in enumerate(booking.answers, 1):
        heard, sent = reached(booking.report, f"a{index}")
        assert heard == sent != []


def test_marks_that_never_come_back_are_replaced_by_the_clock(held):
    lost = held["lost marks"]
    assert lost.report.marks == []
    assert "mark_lost" in lost.codes
    assert lost.answers[0]["outcome"] == "played" and lost.answers[0]["heard_text"] == GREETING
    assert "שלום מי מדבר" in lost.answers[1]["text"]


def test_who_hangs_up_in_mid_answer_has_heard_it_to_the_last_mark(held):
    call = held["hang-up"]
    (answer,) = call.answers
    heard, sent = reached(call.report, "a1")
    assert heard and heard != sent
    assert answer["outcome"] == "interrupted" and answer["text"] == GREETING
    assert GREETING.startswith(answer["heard_text"]) and 0 < len(answer["heard_text"]) < len(GREETING)
    heard_ms = sum(len(call.report.heard_by_mark[name]) for name in heard) / 8
    all_ms = sum(len(piece.ulaw) for piece in call.report.heard) / 8
    assert heard_ms - 100 <= answer["heard_ms"] <= all_ms + 400


def test_the_next_stream_resumes_at_the_clause_that_was_not_heard(held):
    call = held["lost stream"]
    assert len(call.report.streams) == 2
    cut, resumed = call.answers
    assert cut["outcome"] == "resumed" and cut["text"] == GREETING
    assert 0 < len(cut["heard_text"]) < len(GREETING)
    assert resumed["text"] == unheard_clause(GREETING, cut["heard_text"])
    assert (resumed["outcome"], resumed["heard_text"]) == ("played", resumed["text"])


def test_a_server_that_must_end_lets_the_piece_be_heard_and_keeps_its_row(held):
    call = held["drain"]
    (answer,) = call.answers
    heard, sent = reached(call.report, "a1")
    assert heard == sent != []
    assert answer["heard_text"] and GREETING.startswith(answer["heard_text"])
    # To the end of a piece, and there is more than one.
    assert answer["heard_text"][-1] in ",.?" and len(answer["heard_text"]) < len(GREETING)
    assert call.exported["end_reason"] == "drained"
    assert call.report.ended_by is EndedBy.LINE
