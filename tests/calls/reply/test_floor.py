"""Who may speak: by hand, and for any order of what a call can bring."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calls.core.status import BEGINS_WITHIN_MS, VoicedRun
from calls.core.turns import Source, Turn
from calls.reply.floor import MODEL_LATE_MS, Floor
from calls.reply.floor_due import AskAgain, FloorTaken, Holder, SayGoodbye
from calls.reply.floor_hold import LONGEST_ONSET_MS, held_until_ms
from calls.reply.floor_rule import UNFINISHED_BELOW, FloorRule
from calls.reply.items import DigitsCheck, Expect, ExpectationKind
from calls.reply.reading import Wholeness
from stt.tuning import Tuning

PLAIN, MODEL = Tuning(), Tuning(turn_model="smart_turn")
PHONE = Expect(ExpectationKind.DIGITS, check=DigitsCheck.PHONE)
YES_NO = Expect(ExpectationKind.YES_NO)
HANGOVER_MS = 220


def turn(number, text, **more):
    return Turn(number, 0, 0, text, Source.FINAL if text else Source.NONE, **more)


class Line:
    """A floor and its clock: what a caller does takes time, and ``due`` is asked whenever the floor wants to."""

    def __init__(self, tuning=PLAIN, expect=None):
        self.now_ms = 1000.0
        self.floor = Floor(tuning, self.now_ms)
        self.floor.expects(expect)
        self.spoken = 0
        self.given = []

    def wait(self, ms):
        """Look at each deadline; what was due stands in ``given`` with its instant."""
        until_ms = self.now_ms + ms
        while True:
            due = self.floor.due(self.now_ms)
            if due is not None:
                self.given.append((self.now_ms, due))
            next_ms = self.floor.next_deadline_ms(self.now_ms)
            if next_ms is None or next_ms > until_ms:
                break
            if next_ms <= self.now_ms:
                assert self.floor.asks_turn_model(self.now_ms) is not None
                continue
            self.now_ms = next_ms
        self.now_ms = until_ms
        return self

    def speak(self, ms=800):
        self.floor.speech_started(self.now_ms)
        self.wait(ms)
        self.voiced_ms = self.now_ms
        self.spoken += 1
        self.wait(HANGOVER_MS)
        self.floor.speech_ended(self.spoken, self.voiced_ms, self.now_ms)
        return self

    def voice(self, ms):
        """Voiced frames in which no speech is found."""
        from_ms, until_ms = self.now_ms, self.now_ms + ms
        while self.now_ms < until_ms:
            self.floor.voice = VoicedRun(from_ms, self.now_ms, round(self.now_ms - from_ms) + 20)
            self.wait(20)
        return self

    def heard(self, text, after_ms=150, number=None, **more):
        self.wait(after_ms)
        self.floor.turn_accepted(turn(number or self.spoken, text, **more), self.now_ms)
        return self

    def sounds(self, ms=2000, expect=None):
        self.floor.sounded(self.now_ms)
        self.floor.expects(expect)
        self.wait(ms)
        self.floor.played_out(self.now_ms)
        return self

    @property
    def taken(self):
        (_, due) = self.given[-1]
        return due


def test_an_open_turn_is_answered_after_the_open_pause():
    line = Line().speak().heard("אני רוצה לקבוע תור").wait(5000)
    assert line.given == [(line.voiced_ms + 1000, FloorTaken(FloorRule.OPEN, 1000, (1,), None))]


def test_who_goes_on_with_a_soft_sound_is_not_answered():
    line = Line().speak().heard("אני רוצה").wait(500).voice(200)
    assert not line.given and line.now_ms == line.voiced_ms + 1070
    line.speak().heard("לקבוע תור").wait(1000)
    assert [due.turns for _, due in line.given] == [(1, 2)]


def test_a_noise_holds_the_floor_only_while_it_may_be_a_consonant():
    line = Line().speak().heard("אני רוצה לקבוע תור").wait(600).voice(3000)
    assert [due.floor_ms for _, due in line.given] == [970 + LONGEST_ONSET_MS]
    click = Line().speak().heard("אני רוצה לקבוע תור").wait(600).voice(20).wait(1000)
    assert [due.floor_ms for _, due in click.given] == [970 + BEGINS_WITHIN_MS]
    early = Line().speak().heard("אני רוצה לקבוע תור").voice(200).wait(1000)
    assert [due.floor_ms for _, due in early.given] == [1000]


def test_nobody_is_asked_again_into_a_sound_that_begins():
    line = Line()
    begun_ms = line.now_ms
    line.wait(6900).voice(200)
    assert not line.given
    line.wait(100)
    assert line.given == [(begun_ms + 7080 + BEGINS_WITHIN_MS, AskAgain(1))]


def test_an_expected_answer_is_answered_after_the_short_pause():
    line = Line(expect=YES_NO).speak().heard("כן", after_ms=100).wait(5000)
    assert line.taken == FloorTaken(FloorRule.EXPECTED, 400, (1,), Wholeness.WHOLE)


def test_an_expected_answer_is_not_taken_before_its_text():
    line = Line(expect=YES_NO).speak().wait(680)
    assert not line.given
    line.heard("כן", after_ms=0).wait(0)
    assert line.taken.floor_ms == 900


def test_half_of_a_number_waits_for_the_long_pause():
    line = Line(expect=PHONE).speak().heard("אפס חמש שתיים").wait(1500)
    assert not line.given
    line.wait(500)
    assert line.taken == FloorTaken(FloorRule.UNFINISHED, 2000, (1,), Wholeness.UNFINISHED)


def test_the_groups_of_a_number_are_one_question():
    line = Line(expect=PHONE).speak().heard("052").wait(1200).speak().heard("123").wait(1200).speak().heard("4567")
    assert not line.given
    line.wait(1000)
    assert line.taken == FloorTaken(FloorRule.EXPECTED, 400, (1, 2, 3), Wholeness.WHOLE)


@settings(deadline=None)
@given(
    st.from_regex(r"\A0([57][0-9]{8}|[23489][0-9]{7})\Z"),
    st.lists(st.tuples(st.integers(1, 4), st.integers(400, 1500)), min_size=10, max_size=10),
)
def test_a_dictated_number_is_answered_once_and_whole(number, groups):
    line = Line(expect=PHONE)
    for length, pause_ms in groups:
        group, number = number[:length], number[length:]
        line.speak().heard(group, after_ms=150)
        if not number:
            break
        line.wait(pause_ms - HANGOVER_MS - 150)
    line.wait(3000)
    assert [due for _, due in line.given] == [
        FloorTaken(FloorRule.EXPECTED, 400, tuple(range(1, line.spoken + 1)), Wholeness.WHOLE)
    ]


def test_a_wrong_number_waits_as_an_unfinished_one():
    line = Line(expect=Expect(ExpectationKind.DIGITS, check=DigitsCheck.ISRAELI_ID)).speak().heard("123456789")
    assert line.wait(3000).taken == FloorTaken(FloorRule.UNFINISHED, 2000, (1,), Wholeness.WRONG)


def test_a_caller_who_speaks_takes_the_floor_back_and_is_answered_once():
    line = Line().speak().heard("אני רוצה").wait(1000)
    assert line.floor.taken == line.taken
    line.floor.speech_started(line.now_ms)
    assert line.floor.taken is None
    line.speak().heard("לקבוע תור").wait(1000)
    assert [due.turns for _, due in line.given] == [(1,), (1, 2)]
    assert line.sounds().wait(3000).given[2:] == []


def test_words_that_come_while_the_floor_is_taken_make_another_question():
    line = Line().speak().heard("אני רוצה").wait(1000).heard("תור", number=2, vad_missed=True).wait(2000)
    assert [due.turns for _, due in line.given] == [(1,), (1, 2)]
    assert line.taken.floor_ms == 1000  # from the words: nobody knows when they were spoken


def test_a_revision_of_words_makes_another_question_and_one_of_points_does_not():
    line = Line().speak().heard("אני רוצה תור").wait(1000)
    line.floor.turn_revised(turn(1, "אני רוצה תור", revised_text="אני רוצה, תור."), line.now_ms)
    assert len(line.wait(100).given) == 1
    line.floor.turn_revised(turn(1, "אני רוצה תור", revised_text="אני רוצה טור"), line.now_ms)
    assert len(line.wait(100).given) == 2


def test_words_revised_to_nothing_are_not_answered():
    line = Line().speak().heard("הממ")
    line.floor.turn_revised(turn(1, "הממ", revised_text=""), line.now_ms)
    assert not line.wait(3000).given


def test_a_revision_of_an_answered_turn_asks_for_nothing():
    line = Line().speak().heard("אני רוצה תור").wait(1000).sounds()
    line.floor.turn_revised(turn(1, "אני רוצה תור", revised_text="אני רוצה טור"), line.now_ms)
    assert len(line.wait(3000).given) == 1


def test_a_noise_is_not_answered_but_its_voice_postpones_the_answer():
    line = Line().speak().heard("אני רוצה תור", after_ms=100).wait(100).speak(100).heard("").wait(2000)
    assert line.taken == FloorTaken(FloorRule.OPEN, 1000, (1,), None)
    assert line.given[-1][0] == line.voiced_ms + 1000


def test_nothing_is_answered_while_words_are_outstanding_but_not_for_ever():
    line = Line().speak().heard("אני רוצה").wait(100).speak()
    assert not line.wait(line.floor.longest_wait_ms - 1).given
    assert line.wait(1).taken.turns == (1,)


def test_a_caller_who_speaks_during_an_answer_is_answered_behind_it():
    line = Line().speak().heard("שלום וברכה").wait(1000)
    line.floor.sounded(line.now_ms)
    line.speak().heard("יש לי עוד שאלה").wait(3000)
    assert len(line.given) == 1
    assert line.floor.holder(line.now_ms) is Holder.LINE
    line.floor.played_out(line.now_ms)
    assert line.wait(0).taken.turns == (2,)


def test_an_expectation_ends_with_the_answer_to_it():
    line = Line(expect=YES_NO).speak().heard("כן").wait(2000)
    line.floor.sounded(line.now_ms)
    line.floor.played_out(line.now_ms)
    line.speak().heard("כן").wait(1000)
    assert [due.rule for _, due in line.given] == [FloorRule.EXPECTED, FloorRule.OPEN]


# Wait


def test_a_responder_that_waits_makes_the_pause_long():
    line = Line().speak().heard("אני רוצה")
    line.floor.waits(line.now_ms)
    assert line.wait(2000).taken.rule is FloorRule.UNFINISHED
    assert line.taken.floor_ms == 2000


def test_a_wait_that_comes_late_gives_the_floor_back():
    line = Line().speak().heard("אני רוצה").wait(1000)
    line.floor.waits(line.now_ms)
    line.wait(2000)
    assert [due.rule for _, due in line.given] == [FloorRule.OPEN, FloorRule.UNFINISHED]


def test_a_responder_that_waits_knows_more_than_the_form_of_the_words():
    line = Line(expect=YES_NO).speak().heard("כן", after_ms=100).wait(400)
    line.floor.waits(line.now_ms)
    line.wait(2000)
    assert [due.rule for _, due in line.given] == [FloorRule.EXPECTED, FloorRule.UNFINISHED]


def test_a_wait_after_the_long_pause_is_for_more_words():
    line = Line(expect=PHONE).speak().heard("052").wait(2000)
    line.floor.waits(line.now_ms)
    assert len(line.wait(3000).given) == 1
    line.speak().heard("1234567").wait(500)
    assert line.taken.turns == (1, 2)


def test_more_words_void_a_wait():
    line = Line().speak().heard("אני רוצה")
    line.floor.waits(line.now_ms)
    assert line.speak().heard("תור בבקשה").wait(1000).taken.rule is FloorRule.OPEN


# The model of turns


def test_the_model_is_asked_once_a_pause_when_speech_has_ended():
    line = Line(MODEL).speak()
    assert line.floor.next_deadline_ms(line.now_ms) == line.voiced_ms + HANGOVER_MS
    pause = line.floor.asks_turn_model(line.now_ms)
    assert pause is not None
    assert line.floor.asks_turn_model(line.now_ms) is None
    line.heard("אני רוצה לקבוע").speak()
    assert line.floor.asks_turn_model(line.now_ms) not in (None, pause)


@pytest.mark.parametrize("line", [Line(), Line(MODEL, YES_NO)])
def test_the_model_is_not_asked_where_it_does_not_count(line):
    assert line.speak().floor.asks_turn_model(line.now_ms) is None


def asked(line, probability, after_ms):
    pause = line.speak().floor.asks_turn_model(line.now_ms)
    line.wait(after_ms)
    line.floor.turn_model_said(pause, probability, line.now_ms)
    return line


@pytest.mark.parametrize(
    ("text", "probability", "floor_rule"),
    [
        ("אני רוצה לקבוע", UNFINISHED_BELOW - 0.01, FloorRule.UNFINISHED),
        ("אני רוצה לקבוע", UNFINISHED_BELOW, FloorRule.OPEN),
        ("אני רוצה", 0.0, FloorRule.OPEN),
    ],
)
def test_the_model_makes_the_pause_of_three_words_long(text, probability, floor_rule):
    line = asked(Line(MODEL), probability, 60).heard(text).wait(3000)
    assert (line.taken.rule, line.taken.probability, line.taken.code) == (floor_rule, probability, "")


def test_an_answer_of_the_model_that_is_late_is_none():
    line = asked(Line(MODEL), 0.0, MODEL_LATE_MS + 1).heard("אני רוצה לקבוע").wait(3000)
    assert line.taken == FloorTaken(FloorRule.OPEN, 1000, (1,), None, None, "turn_model_late")


def test_a_short_open_pause_is_held_until_the_model_is_late():
    line = Line(Tuning(turn_model="smart_turn", answer_pause_expected_ms=300, answer_pause_ms=300)).speak()
    line.floor.asks_turn_model(line.now_ms)
    line.heard("אני רוצה לקבוע", after_ms=50).wait(3000)
    assert line.taken.floor_ms == HANGOVER_MS + MODEL_LATE_MS


def test_an_answer_to_an_older_pause_is_passed_over():
    line = Line(MODEL)
    pause = line.speak().floor.asks_turn_model(line.now_ms)
    line.heard("אני רוצה").speak()
    assert line.floor.asks_turn_model(line.now_ms) is not None
    line.floor.turn_model_said(pause, 0.0, line.now_ms)
    assert line.heard("לקבוע תור").wait(1000).taken.rule is FloorRule.OPEN


# Silence


def test_a_silent_caller_is_asked_twice_and_bidden_goodbye():
    line = Line().sounds().wait(7000)
    assert line.given == [(10_000, AskAgain(1))]
    line.sounds().wait(7000).sounds().wait(7000)
    assert [due for _, due in line.given] == [AskAgain(1), AskAgain(2), SayGoodbye()]
    assert len(line.wait(20_000).given) == 3


def test_a_call_without_a_greeting_is_asked_from_its_beginning():
    assert Line().wait(7000).given == [(8000, AskAgain(1))]


def test_words_begin_the_reprompts_anew_and_a_noise_does_not():
    line = Line().wait(7000).sounds()
    line.speak().heard("").wait(7000)
    assert line.given[1:] == [(line.voiced_ms + 7000, AskAgain(2))]
    line.sounds().speak().heard("שלום").wait(1000).sounds().wait(7000)
    assert line.taken == AskAgain(1)


def test_a_reprompt_that_was_not_begun_does_not_count():
    line = Line().wait(7000).speak().heard("").wait(7000)
    assert [due for _, due in line.given] == [AskAgain(1), AskAgain(1)]


def test_a_responder_with_nothing_to_say_lets_the_silence_go_on():
    line = Line().speak().heard("שלום לך").wait(1000)
    line.floor.nothing_said(line.now_ms)
    said_ms = line.now_ms
    assert line.wait(7000).given[1:] == [(said_ms + 7000, AskAgain(1))]


def test_a_reprompt_keeps_the_expectation():
    line = Line(expect=YES_NO).wait(7000)
    line.floor.sounded(line.now_ms)
    assert line.floor.expected == YES_NO


def test_after_the_call_nothing_is_due():
    line = Line().speak().heard("שלום לך")
    line.floor.hang_up()
    assert not line.wait(20_000).given
    assert line.floor.next_deadline_ms(line.now_ms) is None


# Any order

TEXTS = ("כן", "052", "1234567", "אני רוצה לקבוע תור", "")


def test_words_that_come_behind_a_reprompt_are_answered_at_once():
    floor = Floor(PLAIN, 0.0)
    at_ms = 720.0 + max(floor.longest_wait_ms, PLAIN.silence_reprompt_ms)
    floor.speech_started(0.0)
    floor.speech_ended(1, 500.0, 720.0)
    assert isinstance(floor.due(at_ms), AskAgain)
    floor.sounded(at_ms)
    floor.played_out(at_ms)
    floor.turn_accepted(turn(1, "כן"), at_ms)
    assert floor.due(at_ms) == FloorTaken(FloorRule.OPEN, 0, (1,), None)


class AnyCall(RuleBasedStateMachine):
    """What a call can bring, in any order that it can come in; a model of the facts beside the floor."""

    def __init__(self):
        super().__init__()
        self.tuning = MODEL
        self.now_ms = 0.0
        self.floor = Floor(self.tuning, 0.0)
        self.speaking = self.playing = False
        self.voiced_ms, self.ours_to_ms = 0.0, -math.inf
        self.waiting = {}  # utterances without a turn, and until when their words are waited for
        self.texts = {}
        self.number = 0
        self.asked_for = set()  # questions that were given the floor, as (texts, words of Wait)
        self.waits = 0
        self.takes = 0

    def look(self):
        due = self.floor.due(self.now_ms)
        if due is None:
            return
        assert not self.speaking
        assert not self.playing
        assert all(until_ms <= self.now_ms for until_ms in self.waiting.values())
        assert self.floor.taken == due
        assert self.floor.due(self.now_ms) is None
        if not isinstance(due, FloorTaken):
            assert self.now_ms >= self.voiced_ms + self.tuning.silence_reprompt_ms
            return
        self.takes += 1
        assert due.turns == tuple(sorted(self.texts))
        assert due.turns
        pause_ms = getattr(
            self.tuning,
            {
                FloorRule.EXPECTED: "answer_pause_expected_ms",
                FloorRule.UNFINISHED: "answer_pause_unfinished_ms",
                FloorRule.OPEN: "answer_pause_ms",
            }[due.rule],
        )
        silent_ms = round(self.now_ms - self.voiced_ms)
        assert silent_ms >= pause_ms
        # Words that come late are answered at once, also behind a reprompt that was heard meanwhile.
        assert due.floor_ms == round(self.now_ms - max(self.voiced_ms, self.ours_to_ms))
        if self.by_time and not self.waiting:
            # Late only by voice that was coming, or by a model that was asked late and has not answered.
            held_ms = held_until_ms(0, self.floor.voice)
            assert silent_ms == pause_ms or self.now_ms == held_ms or due.code == "turn_model_late"
        question = (tuple(sorted(self.texts.items())), self.number, self.waits)
        assert question not in self.asked_for
        self.asked_for.add(question)

    by_time = False

    @rule(ms=st.sampled_from([0, 10, 180, 400, 1000, 2000, 7000]))
    def time_passes(self, ms):
        until_ms = self.now_ms + ms
        while (next_ms := self.floor.next_deadline_ms(self.now_ms)) is not None and next_ms <= until_ms:
            self.by_time = next_ms > self.now_ms
            self.now_ms = max(self.now_ms, next_ms)
            self.floor.asks_turn_model(self.now_ms)
            self.look()
            self.by_time = False
            if self.floor.next_deadline_ms(self.now_ms) == next_ms:
                assert next_ms > self.now_ms, "a deadline that nothing comes of"
        self.now_ms = until_ms

    @rule(lasted_ms=st.sampled_from([0, 40, 200, 1000]))
    def voice_comes(self, lasted_ms):
        self.floor.voice = VoicedRun(self.now_ms - lasted_ms, self.now_ms, lasted_ms + 20)

    @precondition(lambda self: not self.speaking)
    @rule()
    def speech_starts(self):
        self.speaking = True
        self.floor.speech_started(self.now_ms)

    @precondition(lambda self: self.speaking)
    @rule()
    def speech_ends(self):
        self.now_ms += 500
        self.speaking, self.voiced_ms = False, self.now_ms
        self.number += 1
        self.now_ms += HANGOVER_MS
        self.waiting[self.number] = self.now_ms + self.floor.longest_wait_ms
        self.floor.speech_ended(self.number, self.voiced_ms, self.now_ms)

    @precondition(lambda self: self.waiting)
    @rule(text=st.sampled_from(TEXTS))
    def a_turn_is_accepted(self, text):
        number = min(self.waiting)
        del self.waiting[number]
        if text:
            self.texts[number] = text
        self.floor.turn_accepted(turn(number, text), self.now_ms)

    @precondition(lambda self: self.texts)
    @rule(data=st.data(), text=st.sampled_from(TEXTS))
    def a_turn_is_revised(self, data, text):
        number = data.draw(st.sampled_from(sorted(self.texts)))
        if self.texts[number] == text:
            return
        if text:
            self.texts[number] = text
        else:
            del self.texts[number]
        self.waits += 1  # another question, even if these words stood there before
        self.floor.turn_revised(turn(number, "x", revised_text=text), self.now_ms)

    @rule(probability=st.floats(0, 1), pause=st.integers(0, 30))
    def the_model_says(self, probability, pause):
        self.floor.turn_model_said(pause, probability, self.now_ms)

    @rule()
    def the_responder_waits(self):
        self.waits += 1
        self.floor.waits(self.now_ms)

    @precondition(lambda self: self.floor.taken is not None)
    @rule()
    def the_responder_says_nothing(self):
        if isinstance(self.floor.taken, FloorTaken):
            self.texts.clear()
        self.floor.nothing_said(self.now_ms)

    @precondition(lambda self: self.floor.taken is not None)
    @rule(expect=st.sampled_from([None, PHONE, YES_NO]))
    def an_answer_sounds(self, expect):
        if isinstance(self.floor.taken, FloorTaken):
            self.texts.clear()
        self.playing = True
        self.floor.sounded(self.now_ms)
        self.floor.expects(expect)

    @precondition(lambda self: self.playing)
    @rule()
    def it_was_heard(self):
        self.playing, self.ours_to_ms = False, self.now_ms
        self.floor.played_out(self.now_ms)

    @rule()
    def the_shell_looks(self):
        self.look()

    @invariant()
    def who_speaks_has_the_floor(self):
        holder = self.floor.holder(self.now_ms)
        if self.speaking:
            assert holder is Holder.CALLER
        elif self.playing:
            assert holder is Holder.LINE


AnyCall.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyCall = AnyCall.TestCase
