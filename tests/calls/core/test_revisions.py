"""Turns that can still be revised, and those that are heard again."""

import pytest

from calls.core.own_words import OwnWords
from calls.core.revisions import MAX_REVISABLE_MS, MAX_TRIES, MAX_UNSETTLED_MS, RETRY_MS, RevisableTurns, answer_error
from calls.core.turns import Source, Turn
from stt.attribution.ledger import Attribution
from stt.events import Final, Interim, OneShotDone, RecognizerError, Word


class Turns(RevisableTurns):
    """With their ledger, and audio of a minute."""

    def __init__(self):
        self.ledger = Attribution()
        super().__init__(self.ledger, OwnWords())

    def hand_on(self, text="", start_ms=500, *, source=Source.PARTIAL, code="", now_ms=1500.0, **how):
        number = self.ledger.began(start_ms)
        self.ledger.ended(number, start_ms + 600)
        if text:
            self.ledger.interim(Interim(tuple(text.split()), start_ms + 600), fed_ms=60_000)
            self.ledger.take(number)
        turn = Turn(number, start_ms, start_ms + 600, text, source, code=code)
        self.add(turn, now_ms, **{"covered": True, **how})
        return turn

    def settles(self, text, end_ms=1100):
        self.ledger.final(Final(tuple(map(Word, text.split())), end_ms), fed_ms=60_000)

    def unheard(self):
        return self.hand_on(source=Source.NONE, code="unavailable")


def revised(turns, *, final=False):
    return [(old.heard_text, new.heard_text) for old, new in turns.revisions(final=final)]


@pytest.mark.parametrize("code", ["no_words", "too_short", "emulator_unknown"])
def test_a_recogniser_that_found_no_words_has_not_failed(code):
    assert answer_error(OneShotDone(1, (), RecognizerError(code))) is None
    assert answer_error(OneShotDone(1, ())) is None
    assert answer_error(OneShotDone(1, (), RecognizerError("unavailable"))).code == "unavailable"


def test_a_final_revises_what_a_partial_said_and_only_once():
    turns = Turns()
    turns.hand_on("שלום")
    assert revised(turns) == []
    turns.settles("שלום לך")
    assert revised(turns) == [("שלום", "שלום לך")]
    assert revised(turns) == []


def test_a_turn_that_no_engine_heard_is_next_when_an_engine_has_answered_since():
    turns = Turns()
    turn = turns.unheard()
    assert turns.next_retry(2000.0, last=False) is None
    turns.stream_answered(2000.0)
    assert turns.next_retry(2000.0, last=False) == turn


def test_it_is_tried_again_some_time_later_and_not_for_ever():
    turns = Turns()
    turns.unheard()
    tried, now_ms = [], 2000.0
    while now_ms < 2000.0 + 10 * RETRY_MS:
        turns.stream_answered(now_ms)
        if turns.next_retry(now_ms, last=False):
            tried.append(now_ms)
        now_ms += 1000.0
    assert tried == [2000.0 + i * RETRY_MS for i in range(MAX_TRIES)]


def test_at_the_end_it_is_tried_once_more():
    turns = Turns()
    turn = turns.unheard()
    assert turns.next_retry(2000.0, last=True) == turn
    assert turns.next_retry(9000.0, last=True) is None


def test_what_the_one_shot_recogniser_has_heard_is_not_tried_again():
    turns = Turns()
    turn = turns.unheard()
    turns.one_shot_answered(turn.number, 2000.0)
    assert turns.next_retry(2000.0, last=True) is None


def test_a_turn_whose_stream_failed_before_it_was_covered_is_tried():
    turns = Turns()
    covered = turns.hand_on("שלום", 500, covered=False)
    turns.settles("שלום", 1100)
    uncovered = turns.hand_on("לך", 3000, covered=False)
    turns.settles("לך", 3600)
    turns.covered_to(covered.ended_ms)
    turns.stream_failed(5000)
    assert turns.next_retry(6000.0, last=False) == uncovered
    assert turns.next_retry(6000.0, last=False) is None


def test_a_turn_that_is_handed_on_after_its_stream_failed_is_cut_short_as_well():
    turns = Turns()
    turns.stream_failed(5000)
    turn = turns.hand_on("שלום", covered=False)
    assert turns.next_retry(6000.0, last=False) == turn


def test_a_final_that_is_long_overdue_lets_its_turn_be_heard_again():
    turns = Turns()
    turn = turns.hand_on("שלום", now_ms=1500.0)
    due_ms = 1500.0 + MAX_UNSETTLED_MS
    assert turns.next_deadline_ms(1500.0) == due_ms
    assert turns.next_retry(due_ms - 1, last=False) is None
    assert turns.next_retry(due_ms, last=False) == turn
    assert turns.next_deadline_ms(due_ms) is None


def test_audio_is_kept_for_what_may_be_heard_again():
    turns = Turns()
    assert turns.unsettled_from_ms() is None
    turns.hand_on("שלום", 500)
    assert turns.unsettled_from_ms() == 500
    turns.settles("שלום")
    assert turns.unsettled_from_ms() is None


def test_old_turns_are_forgotten_but_not_before_they_have_settled():
    turns = Turns()
    turns.hand_on("שלום", 500)
    assert turns.forget_before(MAX_REVISABLE_MS) is None
    turns.settles("שלום")
    assert turns.forget_before(MAX_REVISABLE_MS) == MAX_REVISABLE_MS
    assert (len(turns), turns.last_number) == (0, 0)


def test_a_turn_that_was_answered_keeps_its_total_through_later_revisions():
    turns = Turns()
    turn = turns.hand_on("שלום")
    (answered,) = turns.answered(turn.number, 850)
    assert (answered.turn.total_ms, answered.turn.revision, answered.turn.heard_text) == (850, 1, "שלום")
    turns.settles("שלום לך")
    ((old, new),) = turns.revisions(final=False)
    assert (old, new.total_ms, new.revision, new.heard_text) == (answered.turn, 850, 2, "שלום לך")


def test_only_the_first_answer_to_a_turn_counts():
    turns = Turns()
    turn = turns.hand_on("שלום")
    assert turns.answered(turn.number, 850)
    assert turns.answered(turn.number, 9000) == []


def test_a_turn_that_is_forgotten_is_not_answered_any_more():
    turns = Turns()
    turn = turns.hand_on("שלום")
    turns.settles("שלום")
    assert list(turns.revisions(final=False)) == []
    turns.forget_before(MAX_REVISABLE_MS)
    assert turns.answered(turn.number, 850) == []
