from calls.core.agent_turns import AgentTurn
from calls.reply.items import Expect, ExpectationKind, Say
from calls.reply.lost_answer import LostAnswer
from calls.reply.responder import Occasion
from calls.reply.unsaid import Rest


def test_its_rest_is_prepared_with_what_it_expects_behind_it():
    expect = Expect(ExpectationKind.YES_NO)
    lost = LostAnswer(
        Occasion.TURNS, Rest((Say("כן?"),), "שלום.", 1, expect), AgentTurn(5001, 0, 0, "שלום. כן?"), "MZ1"
    )
    assert lost.rest.begins_with == (Say("כן?"), expect)
