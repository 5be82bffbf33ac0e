"""However an answer is left, its responder's items are closed before anything is counted."""

import asyncio

import pytest

from calls.reply.items import Say
from calls.reply.preparation import MAX_WAITING_PIECES
from calls.reply.responder_items import CLOSING_S, closing
from stt.tuning import Tuning
from tests.calls.reply.conversing import ToyResponder, ToyVoice, conversation
from tests.counters import counted
from tests.virtual import VirtualLoop
from voiceapp.runtime import metrics

TOKENS = 7
"""Of each answer: known when its stream is closed, as a model's are."""


class ManyWords(ToyResponder):
    """Says more than can wait for the voice, and keeps hold of its generators: none is closed by being collected."""

    def __init__(self):
        super().__init__(lambda call, question, said: [Say(f"משפט מספר {n} של תשובה ארוכה.") for n in range(40)])
        self.begun, self.closed = [], 0

    def answer(self, call, turns, said):
        items = self._answer(call, turns, said)
        self.begun.append(items)
        return items

    async def _answer(self, call, turns, said):
        try:
            async for item in super().answer(call, turns, said):
                yield item
        finally:
            self.closed += 1
            self.tokens += TOKENS


async def hang_up(call):
    await call.listen(2000)
    await call.hang_up_and_wait()


async def barge_in(call):
    await call.listen(2000)
    call.begins_to_speak()
    await call.listen(500)


async def withdrawal(call):
    await call.listen(50)
    call.begins_to_speak()
    await call.listen(50)


async def nothing(call):
    await call.listen(20_000)


@pytest.mark.parametrize(
    ("leave", "voice", "tuning"),
    [
        (hang_up, ToyVoice(pause_ms=500), Tuning()),
        (barge_in, ToyVoice(pause_ms=190), Tuning()),
        (withdrawal, ToyVoice(first_ms=9000), Tuning()),
        (nothing, ToyVoice(pause_ms=190), Tuning(responder_total_ms=2500, silence_reprompt_ms=20_000)),
        (nothing, ToyVoice(pause_ms=190, fails={"משפט מספר שתיים של תשובה ארוכה.": "voice_slow"}), Tuning()),
    ],
    ids=["hang-up", "barge-in", "withdrawal", "responder_total_ms", "voice error"],
)
def test_whoever_leaves_an_answer_closes_it_while_its_words_wait_for_the_voice(leave, voice, tuning):
    responder = ManyWords()

    async def steps(call):
        await call.says("שלום")
        await leave(call)
        seen.append((responder.closed, call.agent.usage.tokens))

    seen = []
    conversation(steps, responder=responder, voice=voice, tuning=tuning, opens=False)
    assert len(voice.spoken) < 40 - MAX_WAITING_PIECES, "the reader stood before a full queue"
    ((closed, tokens),) = seen
    assert closed >= 1 and tokens == TOKENS * closed


def closed_within_bounds(items):
    """Leaves the items after the first."""

    async def leave():
        async with closing(items):
            await anext(items)
        return asyncio.get_running_loop().time()

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(leave())
    finally:
        loop.close()


async def endless(at_the_end):
    try:
        while True:
            yield Say("מילה.")
    finally:
        await at_the_end()


async def never():
    await asyncio.sleep(3600)


async def raises():
    raise ValueError


@pytest.mark.parametrize("at_the_end", [never, raises])
def test_a_responder_that_does_not_let_go_holds_nobody_up(at_the_end):
    errors = counted(metrics.RESPONDER_ERRORS)
    assert closed_within_bounds(endless(at_the_end)) <= CLOSING_S + 0.1
    assert counted(metrics.RESPONDER_ERRORS) == errors + 1


def test_what_cannot_be_closed_is_only_left():
    class Items:
        async def __anext__(self):
            return Say("מילה.")

    closed_within_bounds(Items())
