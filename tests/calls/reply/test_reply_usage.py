from types import SimpleNamespace

from calls.reply.reply_usage import ReplyUsage


def test_every_answer_adds_to_it():
    usage = ReplyUsage()
    for _ in range(2):
        usage.add(SimpleNamespace(tokens=10, characters=20, cost=0.25))
    assert usage == ReplyUsage(20, 40, 0.5)
