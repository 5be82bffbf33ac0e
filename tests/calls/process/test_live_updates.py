"""What watchers get: batches, the newest of a kind, and only who may."""

import asyncio

from calls.core.turns import Source, Turn
from calls.process import live_updates
from calls.process.live_updates import Publisher, shown, shown_value


def partial(call, text, number=1):
    return {"kind": "partial", "call": call, "number": number, "text": text}


def turn(call, number):
    return {"kind": "turn", "call": call, "number": number, "text": "כן"}


class Layer:
    """A channel layer that keeps what it is given."""

    def __init__(self, error=None):
        self.batches, self.error = [], error
        self.sent = asyncio.Event()

    async def group_send(self, group, event):
        self.batches.append(event["update"]["updates"])
        self.sent.set()
        if self.error:
            raise self.error


async def published(monkeypatch, layer, updates):
    monkeypatch.setattr(live_updates, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(live_updates, "EVERY_S", 0)
    publisher = Publisher()
    for update in updates:
        publisher.publish(update)
    await publisher._task
    return publisher


async def test_the_newest_of_a_kind_wins_and_every_turn_counts(monkeypatch):
    layer = Layer()
    await published(
        monkeypatch,
        layer,
        [partial("CA1", "ש"), turn("CA1", 1), partial("CA2", "א"), turn("CA1", 2), partial("CA1", "שלום")],
    )
    assert layer.batches == [[turn("CA1", 1), partial("CA2", "א"), turn("CA1", 2), partial("CA1", "שלום")]]


async def test_a_call_makes_at_most_five_updates_a_second(monkeypatch):
    layer = Layer()
    monkeypatch.setattr(live_updates, "get_channel_layer", lambda: layer)
    publisher = Publisher()
    loop = asyncio.get_running_loop()
    began = loop.time()
    while len(layer.batches) < 3:
        publisher.publish(partial("CA1", str(loop.time())))
        await asyncio.sleep(0.005)
    assert loop.time() - began >= 2 * live_updates.EVERY_S
    assert [len(batch) for batch in layer.batches] == [1, 1, 1]


async def test_a_process_that_ends_first_tells_what_waits(monkeypatch):
    layer = Layer()
    monkeypatch.setattr(live_updates, "get_channel_layer", lambda: layer)
    publisher = Publisher()
    publisher.publish(partial("CA1", "שלום"))
    await layer.sent.wait()
    publisher.publish(turn("CA1", 1))
    await publisher.flush()
    assert layer.batches == [[partial("CA1", "שלום")], [turn("CA1", 1)]]


async def test_a_layer_that_fails_holds_nothing_back(monkeypatch):
    monkeypatch.setattr(live_updates, "MOST_WAITING", 3)
    layer = Layer(ConnectionError())
    publisher = await published(monkeypatch, layer, [partial(f"CA{i}", "") for i in range(5)])
    assert publisher.failed == 1
    assert [update["call"] for update in layer.batches[0]] == ["CA2", "CA3", "CA4"]


def test_nobody_is_shown_what_turns_a_direction_unseen():
    assert shown_value("name", "דנה\u202e", secret=False)["value"] == "דנה"
    assert shown(Turn(1, 0, 900, "שלום\u2066 דנה", Source.FINAL), "k")["text"] == "שלום דנה"
