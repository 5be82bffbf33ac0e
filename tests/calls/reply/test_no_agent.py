import inspect

from calls.core.turns import Source, Turn
from calls.reply.agent import Agent
from calls.reply.no_agent import MOST_TURNS, NoAgent
from calls.reply.reply_usage import ReplyUsage


def test_it_can_be_told_whatever_an_agent_is_told():
    told = [name for name, one in vars(Agent).items() if inspect.isfunction(one) and not name.startswith("_")]
    missing = {name for name in told if not hasattr(NoAgent, name)}
    assert missing == {"run"}


def test_it_says_nothing_and_costs_nothing():
    nobody = NoAgent()
    assert (nobody.next_deadline_ms(0), nobody.speaks, nobody.usage) == (None, False, ReplyUsage())


def test_it_keeps_what_the_caller_said_last_for_whoever_answers():
    nobody = NoAgent()
    for number in range(1, MOST_TURNS + 3):
        nobody.accepted(Turn(number, 0, 0, "כן", Source.FINAL), 0)
    nobody.revised(Turn(5, 0, 0, "לא", Source.FINAL), "כן", 0)
    nobody.revised(Turn(1, 0, 0, "לא", Source.FINAL), "כן", 0)
    assert list(nobody.turns) == list(range(3, MOST_TURNS + 3))
    assert nobody.turns[5].text == "לא"
