"""What is read off a call whose answer met a fault, and the documented table of all of them."""

import re
from types import SimpleNamespace

import pytest

from calls.desk.codes import ANSWERING
from calls.lab.answer_fault_calls import FaultRow
from calls.lab.answer_faults import (
    CASES,
    ENDS,
    LACKING,
    LONGEST_SILENCE_MS,
    QUESTIONS,
    FaultCase,
    FaultyAnswer,
    ended_in_fallback,
    first_answer,
    second_was_answered,
)
from calls.lab.call_report import CallReport
from calls.lab.caller_script import EndedBy, padded_frames, speech_frames
from calls.lab.emulator.llm_faults import LlmFault
from calls.lab.emulator.tts import TtsFaults
from calls.lab.played_audio import HeardAnswer, PlayedAudio
from calls.lines.line_settings import Fallback
from calls.reply.voices.recorded import Prompts
from stt.tuning import Tuning
from stt.wavfile import read_ulaw
from tests.paths import ROOT

BLOCK = re.search(
    r"<!-- faults -->\n(.*?)<!-- /faults -->", (ROOT / "docs" / "answering.md").read_text("utf-8"), re.DOTALL
)[1]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in BLOCK.splitlines() if line.startswith("| `")]
SPEECH_MS = 20 * speech_frames(list(padded_frames(read_ulaw(QUESTIONS[0]))))
APOLOGY = Prompts().named("apology")


def test_every_fault_of_the_emulators_is_a_case():
    assert {case.llm for case in CASES} == set(LlmFault)
    assert not LACKING
    assert {name for case in CASES if case.tts for name in [case.tts.partition("=")[0]]} <= set(TtsFaults.names())
    assert len({case.name for case in CASES}) == len({case.voice for case in CASES}) == len(CASES)


