"""The toy keeps the contract, and stays as small as docs/extending.md says."""

from contextlib import asynccontextmanager

from stt.engines.base import RecognitionOptions
from stt.events import RecognizerError
from tests.paths import ROOT
from tests.stt.engines.contract import EngineContract, Rig, Service
from tests.stt.engines.toy import ToyEngine

SILENCE = bytes([0xFF]) * 4000
ULAW = SILENCE + bytes([0x10]) * 2000 + bytes([0x20]) * 1600 + SILENCE


class TestToy(EngineContract):
    @asynccontextmanager
    async def rig(self, service):
        error = RecognizerError("unavailable") if service is Service.AWAY else None
        engine = ToyEngine(error, answer_ms=2000 if service is Service.SLOW else 0)
        yield Rig(engine, ULAW, ("אחת", "שתיים"), (500, 950), RecognitionOptions(model="toy-9"))


def test_the_toy_is_an_example_of_at_most_60_lines():
    assert len((ROOT / "tests/stt/engines/toy.py").read_text("utf-8").splitlines()) <= 60
