from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from calls.reply.items import Say
from calls.reply.responder import Occasion, ResponderError
from calls.reply.responders.scripted import ScriptedResponder
from tests.calls.reply.dialogues import TODAY, script
from tests.calls.reply.responders.contract import CALL, ResponderContract, Rig, State, conversation, items_of, turn


class TestScripted(ResponderContract):
    @asynccontextmanager
    async def rig(self, state):
        responder = ScriptedResponder(None if state is State.BROKEN else script(), TODAY)
        yield Rig(responder, ("אדום", "0521234567", "לא", "031234567", "כן"))

    async def test_it_holds_its_dialogue(self):
        async with self.rig(State.WELL) as rig:
            said = await conversation(rig)
            assert said[0].answer == "איזה צבע?" and said[-1].answer == "תודה"
            assert isinstance((await items_of(rig.responder, Occasion.SILENCE, "", said[:1]))[0], Say)

    async def test_it_has_nothing_more_to_say_where_its_answer_goes_on(self):
        async with self.rig(State.WELL) as rig:
            call = replace(CALL, occasion=Occasion.TURNS, goes_on=True)
            assert [item async for item in rig.responder.answer(call, [turn("שלום")], [])] == []

    async def test_without_a_dialogue_it_says_so(self):
        async with self.rig(State.BROKEN) as rig:
            with pytest.raises(ResponderError, match="no dialogue") as failed:
                await items_of(rig.responder, Occasion.OPENING, "", [])
            assert failed.value.code == "dialogue_invalid"
