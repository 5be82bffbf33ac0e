"""Calls replayed at other settings: what would really have come, and what cannot be known."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from calls.core.agent_turns import AgentTurn, AnswerTimes, PlayedPart
from calls.core.turns import Source, Turn
from calls.models import Call
from calls.storage import rows
from calls.storage.recording import Recording
from calls.storage.records import AgentTurnSaved, TurnSaved
from calls.storage.rewriting import rewrite
from calls.whatif.answers_again import BARGE_IN, FLOOR, UNKNOWABLE_TALK
from calls.whatif.comparison import ANSWERS, Pair, debounced, paired, right, unknowable, what_if
from calls.whatif.recorded_call import Audio, HeardEvent, RecordedCall
from stt.admin import TuningProfileAdmin
from stt.events import Final, Interim, StreamClosed, Word
from stt.tuning import Tuning
from tests.storage_keys import NEW, OLD, under
from tests.traced import LIBRARY, heard, sorted_by_time

UNHASTENED = Tuning(half_close_ms=0)
"""Streams that are never half-closed are the same at every hangover."""
QUICK = replace(UNHASTENED, vad_hangover_ms=100, stt_timeout_ms=150, settle_ms=0, early_min_characters=4)


def test_what_would_have_come_at_other_settings_is_foretold(tmp_path):
    hits = turns = changed = 0
    for seed in range(8):
        first = 3 * seed % len(LIBRARY.recordings)
        before, trace = heard(tmp_path / f"{seed}a.trace", UNHASTENED, seed=seed, first=first)
        after, _ = heard(tmp_path / f"{seed}b.trace", QUICK, seed=seed, first=first)
        truth = paired(before.values(), after.values())
        found = right(what_if(trace, UNHASTENED, QUICK).pairs, truth)
        hits, turns = hits + found[0], turns + found[1]
        changed += sum(pair.is_changed or pair.source_changed for pair in truth)
    assert changed > turns / 4  # it is worth asking
    assert hits / turns >= 0.95


def test_a_more_sensitive_detector_needs_the_recording(tmp_path):
    path = tmp_path / "call.trace"
    _, trace = heard(path, Tuning(vad_aggressiveness=3))
    truth, _ = heard(tmp_path / "other.trace", Tuning(vad_aggressiveness=0))
    audio = Audio(*Recording(path.with_suffix(".vrec")).ulaw())
    before, after = Tuning(vad_aggressiveness=3), Tuning(vad_aggressiveness=0)
    listened = what_if(trace, before, after, audio=audio)
    spans = [(t.started_ms, t.ended_ms) for t in sorted_by_time(listened.after.turns.values()) if not t.vad_missed]
    assert spans == [(t.started_ms, t.ended_ms) for t in sorted_by_time(truth.values()) if not t.vad_missed]
    assert [one.code for one in listened.unknown] == ["other_finals"]
    assert {one.code for one in what_if(trace, before, after).unknown} == {"finer_ear", "other_finals"}


def test_a_higher_margin_is_known_from_the_levels(tmp_path):
    """To a decibel: a trace keeps whole ones."""
    _, trace = heard(tmp_path / "call.trace", Tuning())
    truth, _ = heard(tmp_path / "other.trace", Tuning(noise_margin_db=18))
    found = what_if(trace, Tuning(), Tuning(noise_margin_db=18))
    voiced = [sum(t.ended_ms - t.started_ms for t in turns) for turns in (found.after.turns.values(), truth.values())]
    assert voiced[0] == pytest.approx(voiced[1], rel=0.1)
    assert [one.code for one in found.unknown] == ["other_finals"]


def test_what_a_trace_cannot_say_is_named():
    other = Tuning(
        stt_batch_ms=40,
        stt_partial_debounce_ms=60,
        model="x",
        streaming=False,
        renew_after_s=100,
        noise_margin_db=3,
        vad_engine="silero",
        half_close_ms=120,
        answer_pause_ms=1600,
        silence_reprompt_ms=9000,
        turn_model="smart_turn",
    )
    assert {one.setting: one.code for one in unknowable(UNHASTENED, other, recorded=False)} == {
        "half_close_ms": "other_streams",
        "vad_engine": "other_ear",
        "stt_batch_ms": "other_streams",
        "stt_partial_debounce_ms": "finer_partials",
        "noise_margin_db": "finer_ear",
        "renew_after_s": "other_streams",
        "streaming": "other_engine",
        "model": "other_engine",
        "silence_reprompt_ms": "other_answers",
        "turn_model": "other_answers",
    }
    known = replace(
        UNHASTENED, vad_hangover_ms=400, stt_timeout_ms=900, settle_ms=0, early_punctuation=False, noise_margin_db=9
    )
    assert unknowable(UNHASTENED, known, recorded=False) == []
    (hastened,) = unknowable(Tuning(), Tuning(vad_hangover_ms=400), recorded=False)
    assert (hastened.setting, hastened.code) == ("vad_hangover_ms", "other_finals")


def test_every_setting_of_the_answering_leg_is_named_as_one_that_changes_no_word():
    """On its form, and in the settings' table: none is passed over as if nothing had been changed."""
    with translation.override("en"):
        answering = [options for name, options in TuningProfileAdmin.fieldsets if "Answering" in str(name)]
    assert {name for options in answering for name in options["fields"]} == {*ANSWERS, *FLOOR, *BARGE_IN}


