"""CallSession: messages and events in, actions out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.core.actions import (
    AskOneShot,
    CallBegun,
    CallOver,
    CloseSocket,
    Feed,
    Note,
    TurnAccepted,
    TurnAnswered,
    TurnRevised,
    Wake,
)
from calls.core.hearing_engines import HeardBy
from calls.core.messages import Dtmf, Malformed, Mark, Media, Start, Stop
from calls.core.revisions import MAX_TRIES
from calls.core.session import CallSession, State
from calls.core.turns import EndReason, Source
from stt.events import (
    Final,
    Interim,
    OneShotDone,
    RecognizerError,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
    Word,
)
from stt.tuning import Tuning
from tests.sounds import silence, speech

SID = "CA1"


class Call:
    """A session with its clock: audio moves time on."""

    def __init__(self, *, vad=None, heard_by=None, **tuning):
        self.session = CallSession(SID, Tuning(**tuning), heard_by=heard_by, account_sid="AC1", vad=vad)
        self.now_ms = 0.0
        self.sequence = 1
        self.actions = []
        self.receive(Start("MZ1", SID))
        if self.session.tuning.streaming:
            self.hear(StreamOpened(0, 1))

    @property
    def media_ms(self):
        return int(self.now_ms)

    def receive(self, message):
        actions = self.session.receive(message, self.now_ms)
        self.actions += actions
        if Wake() in actions:
            self.actions += self.session.tick(self.now_ms)

    def hear(self, event):
        self.actions += self.session.heard(event, self.now_ms)

    def play(self, frames):
        for frame in frames:
            self.sequence += 1
            self.receive(Media(self.sequence, self.media_ms, frame))
            self.actions += self.session.tick(self.now_ms)
            self.now_ms += 20

    def wait(self, ms):
        until_ms = self.now_ms + ms
        while (deadline := self.session.next_deadline_ms(self.now_ms)) is not None and deadline <= until_ms:
            self.now_ms = max(self.now_ms, deadline)
            self.actions += self.session.tick(self.now_ms)
        self.now_ms = until_ms

    def says(self, text, end_ms=None):
        self.hear(Interim(tuple(text.split()), end_ms or self.media_ms))

    def settles(self, text, end_ms=None):
        self.hear(Final(tuple(Word(word) for word in text.split()), end_ms or self.media_ms))

    def of(self, kind):
        return [action for action in self.actions if isinstance(action, kind)]

    @property
    def turns(self):
        return [action.turn for action in self.of(TurnAccepted)]


def test_every_frame_is_fed_in_order():
    call = Call()
    call.play(silence(100) + speech(300))
    assert [action.at_ms for action in call.of(Feed)] == list(range(0, 400, 20))


def test_a_covering_final_is_the_turn():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.settles("שלום לך")
    (turn,) = call.turns
    assert (turn.text, turn.source, turn.rule) == ("שלום לך", Source.FINAL, "covering_final")


def test_a_strong_partial_is_taken_early_once_it_has_settled():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.says("אני רוצה לקבוע תור")
    assert call.turns == []
    call.says("אני רוצה לקבוע תור")
    (turn,) = call.turns
    assert (turn.source, turn.rule) == (Source.EARLY, "strong_partial")


def test_a_short_partial_with_punctuation_is_strong():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.says("כן.")
    call.says("כן.")
    assert call.turns[0].source is Source.EARLY


def test_a_short_partial_without_punctuation_waits_for_the_time_out():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.says("כן")
    call.says("כן")
    assert call.turns == []
    call.wait(450)
    assert (call.turns[0].text, call.turns[0].source) == ("כן", Source.PARTIAL)


def test_a_strong_partial_that_does_not_cover_is_waited_for():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    for _ in range(3):
        call.says("אני רוצה לקבוע תור", end_ms=700)
    assert call.turns == []


def test_a_hypothesis_that_ends_where_the_voice_ended_may_lack_its_last_word():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    for _ in range(3):
        call.says("אני רוצה לקבוע תור", end_ms=1120)
    assert call.turns == []
    call.says("אני רוצה לקבוע תור מחר", end_ms=1450)
    call.says("אני רוצה לקבוע תור מחר", end_ms=1490)
    assert call.turns[0].text == "אני רוצה לקבוע תור מחר"


def test_a_partial_not_heard_to_its_end_is_waited_for_twice_as_long():
    call = Call(settle_ms=500)
    call.play(silence(500) + speech(600) + silence(240))
    call.says("אני רוצה לקבוע", end_ms=900)
    call.wait(450 + 900)
    assert call.turns == []
    call.wait(110)
    assert (call.turns[0].text, call.turns[0].rule) == ("אני רוצה לקבוע", "timeout")


def test_a_partial_that_has_not_settled_waits_for_its_final():
    call = Call()
    call.play(silence(500) + speech(600) + silence(240))
    call.says("אני רוצה לקבוע תוכ")
    call.wait(460)
    assert call.turns == []
    call.settles("אני רוצה לקבוע תור")
    assert (call.turns[0].text, call.turns[0].source) == ("אני רוצה לקבוע תור", Source.FINAL)


def test_without_words_the_one_shot_recogniser_is_asked_with_the_utterances_audio():
    call = Call()
    call.play(silence(500) + speech(600) + silence(240))
    call.wait(450)
    (ask,) = call.of(AskOneShot)
    assert b"".join(speech(600)[:20]) in ask.ulaw
    call.hear(OneShotDone(ask.utterance, ("שלום",)))
    assert (call.turns[0].text, call.turns[0].source) == ("שלום", Source.FALLBACK)


def test_a_dead_stream_is_not_waited_for():
    call = Call()
    call.hear(StreamClosed(0, RecognizerError("unavailable")))
    call.hear(StreamingLost(RecognizerError("unavailable")))
    call.play(silence(500) + speech(600) + silence(240))
    assert len(call.of(AskOneShot)) == 1


def test_without_streaming_every_utterance_goes_to_the_one_shot():
    call = Call(streaming=False)
    for number in (1, 2):
        call.play(silence(500) + speech(600) + silence(300))
        call.hear(OneShotDone(number, (f"w{number}",)))
    assert [(turn.text, turn.source) for turn in call.turns] == [("w1", "fallback"), ("w2", "fallback")]


@pytest.mark.parametrize(
    ("heard_by", "rescued"),
    [
        (HeardBy("wide", "latest", one_shot_engine="exact", one_shot_model="small"), ("exact", "small")),
        (HeardBy("wide", "latest"), ("wide", "latest")),
    ],
    ids=["two engines", "one engine"],
)
def test_a_turn_names_the_engine_that_gave_it_its_words(heard_by, rescued):
    call = Call(heard_by=heard_by)
    call.play(silence(500) + speech(600) + silence(240))
    call.settles("שלום")
    call.play(silence(500) + speech(600) + silence(240))
    call.wait(450)
    (ask,) = call.of(AskOneShot)
    call.hear(OneShotDone(ask.utterance, ("תודה",)))
    streamed, one_shot = call.turns
    assert (streamed.text, streamed.engine, streamed.model) == ("שלום", "wide", "latest")
    assert (one_shot.text, one_shot.engine, one_shot.model) == ("תודה", *rescued)


def test_no_words_from_anyone_is_a_turn_with_a_code():
    call = Call()
    call.play(silence(500) + speech(600) + silence(240))
    call.wait(450)
    call.hear(OneShotDone(1, (), RecognizerError("unavailable")))
    (turn,) = call.turns
    assert (turn.text, turn.source, turn.code) == ("", Source.NONE, "unavailable")
    assert Note("fallback_failed", "unavailable") in call.actions


def test_what_an_emulator_does_not_know_is_an_answer_and_no_failure():
    call = Call()
    call.play(silence(500) + speech(600) + silence(240))
    call.wait(450)
    call.hear(OneShotDone(1, (), RecognizerError("emulator_unknown")))
    (turn,) = call.turns
    assert (turn.text, turn.source, turn.code) == ("", Source.NONE, "emulator_unknown")
    assert "fallback_failed" not in [note.code for note in call.of(Note)]
    # Nor is it asked again when words come, or the call ends.
    call.play(silence(1000) + speech(600) + silence(6000))
    call.says("שלום לכם ולכולם")
    assert [asked.utterance for asked in call.of(AskOneShot)].count(1) == 1


def test_a_one_shot_that_never_answers_is_given_up_at_its_deadline():
    call = Call()
    call.play(silence(500) + speech(600) + silence(240))
    call.wait(450 + 4000)
    assert (call.turns[0].source, call.turns[0].code) == (Source.NONE, "fallback_timeout")


def test_late_words_amend_and_make_no_second_turn():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.says("שלום")
    call.says("שלום")
    call.wait(450)
    call.settles("שלום לכם", end_ms=1200)
    assert len(call.turns) == 1
    (revised,) = call.of(TurnRevised)
    assert (revised.old, revised.turn.heard_text, revised.turn.revision) == ("שלום", "שלום לכם", 1)


def test_a_turn_that_was_answered_keeps_its_total_when_late_words_come():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.says("שלום")
    call.says("שלום")
    call.wait(450)
    call.actions += call.session.answered(1, 900)
    call.actions += call.session.answered(1, 5000) + call.session.answered(7, 900)
    (answered,) = call.of(TurnAnswered)
    assert (answered.turn.total_ms, answered.turn.revision, answered.turn.heard_text) == (900, 1, "שלום")
    call.settles("שלום לכם", end_ms=1200)
    (revised,) = call.of(TurnRevised)
    assert (revised.turn.total_ms, revised.turn.revision, revised.turn.heard_text) == (900, 2, "שלום לכם")


def test_turns_are_handed_on_in_speech_order():
    call = Call()
    call.play(silence(500) + speech(600) + silence(240))
    call.wait(450)  # the first goes to the one-shot
    call.now_ms = 2000.0
    call.play(speech(600) + silence(300))
    call.settles("שני")
    assert call.turns == []
    call.hear(OneShotDone(1, ("ראשון",)))
    assert [turn.number for turn in call.turns] == [1, 2]


def test_the_utterance_ends_when_frames_stop_coming():
    call = Call()
    call.play(silence(500) + speech(600))
    call.wait(220 + 300)
    call.settles("הלו")
    assert call.turns[0].end_reason is EndReason.NO_FRAMES


def test_hanging_up_in_mid_word_still_makes_a_turn():
    call = Call()
    call.play(silence(500) + speech(600))
    call.receive(Stop(SID))
    call.settles("להתראות")
    call.hear(StreamClosed(0))
    assert (call.turns[0].text, call.turns[0].end_reason) == ("להתראות", EndReason.HANGUP)
    assert call.of(CallOver)
    assert call.session.state is State.ENDED


def test_a_drained_stream_without_words_leaves_the_one_shot():
    call = Call()
    call.play(silence(500) + speech(600))
    call.receive(Stop(SID))
    call.hear(StreamClosed(0))
    (ask,) = call.of(AskOneShot)
    call.hear(OneShotDone(ask.utterance, ("כן",)))
    assert call.turns[0].text == "כן"
    assert call.of(CallOver)


def test_latencies_are_measured_from_the_voice_and_none_without_an_anchor():
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.now_ms += 100
    call.settles("שלום")
    (turn,) = call.turns
    # The last voiced frame arrived at 1080; the final came at 1500.
    assert turn.final_ms == pytest.approx(420, abs=40)
    assert turn.total_ms is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Malformed("bad_json"), "bad_json"),
        (Start("MZ1", SID), "second_start"),
        (Start("MZ1", "CAother"), "foreign_call"),
        (Stop("CAother"), "foreign_call"),
        (Start("MZ1", SID, "ACother"), "foreign_account"),
        (Media(2, 0, b"\xff" * 160, "inbound", "MZother"), "foreign_stream"),
        (Stop(SID, 2, "MZother"), "foreign_stream"),
        (Dtmf("5", 2, "inbound_track", "MZother"), "foreign_stream"),
        (Mark("m1", 2, "MZother"), "foreign_stream"),
        (Dtmf("5"), "dtmf"),
        (Media(2, 0, b"\xff" * 33), "odd_payload"),
        (Media(2, 0, b"\xff" * 160, "outbound"), "other_track"),
    ],
)
def test_what_is_odd_is_counted_on_the_call(message, code):
    call = Call()
    call.receive(message)
    assert call.session.counters[code] == 1
    assert call.session.state is State.LIVE


def test_media_before_start_is_counted_and_not_heard():
    session = CallSession(SID, Tuning())
    assert session.receive(Media(1, 0, speech(20)[0]), 0.0) == []
    assert session.counters["media_before_start"] == 1


def test_a_socket_without_a_start_is_closed_after_five_seconds_whatever_else_comes():
    session = CallSession(SID, Tuning(streaming=False), opened_ms=100.0)
    assert session.next_deadline_ms(100.0) == 100.0 + 5000
    session.receive(Media(1, 0, speech(20)[0]), 4000.0)
    assert CloseSocket("no_start") not in session.tick(5099.0)
    assert CloseSocket("no_start") in session.tick(5100.0)


def test_a_line_on_which_nothing_comes_is_closed_after_fifteen_seconds():
    call = Call()
    began_ms = call.now_ms
    assert call.session.next_deadline_ms(began_ms) == began_ms + 15_000
    assert CloseSocket("silent_line") in call.session.tick(began_ms + 15_000)


@pytest.mark.parametrize(
    ("start", "code"), [(Start("MZ1", "CAother"), "foreign_call"), (Start("MZ1", SID, "ACother"), "foreign_account")]
)
def test_a_start_of_another_call_ends_the_socket(start, code):
    session = CallSession(SID, Tuning(), account_sid="AC1")
    assert CloseSocket("foreign_start") in session.receive(start, 0.0)
    assert (session.counters[code], session.start, session.state) == (1, None, State.DRAINING)


def test_a_malformed_start_ends_the_socket_but_not_a_call_that_is_heard():
    bad = Malformed("bad_sid", is_start=True)
    session = CallSession(SID, Tuning())
    assert session.receive(Malformed("bad_sid"), 0.0) == []
    assert CloseSocket("bad_start") in session.receive(bad, 0.0)
    assert (session.counters["bad_sid"], session.start, session.state) == (2, None, State.DRAINING)
    heard = Call()
    heard.receive(bad)
    assert (heard.session.counters["bad_sid"], heard.session.state) == (1, State.LIVE)


def test_a_stop_before_the_start_is_counted_and_the_start_is_waited_for():
    session = CallSession(SID, Tuning(), opened_ms=100.0)
    assert session.receive(Stop(), 200.0) == []
    assert (session.counters["stop_before_start"], session.state) == (1, State.WAITING)
    assert CloseSocket("no_start") in session.tick(5100.0)
    session = CallSession(SID, Tuning())
    session.receive(Stop(), 0.0)
    session.receive(Start("MZ1", SID), 1.0)
    assert session.state is State.LIVE


@pytest.mark.parametrize(("ours", "theirs"), [("AC1", "AC1"), ("", "AC1"), ("AC1", "")])
def test_an_account_is_compared_where_both_are_known(ours, theirs):
    session = CallSession(SID, Tuning(), account_sid=ours)
    session.receive(Start("MZ1", SID, theirs), 0.0)
    assert session.state is State.LIVE


def test_audio_of_another_stream_is_not_heard_and_moves_no_sequence():
    call = Call()
    assert call.session.receive(Media(99, 5000, speech(20)[0], "inbound", "MZother"), call.now_ms) == []
    call.receive(Media(2, 0, speech(20)[0], "inbound", "MZ1"))
    assert call.session.audio.received.frames == 1
    assert +call.session.counters == {"foreign_stream": 1}


def test_gaps_repeats_and_reordering_of_sequence_numbers_are_counted():
    call = Call()
    for sequence, at_ms in ((2, 0), (3, 20), (3, 20), (6, 80), (5, 60)):
        call.receive(Media(sequence, at_ms, silence(20)[0]))
    counted = call.session.counters
    assert (counted["sequence_repeat"], counted["sequence_gap"], counted["sequence_reordered"]) == (1, 1, 1)
    assert call.session.audio.received.lost == 2


def test_odd_payloads_are_one_row_of_frames():
    call = Call()
    audio = b"".join(speech(400))
    for at in range(0, len(audio), 70):
        call.receive(Media(None, None, audio[at : at + 70]))
    assert b"".join(action.ulaw for action in call.of(Feed)) == audio[: len(audio) // 160 * 160]


def test_the_start_opens_the_calls_record():
    assert Call().of(CallBegun)[0].start.stream_sid == "MZ1"


WORDS = st.sampled_from(["a", "b", "c", "d"])
STEPS = st.one_of(
    st.tuples(st.just("play"), st.sampled_from(["speech", "silence"]), st.integers(1, 60)),
    st.tuples(st.just("interim"), st.lists(WORDS, max_size=5), st.integers(0, 20_000)),
    st.tuples(st.just("final"), st.lists(WORDS, max_size=5), st.integers(0, 20_000)),
    st.tuples(st.just("one_shot"), st.lists(WORDS, max_size=3), st.integers(1, 6)),
    st.tuples(st.just("close"), st.booleans(), st.just(0)),
    st.tuples(st.just("wait"), st.just(None), st.integers(1, 5000)),
    st.tuples(st.just("stop"), st.just(None), st.just(0)),
    st.tuples(st.just("renewed"), st.integers(0, 2), st.integers(0, 20_000)),
    st.tuples(st.just("opened"), st.integers(0, 3), st.integers(1, 3)),
    st.tuples(st.just("lost"), st.just(None), st.just(0)),
)


def perform(call, kind, what, number):
    """One step of a random call."""
    if kind == "play":
        call.play((speech if what == "speech" else silence)(number * 20))
    elif kind == "interim":
        call.hear(Interim(tuple(what), number or None))
    elif kind == "final":
        call.hear(Final(tuple(Word(word) for word in what), number or None))
    elif kind == "one_shot":
        call.hear(OneShotDone(number, tuple(what)))
    elif kind == "close":
        call.hear(StreamClosed(0, RecognizerError("unavailable") if what else None))
    elif kind == "wait":
        call.wait(number)
    elif kind == "renewed":
        call.hear(StreamRenewed(what, number))
    elif kind == "opened":
        call.hear(StreamOpened(what, number))
    elif kind == "lost":
        call.hear(StreamingLost(RecognizerError("unavailable")))
    else:
        call.receive(Stop(SID))


@given(st.lists(STEPS, max_size=25))
def test_any_call_ends_with_one_turn_for_each_utterance(steps):
    call = Call()
    for step in steps:
        perform(call, *step)
    call.receive(Stop(SID))
    call.wait(30_000)
    assert call.session.state is State.ENDED
    numbers = [turn.number for turn in call.turns]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len(set(numbers)) == len(numbers)


@given(st.lists(STEPS, max_size=25))
def test_time_that_has_decided_is_not_waited_for_again(steps):
    call = Call()
    for step in [*steps, ("stop", None, 0), ("wait", None, 3000)]:
        perform(call, *step)
        call.actions += call.session.tick(call.now_ms)
        deadline_ms = call.session.next_deadline_ms(call.now_ms)
        assert deadline_ms is None or deadline_ms > call.now_ms


def test_a_call_hears_with_the_voice_detector_that_it_was_given():
    class Deaf:
        lag_ms = 0

        def is_speech(self, pcm, sample_rate_hz, /):
            return False

    spoken = silence(400) + speech(600) + silence(400)
    for vad, heard in ((None, True), (Deaf(), False)):
        call = Call(vad=vad)
        call.play(spoken)
        assert bool(call.session.speech_ms) is heard


def unheard_call():
    """A call whose first utterance no engine heard: the one-shot recogniser failed as well."""
    call = Call()
    call.play(silence(500) + speech(600) + silence(300))
    call.wait(450)
    call.hear(OneShotDone(1, (), RecognizerError("unavailable")))
    assert (call.turns[0].source, call.turns[0].code) == (Source.NONE, "unavailable")
    return call


def test_a_turn_that_no_engine_heard_is_heard_again_when_the_engine_gives_words_again():
    call = unheard_call()
    call.wait(1000)
    assert len(call.of(AskOneShot)) == 1
    call.play(speech(600))
    call.says("עוד")
    assert [ask.utterance for ask in call.of(AskOneShot)] == [1, 1]
    call.hear(OneShotDone(1, ("שלום",)))
    revised = call.of(TurnRevised)[-1].turn
    assert (revised.number, revised.revised_text, revised.source) == (1, "שלום", Source.NONE)


def test_a_turn_that_no_engine_hears_is_tried_a_few_times_and_once_more_at_the_end():
    call = unheard_call()
    call.play(speech(600))
    for _ in range(6):
        call.says("עוד")
        for number in range(1, 20):
            call.hear(OneShotDone(number, (), RecognizerError("unavailable")))
        call.play(silence(6000))
    asked = [ask.utterance for ask in call.of(AskOneShot)].count(1)
    assert asked == 1 + MAX_TRIES
    call.receive(Stop(SID))
    call.hear(StreamClosed(0))
    for _ in range(5):
        for number in range(1, 20):
            call.hear(OneShotDone(number, (), RecognizerError("unavailable")))
    assert [ask.utterance for ask in call.of(AskOneShot)].count(1) == asked + 1
    call.wait(30_000)
    assert call.session.state is State.ENDED


def test_at_hang_up_a_turn_that_no_engine_heard_is_tried_before_the_call_is_over():
    call = unheard_call()
    call.receive(Stop(SID))
    call.hear(StreamClosed(0))
    assert not call.of(CallOver)
    call.hear(OneShotDone(1, ("שלום",)))
    assert call.of(TurnRevised)[-1].turn.heard_text == "שלום"
    assert call.of(CallOver)


def test_the_audio_of_a_turn_that_no_engine_heard_is_kept():
    call = unheard_call()
    call.play(silence(20_000))
    call.says("עוד")
    assert len(call.of(AskOneShot)[-1].ulaw) >= 600 * 8


def test_a_turn_whose_stream_failed_before_it_had_listened_to_the_end_is_heard_again():
    call = Call()
    call.play(silence(500) + speech(1500) + silence(300))
    call.settles("שלום", end_ms=1000)
    call.wait(2000)
    assert (call.turns[0].text, call.turns[0].rule) == ("שלום", "held_final")
    call.hear(StreamClosed(0, RecognizerError("unavailable")))
    assert [ask.utterance for ask in call.of(AskOneShot)] == [1]
    call.hear(OneShotDone(1, ("שלום", "לך")))
    assert call.of(TurnRevised)[-1].turn.heard_text == "שלום לך"


def test_one_rescue_is_asked_at_a_time():
    call = Call()
    for text in ("שלום לך", "שלום לך מה שלומך"):
        call.play(silence(500) + speech(600) + silence(300))
        call.says(text)
        call.wait(3000)
    call.hear(StreamClosed(0, RecognizerError("unavailable")))
    assert [ask.utterance for ask in call.of(AskOneShot)] == [1]
    call.hear(OneShotDone(1, ("שלום",)))
    assert [ask.utterance for ask in call.of(AskOneShot)] == [1, 2]


def test_a_turn_whose_stream_failed_under_it_is_heard_again_though_another_stream_gave_words():
    call = Call()
    call.play(silence(500) + speech(600))
    call.hear(StreamClosed(0, RecognizerError("unavailable")))
    call.hear(StreamOpened(1, 1))
    call.play(speech(600) + silence(300))
    call.hear(Final((Word("לך", 1200, 1600),), call.media_ms, stream=1))
    call.hear(OneShotDone(1, (), RecognizerError("unavailable")))
    assert (call.turns[0].text, call.turns[0].source) == ("לך", Source.PARTIAL)
    assert [ask.utterance for ask in call.of(AskOneShot)] == [1, 1]
    call.hear(OneShotDone(1, ("שלום", "לך")))
    assert call.of(TurnRevised)[-1].turn.heard_text == "שלום לך"


def test_after_hang_up_every_turn_that_no_engine_heard_is_tried_while_answers_come():
    """Five of them at four seconds each: longer than one answer is waited for."""
    call = Call()
    for number in range(1, 6):
        call.play(silence(500) + speech(600) + silence(300))
        call.wait(450)
        call.hear(OneShotDone(number, (), RecognizerError("unavailable")))
    call.receive(Stop(SID))
    call.hear(StreamClosed(0))
    for number in range(1, 6):
        assert not call.of(CallOver)
        call.wait(3900)
        call.hear(OneShotDone(number, ("שלום",)))
    assert [revised.turn.heard_text for revised in call.of(TurnRevised)] == ["שלום"] * 5
    assert call.of(CallOver)
