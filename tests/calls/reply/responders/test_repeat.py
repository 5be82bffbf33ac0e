from contextlib import asynccontextmanager
from dataclasses import replace

from calls.reply.items import Say
from calls.reply.responder import Occasion
from calls.reply.responders.repeat import GOODBYE, RepeatResponder
from tests.calls.reply.responders.contract import CALL, ResponderContract, Rig, State, items_of, turn


class TestRepeat(ResponderContract):
    can_break = False

    @asynccontextmanager
    async def rig(self, state):
        yield Rig(RepeatResponder(), ("שלום", "מה נשמע"))

    async def test_it_says_back_what_it_heard_and_keeps_no_sound_of_it(self):
        async with self.rig(State.WELL) as rig:
            call = replace(CALL, occasion=Occasion.TURNS)
            turns = [turn("שלום"), turn("טעות", 2).revised("לכם"), turn("כלום", 3).revised("")]
            assert [item async for item in rig.responder.answer(call, turns, [])] == [Say("שלום לכם", cacheable=False)]

    async def test_it_says_goodbye_and_nothing_into_a_silence(self):
        async with self.rig(State.WELL) as rig:
            assert await items_of(rig.responder, Occasion.GOODBYE, "", []) == [Say(GOODBYE)]
            assert await items_of(rig.responder, Occasion.SILENCE, "", []) == []

    async def test_it_has_nothing_more_to_say_where_its_answer_goes_on(self):
        async with self.rig(State.WELL) as rig:
            for occasion in (Occasion.TURNS, Occasion.GOODBYE):
                call = replace(CALL, occasion=occasion, goes_on=True)
                assert [item async for item in rig.responder.answer(call, [turn("שלום")], [])] == []
