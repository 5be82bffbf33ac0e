"""An answer that is left closes its streams, as the model's and the voice's servers see it."""

import asyncio

import pytest

from calls.lab.emulator.tts import TtsFaults
from stt.tuning import Tuning
from tests.calls.reply.left_answer import services

AT_ONCE_MS = 2000
"""On a machine that does much else; docs/performance.md says what it takes."""


def left(folder, faults=None, speed=1.5, **how):
    async def one():
        async with asyncio.timeout(60), services(folder, faults, speed) as running:
            return await running.left_answer(**how)

    return asyncio.run(one())


@pytest.mark.parametrize("how", [{"steps": 1}, {"full": True}], ids=["while it reads", "while its words wait"])
def test_an_interrupted_answer_closes_the_models_stream_and_the_voices(tmp_path, how):
    answer = left(tmp_path, **how)
    assert not answer.model_finished and 0 <= answer.model_closed_ms < AT_ONCE_MS
    assert 0 <= answer.voice_closed_ms < AT_ONCE_MS and answer.voices_open == 0
    assert answer.tokens_estimated and answer.preparation.tokens > 0


@pytest.mark.parametrize(
    ("faults", "tuning", "code"),
    [
        (None, Tuning(responder_total_ms=2000), "responder_slow"),
        (TtsFaults(cut_off_ms=100), Tuning(), "voice_raised"),
    ],
)
def test_an_answer_that_fails_closes_the_models_stream_and_its_tokens_are_counted(tmp_path, faults, tuning, code):
    answer = left(tmp_path, faults, speed=20, tuning=tuning)
    assert answer.preparation.code == code
    assert not answer.model_finished and answer.model_closed_ms is not None and answer.voices_open == 0
    assert answer.tokens_estimated and answer.preparation.tokens > 0
