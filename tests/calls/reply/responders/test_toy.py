from contextlib import asynccontextmanager

from calls.reply.items import HangUp, Say
from calls.reply.responder import Occasion
from tests.calls.reply.responders.contract import ResponderContract, Rig, State, conversation, items_of
from tests.calls.reply.responders.toy import ToyResponder


class TestToy(ResponderContract):
    @asynccontextmanager
    async def rig(self, state):
        responder = ToyResponder(most=0 if state is State.BROKEN else 100)
        yield Rig(responder, ("יותר", "פחות בבקשה", "נכון"))

    async def test_it_guesses(self):
        async with self.rig(State.WELL) as rig:
            said = await conversation(rig)
            assert [one.answer for one in said] == ["50?", "75?", "62?", "ידעתי!"]
            assert HangUp("guessed") in await items_of(rig.responder, Occasion.TURNS, "נכון", said[:-1])
            assert await items_of(ToyResponder(1), Occasion.TURNS, "יותר", []) == [Say("אין מספר כזה."), HangUp("lost")]
