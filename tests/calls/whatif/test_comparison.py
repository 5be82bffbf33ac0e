"""Calls heard again from their traces: at their own settings the same, at others what would really have come."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls.core import actions as act
from calls.core.turns import Source, Turn
from calls.models import Call
from calls.storage import rows
from calls.storage.recording import Recorder, RecordingDisk
from calls.storage.records import TurnSaved
from calls.storage.trace import RecognitionTrace, read_trace
from calls.whatif.comparison import Pair, paired, right, unknowable, what_if
from calls.whatif.trace_replay import Ask, Audio, HeardEvent, RecordedCall, heard_of, rerun
from stt.emulator.recordings import Library
from stt.events import Final, Interim, StreamClosed, Word
from stt.tuning import Tuning
from tests.paths import SAMPLES
from tests.virtual import Engine, VirtualCall, in_virtual_time

LIBRARY = Library([SAMPLES])
UNHASTENED = Tuning(half_close_ms=0)
"""Streams that are never half-closed are the same at every hangover."""
QUICK = replace(UNHASTENED, vad_hangover_ms=100, stt_timeout_ms=150, settle_ms=0, early_min_characters=4)


class TracedCall(VirtualCall):
    """A call that keeps its trace and its recording, as the consumer does."""

    def __init__(self, engine, tuning, path):
        self.disk = RecordingDisk()
        self.disk.start()
        self.trace = RecognitionTrace(path, self.disk, 0.0)
        self.recorder = Recorder(path.with_suffix(".vrec"), self.disk)
        super().__init__(engine, tuning)

    def _heard(self, event):
        self.trace.event(event, self.now_ms)
        super()._heard(event)

    def _perform(self, actions):
        for action in actions:
            if isinstance(action, act.Feed):
                self.trace.frame(action, self.now_ms)
                self.recorder.push(action.at_ms, action.ulaw)
            elif isinstance(action, act.FinishStream):
                self.trace.stopped(self.now_ms)
        super()._perform(actions)


def heard(path, tuning, *, seed=1, first=0, **faults):
    """A call's turns, and its trace read back."""

    async def call():
        call = TracedCall(Engine(LIBRARY, seed=seed, **faults), tuning, path)
        await call.noise(900)
        for recording in LIBRARY.recordings[first : first + 6]:
            await call.recording(recording)
            await call.noise(700)
        await call.hang_up()
        call.trace.flush()
        call.recorder.flush()
        call.disk.stop(10)
        return call.turns

    return in_virtual_time(call()), heard_of(read_trace(path))


def said(turns):
    return [
        (t.number, t.source, t.rule, t.text, t.revised_text, t.started_ms, t.ended_ms)
        for t in sorted(turns, key=lambda turn: turn.number)
    ]


@pytest.mark.parametrize("faults", [{}, {"finals": False}, {"longest_s": 12.0}, {"dies_after_s": 9.0}])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_call_heard_again_at_its_own_settings_is_the_same(tmp_path, seed, faults):
    turns, trace = heard(tmp_path / "call.trace", Tuning(), seed=seed, first=4 * seed, **faults)
    again = rerun(trace, Tuning())
    assert said(again.turns.values()) == said(turns.values())
    late_ms = [abs(turns[n].final_ms - t.final_ms) for n, t in again.turns.items() if t.final_ms is not None]
    assert max(late_ms) <= 2
    assert trace.timed
    assert what_if(trace, Tuning(), Tuning()).pairs == [Pair(t, t) for t in sorted_by_time(again.turns.values())]


def sorted_by_time(turns):
    return sorted(turns, key=lambda turn: (turn.started_ms, turn.number))


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