def test_a_longer_debounce_delivers_fewer_partials():
    interims = [HeardEvent(ms, Interim((str(ms),), ms)) for ms in (100, 220, 350, 480, 900)]
    last = [HeardEvent(950, Final((Word("א"),), 950)), HeardEvent(1000, StreamClosed(0))]
    trace = RecordedCall(events=[*interims, *last])
    coarse = debounced(trace, Tuning(), Tuning(stt_partial_debounce_ms=300))
    words = [(one.now_ms, one.event.words[0]) for one in coarse.events if isinstance(one.event, Interim)]
    assert words == [(100, "100"), (400, "350"), (700, "480")]  # the one of 900 is overtaken by the final
    assert coarse.events[-2:] == last
    assert debounced(trace, Tuning(), Tuning()) is trace


def test_turns_of_the_same_speech_are_paired():
    def turn(number, start, end):
        return Turn(number, start, end, "א", Source.FINAL)

    one, two, whole = turn(1, 0, 1000), turn(2, 1300, 1800), turn(1, 0, 1800)
    assert paired([one, two], [whole]) == [Pair(one, whole), Pair(two, None)]
    assert paired([one], [one, two]) == [Pair(one, one), Pair(None, two)]
    assert [pair.is_changed for pair in paired([one, two], [whole])] == [False, True]


@pytest.fixture
def kept_call(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "recordings").mkdir()
    turns, _ = heard(tmp_path / "recordings" / "call.trace", Tuning())
    streams = {"MZ1": {"started_at": "2026-11-25T10:00:00+00:00", "recording": "recordings/call.vrec"}}
    now = datetime(2026, 11, 25, 10, tzinfo=UTC)
    call = Call.objects.create(
        call_sid="CA1", started_at=now, ended_at=now, streams=streams, tuning=Tuning().as_dict(), to_number="+1"
    )
    rows.write(TurnSaved("CA1", turn) for turn in turns.values())
    return call


def whatif(*arguments):
    out = StringIO()
    call_command("whatif", *arguments, stdout=out)
    return out.getvalue()


def without_its_time(said):
    """How long it took is another one each time."""
    return re.sub(r"in \d+\.\d s$", "in s", said, flags=re.MULTILINE)


def test_a_call_is_heard_again_from_encrypted_files_and_not_without_their_key(kept_call, settings):
    plain = without_its_time(whatif("--call", "CA1"))
    folder = settings.VAR_DIR / "recordings"
    with under(OLD):
        for path in folder.iterdir():
            rewrite(path, OLD, folder)
        assert without_its_time(whatif("--call", "CA1")) == plain
    with under(NEW), pytest.raises(CommandError, match="storage_key_missing"):
        whatif("--call", "CA1")


def test_the_command_shows_before_and_after(kept_call):
    same = whatif("--call", "CA1")
    assert "turns changed: none" in same
    turns = kept_call.turns.count()
    assert f"{turns} of {turns} turns as stored" in same
    other = whatif("--last", "5", "--line", "+1", "--set", "settle_ms=0", "STT_TIMEOUT_MS=150", "model=x")
    assert "turns changed: none" not in other
    assert "not known: model:" in other
    answered = whatif("--call", "CA1", "--set", "silence_reprompt_ms=9000", "turn_model=smart_turn")
    assert "turns changed: none" in answered
    assert "not known: silence_reprompt_ms: It decides when the line answers" in answered
    assert "not known: turn_model: " in answered
    assert "withdrawn" not in answered
    assert "answers:" not in answered


@pytest.fixture
def answered_call(kept_call):
    """The same, with an answer to its last turn, half a second after it."""
    kept_call.tuning = Tuning(answer_pause_ms=500).as_dict()
    kept_call.save()
    last = kept_call.turns.latest("started_ms", "number")
    times = AnswerTimes(floor_rule="open", floor_ms=500, prepared_ms=0, first_audio_ms=0)
    heard = PlayedPart("שלום", 200)
    began_ms = last.ended_ms + 500
    answer = AgentTurn(5001, began_ms, began_ms + 200, "שלום", heard, times, answers=last.number)
    rows.write([AgentTurnSaved("CA1", answer)])
    return kept_call


def test_the_command_shows_an_answer_at_other_settings(answered_call):
    own = whatif("--call", "CA1")
    assert "answer: begins same  שלום" in own
    assert "answers: they begin 1 same; interruptions: 1 same" in own
    assert "1 of 1 answer as stored" in own
    assert f"not known: {UNKNOWABLE_TALK}" in own
    later = whatif("--call", "CA1", "--set", "answer_pause_ms=650", "backchannels=אהה, כן", "stop_words=די")
    assert "answer: begins later by 150 ms  שלום" in later
    assert "they begin 1 later; interruptions: 1 same" in whatif("--last", "1", "--set", "answer_pause_ms=650")


@pytest.mark.django_db
def test_the_command_says_what_it_cannot_do(kept_call):
    for arguments, code in (
        (("--call", "CA2"), "unknown_call"),
        (("--call", "CA1", "--set", "vad_hangover_ms=5"), "bad_setting"),
        (("--call", "CA1", "--set", "vad_hangover=5"), r"no setting 'vad_hangover'; there are vad_hangover_ms"),
        (("--call", "CA1", "--set", "qqqq=5"), r"no setting 'qqqq'; there are answer_\w+, .*, vad_aggressiveness"),
        (("--call", "CA1", "--set", "vad_hangover_ms"), "vad_hangover_ms has no value: write vad_hangover_ms=VALUE"),
        (("--call", "CA1", "--set", "streaming=3"), "bad_setting: streaming is true or on or .*, not '3'"),
        (("--call", "CA1", "--profile", "x"), "unknown_profile"),
        (("--last", "5", "--line", "+2"), "no_trace"),
    ):
        with pytest.raises(CommandError, match=code):
            whatif(*arguments)
    kept_call.streams = {}
    kept_call.tuning = replace(Tuning(), vad_hangover_ms=300).as_dict()
    kept_call.save()
    with pytest.raises(CommandError, match="no_trace"):
        whatif("--call", "CA1")
