"""What the one-shot recogniser is asked for, and how long its answers are waited for."""

from calls.core.actions import AskOneShot, Note
from calls.core.one_shots import LAST_TRIES_MS, MAX_LAST_TRIES_MS, PRE_ROLL_MS
from calls.core.turns import Source, Turn
from tests.calls.core.parts import Parts
from tests.sounds import silence, speech


def heard(**tuning):
    """A call that has said something from 500 to 1100 ms, and 2 s of audio."""
    parts = Parts(**tuning)
    parts.play(silence(500) + speech(600) + silence(900))
    parts.utter(500, 1100)
    return parts


def unheard(parts, number=1):
    """Its turn, of which no engine had a word."""
    parts.turns.add(Turn(number, 500, 1100, "", Source.NONE, code="unavailable"), 2000.0, covered=True)


def test_an_utterance_is_asked_for_with_its_pre_roll_and_its_silence():
    ask = heard().one_shots.ask(1, 500, 1320, 1550.0)
    assert not ask.is_comparison
    assert len(ask.ulaw) == (PRE_ROLL_MS + 820) * 8


def test_its_answer_is_waited_for_until_the_deadline():
    parts = heard(stt_fallback_deadline_ms=3000)
    parts.one_shots.ask(1, 500, 1320, 1550.0)
    assert parts.one_shots.deadline_ms(1) == 4550.0
    assert parts.one_shots.next_deadline_ms(1550.0, drained=False) == 4550.0
    parts.one_shots.give_up(4549.0)
    assert parts.one_shots.next_deadline_ms(4549.0, drained=False) == 4550.0
    parts.one_shots.give_up(4550.0)
    assert parts.one_shots.next_deadline_ms(4550.0, drained=False) is None


def test_no_audio_of_a_neighbour_is_asked_for():
    parts = heard()
    parts.utter(1300, 1700)
    ask = parts.one_shots.ask(1, 500, 1900, 2150.0)
    assert len(ask.ulaw) == (PRE_ROLL_MS + 700) * 8, "to half-way through the silence between them"


def test_a_turn_that_no_engine_heard_is_asked_for_again_when_engines_hear_again():
    parts = heard()
    unheard(parts)
    assert parts.one_shots.retry(2000.0, drained=False) == []
    parts.turns.stream_answered(2500.0)
    ask, note = parts.one_shots.retry(2500.0, drained=False)
    assert (ask.utterance, note) == (1, Note("rescue", "utterance 1"))


def test_while_an_answer_is_owed_no_turn_is_asked_for_again_even_if_nobody_waits_for_it():
    parts = heard()
    parts.one_shots.ask(1, 500, 1320, 1550.0)
    unheard(parts)
    parts.turns.stream_answered(9000.0)
    parts.one_shots.give_up(9000.0)
    assert parts.one_shots.retry(9000.0, drained=False) == []
    parts.one_shots.answered(1, 9100.0, heard=False)
    assert parts.one_shots.retry(9100.0, drained=False)


def test_a_turn_whose_audio_is_gone_is_not_asked_for_again():
    parts = heard()
    parts.turns.add(Turn(1, 500, 1100, "שלום", Source.FINAL), 2000.0, covered=True, cut_short=True)
    parts.audio.buffer.forget_before(600)
    assert parts.one_shots.retry(2000.0, drained=False) == []


def test_after_the_call_the_last_tries_end_with_the_answers():
    parts = heard()
    parts.one_shots.drain(2000.0)
    unheard(parts)
    assert [type(action) for action in parts.one_shots.retry(2000.0, drained=True)] == [AskOneShot, Note]
    deadline_ms = parts.one_shots.deadline_ms(1)
    assert parts.one_shots.next_deadline_ms(2000.0, drained=True) == deadline_ms
    assert parts.one_shots.keep_the_call(2000.0)
    parts.one_shots.give_up(deadline_ms)
    until_ms = 2000.0 + LAST_TRIES_MS
    assert parts.one_shots.next_deadline_ms(deadline_ms, drained=True) == until_ms
    assert parts.one_shots.keep_the_call(until_ms - 1) and not parts.one_shots.keep_the_call(until_ms)
    assert parts.one_shots.retry(until_ms, drained=True) == []


def test_an_answer_gives_the_other_turns_their_time_but_not_for_ever():
    parts = heard()
    parts.one_shots.drain(2000.0)
    parts.one_shots.ask(1, 500, 1320, 2000.0)
    parts.one_shots.answered(2, 9000.0, heard=True)
    parts.one_shots.give_up(9000.0)
    assert parts.one_shots.next_deadline_ms(9000.0, drained=True) == 9000.0 + LAST_TRIES_MS
    parts.one_shots.answered(2, 60_000.0, heard=True)
    assert parts.one_shots.next_deadline_ms(60_000.0, drained=True) == 2000.0 + MAX_LAST_TRIES_MS


def test_who_has_asked_for_nothing_keeps_no_call():
    parts = heard()
    parts.one_shots.drain(2000.0)
    assert not parts.one_shots.keep_the_call(2000.0)