def test_a_more_sensitive_ear_listens_to_the_recording(tmp_path):
    path = tmp_path / "call.trace"
    _, trace = heard(path, Tuning(vad_aggressiveness=3))
    truth, _ = heard(tmp_path / "other.trace", Tuning(vad_aggressiveness=0))
    from calls.storage.recording import Recording

    audio = Audio(*Recording(path.with_suffix(".vrec")).ulaw())
    before, after = Tuning(vad_aggressiveness=3), Tuning(vad_aggressiveness=0)
    listened = what_if(trace, before, after, audio=audio)
    spans = [(t.started_ms, t.ended_ms) for t in sorted_by_time(listened.after.turns.values()) if not t.unvoiced]
    assert spans == [(t.started_ms, t.ended_ms) for t in sorted_by_time(truth.values()) if not t.unvoiced]
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
    }
    known = replace(
        UNHASTENED, vad_hangover_ms=400, stt_timeout_ms=900, settle_ms=0, early_punctuation=False, noise_margin_db=9
    )
    assert unknowable(UNHASTENED, known, recorded=False) == []
    (hastened,) = unknowable(Tuning(), Tuning(vad_hangover_ms=400), recorded=False)
    assert (hastened.setting, hastened.code) == ("vad_hangover_ms", "other_finals")


def test_a_longer_debounce_delivers_fewer_partials():
    from calls.whatif.comparison import _debounced

    interims = [HeardEvent(ms, Interim((str(ms),), ms)) for ms in (100, 220, 350, 480, 900)]
    last = [HeardEvent(950, Final((Word("א"),), 950)), HeardEvent(1000, StreamClosed(0))]
    trace = RecordedCall(events=[*interims, *last])
    coarse = _debounced(trace, Tuning(), Tuning(stt_partial_debounce_ms=300))
    words = [(one.now_ms, one.event.words[0]) for one in coarse.events if isinstance(one.event, Interim)]
    assert words == [(100, "100"), (400, "350"), (700, "480")]  # the one of 900 is overtaken by the final
    assert coarse.events[-2:] == last
    assert _debounced(trace, Tuning(), Tuning()) is trace


def test_an_older_trace_without_times_of_frames_is_taken_to_have_come_evenly():
    lines = [{"frames": 100, "voiced": [True, False], "dbfs": [-30, -60]}, {"event": "StreamOpened", "now_ms": 5}]
    lines[1] |= {"stream": 0, "attempt": 1}
    trace = heard_of(lines)
    assert ([f.arrived_ms for f in trace.frames], trace.stopped_ms, trace.timed) == ([0, 20], 20, False)


def test_within_a_millisecond_the_trace_says_what_came_first():
    from calls.whatif.trace_replay import _precedes

    event = HeardEvent(500, StreamClosed(0), after_ms=100)
    assert [_precedes(event, ms, 100) for ms in (499, 500, 501)] == [False, True, True]
    assert not _precedes(event, 500, 80)
    assert not _precedes(replace(event, after_ms=None), 500, 100)


def test_turns_of_the_same_speech_are_paired():
    def turn(number, start, end):
        return Turn(number, start, end, "א", Source.FINAL)

    one, two, whole = turn(1, 0, 1000), turn(2, 1300, 1800), turn(1, 0, 1800)
    assert paired([one, two], [whole]) == [Pair(one, whole), Pair(two, None)]
    assert paired([one], [one, two]) == [Pair(one, one), Pair(None, two)]
    assert [pair.is_changed for pair in paired([one, two], [whole])] == [False, True]


def test_like_requests_overlap():
    ask = Ask(1000, 2000, 0, 0, ())
    assert ask.likeness(1000, 2000) == 1
    assert ask.likeness(1100, 2000) == 0.9
    assert ask.likeness(3000, 4000) == 0


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


def test_the_command_shows_before_and_after(kept_call):
    same = whatif("--call", "CA1")
    assert "turns changed: none" in same
    turns = kept_call.turns.count()
    assert f"{turns} of {turns} turns as stored" in same
    other = whatif("--last", "5", "--line", "+1", "--set", "settle_ms=0", "stt_timeout_ms=150", "model=x")
    assert "turns changed: none" not in other
    assert "not known: model:" in other


@pytest.mark.django_db
def test_the_command_says_what_it_cannot_do(kept_call):
    for arguments, code in (
        (("--call", "CA2"), "unknown_call"),
        (("--call", "CA1", "--set", "vad_hangover_ms=5"), "bad_setting"),
        (("--call", "CA1", "--set", "x=5"), "bad_setting"),
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