def test_every_case_has_its_rows_in_the_document():
    names = [re.match("`(.+?)`", row[0])[1] for row in ROWS]
    assert names == [case.name for case in CASES for _ in range(2 if case.tts else 1)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_documented_row_says_what_is_known_and_no_caller_met_silence(row):
    _, heard, first_ms, silence_ms, on_call, kept, following, again = row
    codes = set(re.findall("`(.+?)`", on_call + kept))
    assert codes <= set(ANSWERING)
    assert heard != "nothing" and int(first_ms) <= int(silence_ms) <= Tuning().responder_first_ms + 1000
    failed = kept.startswith("failed")
    assert failed == ("the apology" in heard) == bool(re.findall("`(.+?)`", kept))
    assert following in ("answered", "") and again in ("", "the line's fallback" if failed else "the call goes on")
    assert following or again


CODE_OF = {
    LlmFault.SLOW_FIRST: "responder_slow",
    LlmFault.SLOW_HEADERS: "responder_slow",
    LlmFault.STALL: "responder_slow",
    LlmFault.TRICKLE: "responder_slow",
    LlmFault.SIGNS_OF_LIFE: "responder_slow",
    LlmFault.STATUS_500: "responder_raised",
    LlmFault.STATUS_429: "responder_raised",
    LlmFault.CUT_OFF: "responder_raised",
    LlmFault.NO_END: "responder_raised",
    LlmFault.NOT_JSON: "responder_raised",
    LlmFault.ERROR_EVENT: "responder_raised",
    LlmFault.EMPTY: "responder_silent",
    LlmFault.MALFORMED_TOOL: "act_unknown",
    LlmFault.UNKNOWN_TOOL: "act_unknown",
    LlmFault.MARKDOWN: "",
    LlmFault.LEAKED_TOOL: "",
    LlmFault.NO_USAGE: "",
}


@pytest.mark.parametrize("fault", [one for one in LlmFault if one is not LlmFault.NONE])
def test_a_models_fault_is_documented_with_its_code(fault):
    (row,) = [row for row in ROWS if row[0] == f"`llm:{fault}`"]
    assert "".join(re.findall("`(.+?)`", row[5])) == CODE_OF[fault]


VOICE_CODES = {
    "late_ms=60000": "voice_slow",
    "stall_ms=300": "voice_slow",
    "cut_off_ms=300": "voice_raised",
    "empty": "voice_empty",
    "exhausted=1000": "voice_quota",
    "exhausted_after_ms=300": "voice_quota",
    "unavailable=1000": "voice_raised",
}
"""The others do no harm."""


@pytest.mark.parametrize("fault", [case.tts for case in CASES if case.tts])
def test_a_voices_fault_is_documented_with_its_code_and_a_second_voice_says_the_answer(fault):
    second, alone = [row for row in ROWS if row[0].startswith(f"`tts:{fault}`")]
    code = VOICE_CODES.get(fault, "")
    assert "".join(re.findall("`(.+?)`", alone[5])) == code
    assert ("in the second voice" in second[1]) == bool(code) and second[5] == "played"
    for row in (second, alone):
        noted = set(re.findall("`(.+?)`", row[4]))
        assert {"voice_fallback", code} <= noted if code else not noted


def answered(text, *, code="", outcome="played", voice="google:x", answers=1):
    return SimpleNamespace(answers=answers, played_text=text, code=code, outcome=outcome, voice=voice)


def report_of(*sounds, again_ms=None):
    """A caller who speaks from 1 s on; ``sounds``: ms behind the end of that speech, and what was played then."""
    report = CallReport("CA1", first_ms=100)
    report.played = [("q", 1100, 1100 + SPEECH_MS)]
    if again_ms is not None:
        report.played.append(("q", 1100 + SPEECH_MS + again_ms, 9999))
    for at_ms, ulaw in sounds:
        at = round((1000 + SPEECH_MS + at_ms) * 8)
        report.answers.append(HeardAnswer(at, at + len(ulaw)))
        report.heard.append(PlayedAudio(at, ulaw))
    return report


def test_a_filler_and_the_apology_are_told_by_their_sound():
    filler = Prompts().fillers[1]
    later_ms = 1000 + len(filler.ulaw) / 8 + 1500
    row = answered(APOLOGY.text, code="responder_slow", outcome="failed")
    report = report_of((-900, APOLOGY.ulaw[:800]), (1000, filler.ulaw), (later_ms, APOLOGY.ulaw))
    found = first_answer(FaultCase("x"), report, ([row], [], ["responder_slow", "responder_slow", "half_closed"]))
    assert found == FaultyAnswer(
        "a filler, the apology", 1000, 1500, ("responder_slow", "half_closed"), "failed", "responder_slow"
    )


def test_the_beginning_of_an_answer_and_a_second_voice_are_told_by_its_row():
    case = FaultCase("x")
    failed = answered(f"בסדר. {APOLOGY.text}", code="voice_slow", outcome="failed", voice=case.voice)
    sounds = report_of((700, bytes(800)), (900, APOLOGY.ulaw))
    assert first_answer(case, sounds, ([failed], [], [])).heard == "its beginning, the apology"
    failed.played_text = f"בסדר. {ENDS} {APOLOGY.text}"
    assert first_answer(case, sounds, ([failed], [], [])).heard == "the answer, the apology"
    second = answered("בסדר.", voice="google:he-IL-Standard-A")
    assert first_answer(case, report_of((700, bytes(800))), ([second], [1], [])).heard == (
        "the answer in the second voice, and a value is saved"
    )


def test_silence_is_nothing_heard_and_what_comes_behind_the_next_question_is_not_the_answer():
    found = first_answer(FaultCase("x"), report_of((6000, APOLOGY.ulaw), again_ms=5000), ([], [], []))
    assert (found.heard, found.first_ms, found.outcome) == ("nothing", None, "")
    assert FaultRow("x", None, found, True, None).problems


def test_only_a_second_answer_without_a_code_is_one():
    first, second = answered("א", code="responder_slow"), answered("ב", answers=2)
    greeting = answered("ג", answers=None)
    assert second_was_answered([greeting, first, second])
    assert not second_was_answered([greeting, first])
    assert not second_was_answered([first, answered("ב", answers=2, code="voice_slow")])


def test_the_fallback_is_what_the_caller_is_told_when_the_line_ends_the_stream():
    report = CallReport("CA1", after=f"<Say>{Fallback().sentence}</Say>", ended_by=EndedBy.LINE)
    assert ended_in_fallback(report)
    report.ended_by = EndedBy.CALLER
    assert not ended_in_fallback(report)
    report.ended_by, report.after = EndedBy.LINE, "<Hangup/>"
    assert not ended_in_fallback(report)


@pytest.mark.parametrize(
    ("outcome", "silence_ms", "goes_on", "fallback", "problems"),
    [
        ("failed", 2500, True, True, 0),
        ("played", 2500, True, False, 0),
        ("played", 2500, True, None, 0),
        ("played", LONGEST_SILENCE_MS + 1, True, None, 1),
        ("failed", 2500, False, True, 1),
        ("failed", 2500, True, False, 1),
        ("played", 2500, True, True, 1),
    ],
)
def test_silence_no_second_answer_and_no_fallback_are_problems(outcome, silence_ms, goes_on, fallback, problems):
    answer = FaultyAnswer("the answer", 900, silence_ms, (), outcome, "")
    assert len(FaultRow("x", None, answer, goes_on, fallback).problems) == problems
