import pytest

from calls.core.turns import Source, Turn
from calls.reply.conversation import Conversation, unheard_clause
from calls.reply.items import ActOutcome, ActStatus, HangUp, NoteValue
from calls.reply.responder import Occasion


def turn(number, text):
    return Turn(number, 0, 100, text, Source.FINAL)


def test_an_answer_is_an_exchange_from_its_first_sound():
    said = Conversation()
    said.begins(Occasion.TURNS, [turn(1, "מה השעה")])
    assert said.revised(turn(1, "מה העשה"))
    said.answered(Occasion.TURNS, [turn(1, "מה השעה")], "שבע", "ש", None)
    (exchange,) = said.said
    assert (exchange.question, exchange.revised) == (("מה השעה",), ("מה העשה",))
    assert (exchange.answer, exchange.heard) == ("שבע", "ש")


def test_an_answer_that_never_sounded_is_an_exchange_too():
    said = Conversation()
    said.answered(Occasion.TURNS, [turn(1, "כן")], "", "", None)
    assert len(said.said) == 1


def test_a_turn_that_is_left_stands_before_what_is_being_said_and_may_be_revised():
    said = Conversation()
    said.begins(Occasion.SUPERVISOR, [])
    said.left(turn(3, "רגע"))
    said.left(turn(4, " "))
    said.answered(Occasion.SUPERVISOR, [], "כבר בודקים.", "כבר", None)
    assert said.revised(turn(3, "רגע אחד"))
    assert [(one.revised, one.answer) for one in said.said] == [(("רגע אחד",), ""), ((), "כבר בודקים.")]


def test_a_turn_that_nobody_answered_cannot_be_revised():
    assert not Conversation().revised(turn(1, "כן"))


def test_an_act_with_an_id_is_done_once():
    said, act = Conversation(), NoteValue("phone", "1", id="phone#1")
    assert said.may_do(act)
    said.answered(Occasion.TURNS, [], "", "", None)
    said.done(ActOutcome(act, ActStatus.DONE))
    assert not said.may_do(act)
    assert said.said[-1].outcomes == (ActOutcome(act, ActStatus.DONE),)
    assert said.may_do(HangUp())


@pytest.mark.parametrize(
    ("text", "heard", "again"),
    [
        ("שלום. מה שלומך?", "שלום.", "מה שלומך?"),
        ("שלום. מה שלומך?", "שלום. מה", "מה שלומך?"),
        ("נקבע תור, ליום שני, בשבע", "נקבע תור, ליום", "ליום שני, בשבע"),
        ("שלום.", "שלום.", ""),
        ("שלום לך", "", "שלום לך"),
        ("", "", ""),
    ],
)
def test_what_was_cut_is_said_again_from_its_clause_on(text, heard, again):
    assert unheard_clause(text, heard) == again
