"""What every responder must keep (calls/reply/responder.py), whoever makes it. A test class of it inherits this."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from enum import Enum

import pytest

from calls.core.turns import Source, Turn
from calls.reply.items import (
    ActOutcome,
    ActStatus,
    Expect,
    HangUp,
    NoteValue,
    PlayRecording,
    PlayTones,
    Say,
    Transfer,
    Wait,
)
from calls.reply.responder import Exchange, Occasion, ReplyCall, Responder, ResponderError
from tests.waiting import PATIENCE_S

ACTS = (HangUp, Transfer, PlayTones, PlayRecording, NoteValue)
CALL = ReplyCall("CA1", "+972501234567", "+97235550100", Occasion.OPENING, people=("דנה",))
CODES = {"responder_raised", "responder_slow", "responder_silent", "act_unknown", "answer_cut_off", "dialogue_invalid"}


class State(Enum):
    """How the responder finds what it needs."""

    WELL = "well"
    BROKEN = "broken"
    """What it needs is not there, or refuses."""


@dataclass(frozen=True)
class Rig:
    """A responder with a conversation to hold."""

    responder: Responder
    words: tuple[str, ...]
    """What the caller says, answer by answer."""


def turn(words: str, number: int = 1) -> Turn:
    return Turn(number, 0, 500, words, Source.FINAL)


class ResponderContract:
    """``can_break``: whether there is a State.BROKEN for it."""

    can_break = True

    def rig(self, state: State) -> AbstractAsyncContextManager[Rig]:
        raise NotImplementedError

    async def test_it_yields_items_and_nothing_else_whatever_happens(self):
        async with self.rig(State.WELL) as rig:
            said = await conversation(rig)
            for occasion in Occasion:
                words = rig.words[0] if occasion is Occasion.TURNS else ""
                for item in await items_of(rig.responder, occasion, words, said):
                    assert isinstance(item, (Say, Expect, Wait, *ACTS))

    async def test_the_same_question_has_the_same_answer_as_often_as_it_is_asked(self):
        async with self.rig(State.WELL) as rig:
            said: list[Exchange] = []
            for words in ("", *rig.words):
                occasion = Occasion.TURNS if words else Occasion.OPENING
                first = await items_of(rig.responder, occasion, words, said)
                assert await items_of(rig.responder, occasion, words, said) == first
                said.append(_exchange(occasion, words, first))

    async def test_an_answer_that_is_given_up_leaves_nothing(self):
        async with self.rig(State.WELL) as rig:
            said = await conversation(rig)
            whole = await items_of(rig.responder, Occasion.TURNS, rig.words[-1], said)
            call = replace(CALL, occasion=Occasion.TURNS)
            async with aclosing(rig.responder.answer(call, [turn("משהו אחר")], said)) as items:  # type: ignore[type-var]
                async for _ in items:
                    break
            assert await items_of(rig.responder, Occasion.TURNS, rig.words[-1], said) == whole

    async def test_it_is_cancelled_at_any_await(self):
        async with self.rig(State.WELL) as rig:
            asked = asyncio.create_task(items_of(rig.responder, Occasion.TURNS, rig.words[0], []))
            await asyncio.sleep(0)
            asked.cancel()
            async with asyncio.timeout(PATIENCE_S):
                # One that never waits is done by then.
                await asyncio.gather(asked, return_exceptions=True)
            assert asked.cancelled() or asked.exception() is None

    async def test_acts_have_ids_and_no_two_the_same(self):
        async with self.rig(State.WELL) as rig:
            said = await conversation(rig)
            ids = [done.act.id for one in said for done in one.outcomes]
            assert all(ids) and len(ids) == len(set(ids))

    async def test_a_goodbye_expects_nothing(self):
        async with self.rig(State.WELL) as rig:
            items = await items_of(rig.responder, Occasion.GOODBYE, "", await conversation(rig, most=1))
            assert not [item for item in items if isinstance(item, Expect | Wait)]

    async def test_late_words_and_interruptions_are_taken_at_any_time(self):
        async with self.rig(State.WELL) as rig:
            said = await conversation(rig)
            assert await rig.responder.revised(turn("אחרת"), rig.words[0], "אחרת") is None
            assert await rig.responder.interrupted("של") is None
            await items_of(rig.responder, Occasion.TURNS, rig.words[0], said)

    async def test_it_has_a_name_and_counts_its_tokens(self):
        async with self.rig(State.WELL) as rig:
            before = rig.responder.tokens
            await conversation(rig)
            assert rig.responder.name == rig.responder.name.lower() != ""
            assert 0 <= before <= rig.responder.tokens

    async def test_what_fails_has_a_code(self):
        if not self.can_break:
            pytest.skip("it needs nothing that could fail")
        async with self.rig(State.BROKEN) as rig:
            with pytest.raises(ResponderError) as failed:
                await items_of(rig.responder, Occasion.TURNS, rig.words[0], [])
            assert failed.value.code in CODES


async def items_of(responder: Responder, occasion: Occasion, words: str, said: Sequence[Exchange]) -> list:
    call = replace(CALL, occasion=occasion, reprompt=int(occasion is Occasion.SILENCE))
    async with asyncio.timeout(10):
        return [item async for item in responder.answer(call, [turn(words)] if words else [], said)]


async def conversation(rig: Rig, most: int = 100) -> list[Exchange]:
    """The opening, then all that the caller says, each act done."""
    said: list[Exchange] = []
    for words in ("", *rig.words)[:most]:
        occasion = Occasion.TURNS if words else Occasion.OPENING
        said.append(_exchange(occasion, words, await items_of(rig.responder, occasion, words, said)))
    return said


def _exchange(occasion: Occasion, words: str, items: Sequence) -> Exchange:
    text = " ".join(item.text for item in items if isinstance(item, Say))
    question = (words,) if words else ()
    expected = next((item for item in items if isinstance(item, Expect)), None)
    done = tuple(ActOutcome(item, ActStatus.DONE) for item in items if isinstance(item, ACTS))
    return Exchange(occasion, question, question, text, text, expected, done)
