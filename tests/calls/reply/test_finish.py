"""A process that must end lets the caller hear the sentence that is played, and does what follows right behind it."""

import pytest

from calls.lab.playout import TwilioHabits
from calls.reply.agent import FINISH_MS
from calls.reply.items import HangUp, NoteValue, Say, Transfer
from calls.reply.settings import AnswerSettings
from tests.calls.reply.conversing import ToyResponder, conversation

FIRST, SECOND = "משפט ראשון ארוך למדי.", "משפט שני ארוך למדי."
PEOPLE = AnswerSettings(responder="toy", people={"דנה": "+97231"})


def finished(*items, after_ms=800, habits=None):
    """The call, which the process had to end so long after the answer's first sound."""

    async def steps(call):
        await call.says("הלו")
        while not call.saved:
            await call.listen(20)
        await call.listen(after_ms)
        call.agent.finish(call.now_ms)
        began_ms = call.now_ms
        while not call.ended:
            await call.listen(50)
        call.took_ms = call.now_ms - began_ms

    responder = ToyResponder(lambda call, question, said: items if question else ())
    return conversation(steps, responder=responder, settings=PEOPLE, habits=habits)


def test_an_answer_that_was_heard_whole_was_played():
    call = finished(Say(FIRST))
    assert call.answers == [(FIRST, FIRST, "played")]
    assert (call.ended, call.agent.conversation.lost) == ("drained", None)


def test_a_sentence_more_is_cut_off():
    call = finished(Say(FIRST), Say(SECOND))
    assert call.answers == [(f"{FIRST} {SECOND}", FIRST, "interrupted")]
    (rest,) = call.agent.conversation.lost.rest.items
    assert (call.ended, rest.text) == ("drained", SECOND)


def test_the_end_behind_the_sentence_is_the_calls():
    call = finished(Say(FIRST), HangUp("1"))
    assert call.answers == [(FIRST, FIRST, "played")]
    assert call.ended == "answered"


def test_a_hand_over_behind_the_sentence_is_asked_for():
    call = finished(Say(FIRST), Transfer("דנה", "1"))
    assert (call.transfers, call.ended) == (["דנה"], "drained")


@pytest.mark.parametrize("behind", [(Say(SECOND),), (Say(SECOND), HangUp("2")), (HangUp("2"),)])
def test_values_behind_the_sentence_are_kept_and_nothing_of_the_next_is_done(behind):
    call = finished(Say(FIRST), NoteValue("a", "1", False, "1"), *behind)
    assert call.kept == [("a", "1")]
    assert call.ended == ("drained" if len(behind) > 1 or isinstance(behind[0], Say) else "answered")


def test_an_act_that_comes_while_the_sentence_is_played_is_done():
    call = finished(Say(FIRST), 1000, HangUp("1"))
    assert call.ended == "answered"


def test_what_is_not_made_yet_is_not_waited_for():
    call = finished(Say(FIRST), 8000, HangUp("1"))
    assert call.ended == "drained" and call.took_ms < 3000


def test_marks_that_never_come_back_do_not_hold_it():
    call = finished(Say(FIRST), HangUp("1"), habits=TwilioHabits(lose_marks=1.0))
    assert call.ended == "answered" and call.took_ms < FINISH_MS
