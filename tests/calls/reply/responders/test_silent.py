from contextlib import asynccontextmanager

from calls.reply.responder import Occasion
from calls.reply.responders.silent import SilentResponder
from tests.calls.reply.responders.contract import ResponderContract, Rig, State, items_of


class TestSilent(ResponderContract):
    can_break = False

    @asynccontextmanager
    async def rig(self, state):
        yield Rig(SilentResponder(), ("שלום", "מה נשמע"))

    async def test_it_says_nothing(self):
        async with self.rig(State.WELL) as rig:
            for occasion in Occasion:
                assert await items_of(rig.responder, occasion, "שלום", []) == []
