"""The voice of docs/extending.md keeps the contract."""

from contextlib import asynccontextmanager

from tests.calls.reply.voices.contract import Service, VoiceContract, VoiceRig
from tests.calls.reply.voices.toy import ToyVoices


class TestToy(VoiceContract):
    @asynccontextmanager
    async def rig(self, service):
        error = ConnectionError("nobody is there") if service is Service.AWAY else None
        family = ToyVoices(error, 60_000 if service is Service.SLOW else 0, service is Service.EMPTY)
        yield VoiceRig(family, family.voice("he"), lambda: family.at_work)
