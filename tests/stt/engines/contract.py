"""What every engine must keep (stt/engines/base.py), whoever makes it. A test class of the engine inherits it.

What an engine says that it cannot do is not asked of it: those tests are skipped and say so, and one sees to it that it
refuses.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum

import pytest

from stt.audio import BYTES_PER_MS, FRAME_BYTES, ulaw_to_pcm
from stt.engines.base import Engine, RecognitionOptions
from stt.events import Final, Interim, RecognizerError, StreamClosed, StreamOpened
from tests.waiting import PATIENCE_S

PLAIN = RecognitionOptions()
SILENCE_PCM = bytes(8000)
A_WHILE_S = 0.15
"""Long enough for what an engine should not say."""


class Service(Enum):
    """In which state the engine finds its service."""

    WELL = "well"
    AWAY = "away"
    """Nobody answers."""
    SLOW = "slow"
    """A one-shot is not answered within a second."""


@dataclass(frozen=True)
class Rig:
    """An engine with something to hear."""

    engine: Engine
    ulaw: bytes
    """At least a second of audio, silence at its ends."""
    words: tuple[str, ...]
    """Spoken in it, at least two."""
    speech_ms: tuple[int, int]
    """From where to where they are spoken."""
    refused: RecognitionOptions
    """That this engine refuses."""


class _Listener:
    """Keeps what a stream says, and on which thread."""

    def __init__(self) -> None:
        self.events: list = []
        self.threads: set[int] = set()
        self._new = asyncio.Event()

    def __call__(self, event) -> None:
        self.events.append(event)
        self.threads.add(threading.get_ident())
        self._new.set()

    async def until(self, kind: type) -> None:
        """An event of this kind has come."""
        async with asyncio.timeout(10):
            while not any(isinstance(event, kind) for event in self.events):
                self._new.clear()
                await self._new.wait()

    def of(self, kind) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word.text for final in self.of(Final) for word in final.words)

    @property
    def error(self) -> RecognizerError | None:
        (closed,) = self.of(StreamClosed)
        return closed.error


class EngineContract:
    """A subclass, named Test…, gives ``rig``."""

    def rig(self, service: Service) -> AbstractAsyncContextManager[Rig]:
        raise NotImplementedError

    def run(self, scenario: Callable, service: Service = Service.WELL):
        async def within():
            async with asyncio.timeout(20), self.rig(service) as rig:
                try:
                    return await scenario(rig)
                finally:
                    await rig.engine.close()

        return asyncio.run(within())

    async def hear(self, rig: Rig, pieces: Sequence[bytes], options: RecognitionOptions = PLAIN) -> _Listener:
        """A whole stream of these pieces, and a while behind its end."""
        _needs_streams(rig)
        listener = _Listener()
        stream = rig.engine.open_stream(listener, options)
        assert listener.events == []
        for piece in pieces:
            stream.feed(piece)
        stream.finish()
        await listener.until(StreamClosed)
        stream.feed(bytes(160))
        stream.finish()
        await asyncio.sleep(A_WHILE_S)
        stream.close()
        assert isinstance(listener.events[-1], StreamClosed)
        assert listener.threads == {threading.get_ident()}
        return listener

    # Its name, and what it can

    def test_it_says_what_it_is_and_what_it_can(self):
        async def scenario(rig):
            engine, can = rig.engine, rig.engine.capabilities
            assert engine.name and engine.name == engine.name.lower().strip()
            assert engine.model
            assert can.streaming or can.one_shot
            assert can.message_bytes >= FRAME_BYTES
            assert all(limit is None or limit > 0 for limit in (can.longest_stream_s, can.idle_limit_s))
            assert can.price_per_hour >= 0

        self.run(scenario)

    def test_a_probe_finds_out_whether_the_service_answers(self):
        async def probe(rig):
            await asyncio.to_thread(rig.engine.probe)
            assert rig.engine.model

        self.run(probe)
        with pytest.raises(RecognizerError):
            self.run(probe, Service.AWAY)

    def test_what_it_cannot_is_refused_for_good(self):
        async def scenario(rig):
            can, errors = rig.engine.capabilities, []
            if not can.streaming:
                listener = _Listener()
                stream = rig.engine.open_stream(listener, PLAIN)
                assert listener.events == []
                stream.feed(rig.ulaw)
                stream.finish()
                await listener.until(StreamClosed)
                assert len(listener.events) == 1
                errors.append(listener.error)
            if not can.one_shot:
                with pytest.raises(RecognizerError) as refused:
                    await asyncio.to_thread(rig.engine.recognize, ulaw_to_pcm(rig.ulaw), PLAIN, 5000)
                errors.append(refused.value)
            if not errors:
                pytest.skip("it can all")
            assert {(error.code, error.permanent) for error in errors} == {("unimplemented", True)}

        self.run(scenario)

    # Streams

    def test_a_stream_opens_says_its_words_and_ends(self):
        async def scenario(rig):
            listener = await self.hear(rig, [rig.ulaw])
            assert listener.events[0] == StreamOpened(0, 1)
            assert listener.words == rig.words
            assert (len(listener.of(StreamOpened)), listener.error) == (1, None)

        self.run(scenario)

    @pytest.mark.parametrize("size", [FRAME_BYTES, 333, 100_000])
    def test_audio_comes_in_pieces_of_any_length(self, size):
        async def scenario(rig):
            pieces = [rig.ulaw[at : at + size] for at in range(0, len(rig.ulaw), size)]
            assert (await self.hear(rig, pieces)).words == rig.words

        self.run(scenario)

    def test_interims_grow_into_finals(self):
        async def scenario(rig):
            pieces = [rig.ulaw[at : at + FRAME_BYTES] for at in range(0, len(rig.ulaw), FRAME_BYTES)]
            results = (await self.hear(rig, pieces)).of(Interim | Final)
            said = [event for event in results if isinstance(event, Interim) and event.words]
            assert said and isinstance(results[-1], Final)
            assert set(said[-1].words) & set(rig.words)
            assert all(0.0 <= event.stability <= 1.0 for event in said)
            ends = [event.end_ms for event in results if event.end_ms is not None]
            assert all(0 < end <= len(rig.ulaw) / BYTES_PER_MS for end in ends)

        self.run(scenario)

    def test_words_have_the_times_at_which_they_were_spoken(self):
        async def scenario(rig):
            if not rig.engine.capabilities.word_times:
                pytest.skip("it gives no times")

            def one_shot():
                return asyncio.to_thread(rig.engine.recognize, ulaw_to_pcm(rig.ulaw), PLAIN, 5000)

            streamed = (await self.hear(rig, [rig.ulaw])).of(Final) if rig.engine.capabilities.streaming else []
            for final in (
                *streamed,
                *([await one_shot()] if rig.engine.capabilities.one_shot else []),
            ):
                times = [time_ms for word in final.words for time_ms in (word.start_ms, word.end_ms)]
                assert times == sorted(times)
                assert all(rig.speech_ms[0] <= time_ms <= rig.speech_ms[1] for time_ms in times)

        self.run(scenario)

    def test_a_stream_without_audio_ends_without_words(self):
        async def scenario(rig):
            listener = await self.hear(rig, [])
            assert (listener.words, listener.error) == ((), None)

        self.run(scenario)

    @pytest.mark.parametrize("when", [None, StreamOpened, Interim, "finished"])
    def test_nothing_is_delivered_after_close(self, when):
        async def scenario(rig):
            _needs_streams(rig)
            listener = _Listener()
            stream = rig.engine.open_stream(listener, PLAIN)
            stream.feed(rig.ulaw)
            if when == "finished":
                stream.finish()
            elif when is not None:
                await listener.until(when)
            before = list(listener.events)
            stream.close()
            stream.close()
            stream.feed(rig.ulaw)
            stream.finish()
            await asyncio.sleep(A_WHILE_S)
            assert listener.events == before
            assert listener.of(StreamClosed) == []

        self.run(scenario)

    def test_streams_are_apart(self):
        async def scenario(rig):
            _needs_streams(rig)
            closed = _Listener()
            other = rig.engine.open_stream(closed, PLAIN)
            both = [self.hear(rig, [rig.ulaw]), self.hear(rig, [bytes([0xFF]) * 1600])]
            tasks = [asyncio.ensure_future(one) for one in both]
            other.close()
            heard = [(listener.words, listener.error) for listener in await asyncio.gather(*tasks)]
            assert (heard, closed.events) == ([(rig.words, None), ((), None)], [])

        self.run(scenario)

    def test_a_closed_engine_opens_a_stream_again(self):
        async def scenario(rig):
            await self.hear(rig, [])
            await rig.engine.close()
            assert (await self.hear(rig, [rig.ulaw])).words == rig.words

        self.run(scenario)

    # One-shots

    def test_a_one_shot_gives_the_words_of_an_utterance_and_none_for_silence(self):
        async def scenario(rig):
            _needs_one_shots(rig)
            final = await asyncio.to_thread(rig.engine.recognize, ulaw_to_pcm(rig.ulaw), PLAIN, 5000)
            assert tuple(word.text for word in final.words) == rig.words
            assert (await asyncio.to_thread(rig.engine.recognize, SILENCE_PCM, PLAIN, 5000)).words == ()

        self.run(scenario)

    def test_one_shots_of_several_threads_are_apart(self):
        async def scenario(rig):
            _needs_one_shots(rig)
            audio = [ulaw_to_pcm(rig.ulaw), SILENCE_PCM] * 3
            with ThreadPoolExecutor(len(audio)) as pool:
                finals = await asyncio.gather(
                    *(
                        asyncio.get_running_loop().run_in_executor(pool, rig.engine.recognize, pcm, PLAIN, 5000)
                        for pcm in audio
                    )
                )
            assert [tuple(word.text for word in final.words) for final in finals] == [rig.words, ()] * 3

        self.run(scenario)

    def test_a_one_shot_without_an_answer_ends_at_its_time_out(self):
        async def scenario(rig):
            _needs_one_shots(rig)
            began_s = time.monotonic()
            with pytest.raises(RecognizerError) as late:
                await asyncio.to_thread(rig.engine.recognize, SILENCE_PCM, PLAIN, 100)
            assert (late.value.code, late.value.permanent) == ("deadline_exceeded", False)
            assert 0.09 <= time.monotonic() - began_s < PATIENCE_S

        self.run(scenario, Service.SLOW)

    # Errors

    def test_refused_options_are_no_failure_of_the_engine(self):
        async def scenario(rig):
            errors = []
            if rig.engine.capabilities.streaming:
                errors.append((await self.hear(rig, [], rig.refused)).error)
            if rig.engine.capabilities.one_shot:
                with pytest.raises(RecognizerError) as refused:
                    await asyncio.to_thread(rig.engine.recognize, SILENCE_PCM, rig.refused, 5000)
                errors.append(refused.value)
            assert len({error.code for error in errors}) == 1
            assert all(error.refused and error.permanent for error in errors)

        self.run(scenario)

    def test_a_service_that_is_away_may_be_asked_again(self):
        async def scenario(rig):
            errors = []
            if rig.engine.capabilities.streaming:
                listener = await self.hear(rig, [rig.ulaw])
                assert len(listener.events) == 1
                # A traceback would hold the stream's frames, and with them the call.
                assert listener.error.__traceback__ is None
                errors.append(listener.error)
            if rig.engine.capabilities.one_shot:
                with pytest.raises(RecognizerError) as away:
                    await asyncio.to_thread(rig.engine.recognize, SILENCE_PCM, PLAIN, 5000)
                errors.append(away.value)
            assert all(error.code and not error.permanent and not error.refused for error in errors)

        self.run(scenario, Service.AWAY)


def _needs_streams(rig: Rig) -> None:
    if not rig.engine.capabilities.streaming:
        pytest.skip("it hears no streams")


def _needs_one_shots(rig: Rig) -> None:
    if not rig.engine.capabilities.one_shot:
        pytest.skip("it hears no single utterances")
