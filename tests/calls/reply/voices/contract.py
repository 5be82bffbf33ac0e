"""What every voice must keep (calls/reply/voice.py), whoever makes it. A test class of the voice inherits it.

It is heard as lines hear it, behind ``guarded``: what that does for every voice, none needs to do itself.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from enum import Enum

import pytest

from calls.reply.voice import Voice, VoiceError
from calls.reply.voices.guarded import guarded
from calls.reply.voices.registry import VoiceFamily
from stt.audio import duration_ms
from tests.waiting import eventually

SENTENCE = "שָׁלוֹם, מַה שְׁלוֹמְךָ הַיּוֹם?"
LONG = "נָא לְהַמְתִּין רֶגַע אֶחָד עַל הַקַּו. " * 6
MS_A_LETTER = range(25, 250)
"""Of plausible speech: quick is about 45, slow 120."""
PROMPT_S = 20.0
"""Where something must return promptly: far below what a voice would take that does not."""


class Service(Enum):
    """In which state the voice finds what synthesises for it."""

    WELL = "well"
    AWAY = "away"
    SLOW = "slow"
    """Nothing comes within the bounds."""
    EMPTY = "empty"
    """It ends without a sound."""


@dataclass(frozen=True)
class VoiceRig:
    family: VoiceFamily
    voice: Voice
    left: Callable[[], int]
    """How many processes or streams are still at work for it."""


class VoiceContract:
    """A subclass, named Test…, gives ``rig``."""

    def rig(self, service: Service) -> AbstractAsyncContextManager[VoiceRig]:
        raise NotImplementedError

    def run(self, scenario, service: Service = Service.WELL):
        async def within():
            async with asyncio.timeout(30), self.rig(service) as rig:
                try:
                    return await scenario(rig)
                finally:
                    await rig.family.close()

        return asyncio.run(within())

    async def hear(self, rig: VoiceRig, text: str = SENTENCE, **bounds: float) -> list[bytes]:
        async with rig.voice.for_answer() as speaking, aclosing(guarded(speaking, text, **bounds)) as chunks:
            return [chunk async for chunk in chunks]

    async def nothing_is_left(self, rig: VoiceRig) -> bool:
        return await asyncio.to_thread(eventually, lambda: rig.left() == 0, PROMPT_S)

    # What it is

    def test_it_has_a_name_and_a_price(self):
        async def scenario(rig):
            assert rig.family.unusable() == ""
            assert rig.family.voices
            family, _, name = rig.voice.name.partition(":")
            assert family and name and rig.voice.name == rig.voice.name.strip()
            assert rig.voice.price_per_million >= 0

        self.run(scenario)

    def test_a_voice_that_it_has_not_is_refused(self):
        async def scenario(rig):
            with pytest.raises(VoiceError, match="no-such"):
                rig.family.voice("no-such")

        self.run(scenario)

    # Sound

    def test_it_says_a_text_in_bytes_of_a_plausible_length(self):
        async def scenario(rig):
            for text in (SENTENCE, LONG):
                chunks = await self.hear(rig, text)
                assert all(isinstance(chunk, bytes) and chunk for chunk in chunks)
                letters = sum("א" <= character <= "ת" for character in text)
                assert duration_ms(b"".join(chunks)) // letters in MS_A_LETTER
            assert await self.nothing_is_left(rig)

        self.run(scenario)

    def test_it_is_no_wav_file(self):
        async def scenario(rig):
            assert not (await self.hear(rig))[0].startswith(b"RIFF")

        self.run(scenario)

    def test_pieces_of_an_answer_follow_each_other(self):
        async def scenario(rig):
            async with rig.voice.for_answer() as speaking:
                for _ in range(3):
                    assert b"".join([chunk async for chunk in guarded(speaking, SENTENCE)])
            assert await self.nothing_is_left(rig)

        self.run(scenario)

    def test_answers_are_apart(self):
        async def scenario(rig):
            short, long = await asyncio.gather(self.hear(rig, SENTENCE), self.hear(rig, LONG))
            assert len(b"".join(short)) < len(b"".join(long))

        self.run(scenario)

    def test_a_piece_that_is_none_is_refused_before_anybody_is_asked(self):
        async def scenario(rig):
            for text in ("", " ... ", "ש" * 241):
                with pytest.raises(VoiceError) as refused:
                    await self.hear(rig, text)
                assert refused.value.code == "text_unspeakable"
            assert rig.left() == 0

        self.run(scenario)

    def test_a_family_that_was_closed_speaks_again(self):
        async def scenario(rig):
            await self.hear(rig)
            await rig.family.close()
            assert await self.hear(rig)

        self.run(scenario)

    # Giving up

    @pytest.mark.parametrize("after", ["nothing", "a chunk"])
    def test_who_is_cancelled_leaves_nothing_at_work(self, after):
        async def scenario(rig):
            heard = asyncio.Event()

            async def listen():
                async with rig.voice.for_answer() as speaking, aclosing(guarded(speaking, LONG)) as chunks:
                    async for _ in chunks:
                        heard.set()
                        if after == "a chunk":
                            await asyncio.Event().wait()

            task = asyncio.ensure_future(listen())
            if after == "a chunk":
                await heard.wait()
            else:
                await asyncio.sleep(0)
            began_s = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - began_s < PROMPT_S
            assert await self.nothing_is_left(rig)

        self.run(scenario)

    def test_a_service_that_is_slow_is_given_up(self):
        async def scenario(rig):
            with pytest.raises(VoiceError) as late:
                await self.hear(rig, first_s=0.05)
            assert late.value.code == "voice_slow"
            assert await self.nothing_is_left(rig)

        self.run(scenario, Service.SLOW)

    # Errors

    def test_a_service_that_is_away_has_a_code(self):
        async def scenario(rig):
            with pytest.raises(VoiceError) as away:
                await self.hear(rig)
            assert away.value.code == "voice_raised"

        self.run(scenario, Service.AWAY)

    def test_a_service_that_ends_without_a_sound_has_a_code(self):
        async def scenario(rig):
            with pytest.raises(VoiceError) as empty:
                await self.hear(rig)
            assert empty.value.code == "voice_empty"
            assert await self.nothing_is_left(rig)

        self.run(scenario, Service.EMPTY)
