import inspect

from calls.reply.agent import Agent
from calls.reply.no_agent import NoAgent
from calls.reply.reply_usage import ReplyUsage


def test_it_can_be_told_whatever_an_agent_is_told():
    told = [name for name, one in vars(Agent).items() if inspect.isfunction(one) and not name.startswith("_")]
    missing = {name for name in told if not hasattr(NoAgent, name)}
    assert missing == {"run"}


def test_it_says_nothing_and_costs_nothing():
    nobody = NoAgent()
    assert (nobody.next_deadline_ms(0), nobody.speaks, nobody.usage) == (None, False, ReplyUsage())
