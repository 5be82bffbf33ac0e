"""The bridge: one utterance at a time in the call's thread, the others wait with their audio."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from calls.live.fallback_bridge import (
    MAX_WAITING,
    MOST_BEFORE_MS,
    PCM_BYTES_PER_MS,
    AnsweredBy,
    FallbackBridge,
    UtteranceAudio,
)
from stt.engines.one_shot_chain import OneShotAnswer
from stt.events import Final, OneShotDone, RecognizerError, Word
from stt.streaming.billing import Billed
from tests.waiting import PATIENCE_S
from voiceapp.runtime import metrics

SECOND = bytes(16_000)


@pytest.fixture
def executor():
    with ThreadPoolExecutor(1, "stt-fallback") as executor:
        yield executor


def bridge_of(executor):
    answers = asyncio.Queue()
    return FallbackBridge(asyncio.get_running_loop(), executor, answers.put_nowait), answers


async def test_an_answer_comes_back_with_its_utterance_and_is_billed_by_the_second(executor):
    bridge, answers = bridge_of(executor)
    bridge.take(UtteranceAudio.of(SECOND + b"\0", 7))
    bridge.submit(bridge.next(), lambda pcm: "שלום לך", bridge.answered)
    assert await asyncio.wait_for(answers.get(), 5) == OneShotDone(7, ("שלום", "לך"))
    assert bridge.billed == Billed(1, {"": 2})


async def test_the_engine_that_answered_is_billed(executor):
    bridge, answers = bridge_of(executor)
    answer = OneShotAnswer(Final((Word("כן", 0, 100),), 100), "soniox", "stt-rt-v5")
    bridge.submit(UtteranceAudio.of(SECOND, 7), lambda pcm: AnsweredBy.of(answer), bridge.answered)
    await asyncio.wait_for(answers.get(), 5)
    assert bridge.billed == Billed(1, {"soniox": 1})


@pytest.mark.parametrize(
    ("raised", "code"), [(RecognizerError("unavailable"), "unavailable"), (ZeroDivisionError(), "fallback_error")]
)
async def test_whatever_it_raises_the_utterance_goes_on_without_words(executor, raised, code, caplog):
    bridge, answers = bridge_of(executor)

    def fails(pcm):
        raise raised

    bridge.submit(UtteranceAudio.of(SECOND, 7), fails, bridge.answered)
    done = await asyncio.wait_for(answers.get(), 5)
    assert (done.utterance, done.words, done.error.code) == (7, (), code)
    assert "❌ STT fallback failed: " in caplog.text
    assert (bridge.billed, bridge.is_busy) == (Billed(), False)


async def test_an_utterance_knows_what_was_said_just_before_it(executor):
    bridge, _ = bridge_of(executor)
    most = MOST_BEFORE_MS * PCM_BYTES_PER_MS
    for number, pcm in ((1, b"\1" * most), (2, b"\2" * 100), (3, b"\3" * 100), (5, b"\5" * 100), (4, b"\4" * 100)):
        bridge.take(UtteranceAudio.of(pcm, number))
    waiting = {audio.utterance: audio for audio in bridge._fallback_queue}
    assert waiting[1].before == b""
    assert waiting[2].before == b"\1" * most
    assert waiting[3].before == b"\1" * (most - 100) + b"\2" * 100
    # Another one stands between, or it was spoken earlier: asked for again.
    assert (waiting[5].before, waiting[4].before) == (b"", b"")
    assert [bytes(audio)[:1] for audio in waiting.values()] == [b"\1", b"\2", b"\3", b"\5", b"\4"]
    bridge.take(b"no number")
    bridge.take(UtteranceAudio.of(b"", 0))
    assert bridge._fallback_queue[-1].before == b""


async def test_nothing_is_submitted_behind_a_thread_that_hangs_and_the_oldest_that_wait_are_given_up(executor):
    bridge, answers = bridge_of(executor)
    gate = threading.Event()
    bridge.submit(UtteranceAudio.of(SECOND, 1), lambda pcm: gate.wait(PATIENCE_S) and "כן", bridge.answered)
    for number in range(2, 4 + MAX_WAITING):
        bridge.take(UtteranceAudio.of(SECOND, number))
        assert bridge.next() is None
    given_up = [answers.get_nowait() for _ in range(answers.qsize())]
    assert [(done.utterance, done.error.code) for done in given_up] == [(2, "fallback_busy"), (3, "fallback_busy")]
    gate.set()
    assert (await asyncio.wait_for(answers.get(), 5)).utterance == 1
    assert bridge.next().utterance == 4


async def test_what_waits_can_be_forgotten(executor):
    bridge, _ = bridge_of(executor)
    bridge.take(SECOND)
    assert (bridge.waiting, bridge.is_busy) == (1, False)
    bridge.clear()
    assert bridge.next() is None


def compared(number):
    return UtteranceAudio.of(SECOND, number, is_comparison=True)


def waiting(bridge):
    return [audio.utterance for audio in bridge._fallback_queue]


COUNTERS = (metrics.FALLBACKS, metrics.FALLBACKS_GIVEN_UP, metrics.FALLBACKS_FAILED)
COMPARISON_COUNTERS = (metrics.COMPARISONS, metrics.COMPARISONS_FAILED)


def counted(counters):
    return [counter._value.get() for counter in counters]


async def test_a_comparison_is_no_fallback_in_the_log_and_in_the_counters(executor, caplog):
    caplog.set_level(logging.INFO)
    bridge, answers = bridge_of(executor)
    fallbacks, comparisons = counted(COUNTERS), counted(COMPARISON_COUNTERS)

    def fails(pcm):
        raise RecognizerError("unavailable")

    for recognize in (lambda pcm: "שלום", fails):
        bridge.take(compared(7))
        bridge.submit(bridge.next(), recognize, bridge.answered)
        assert (await asyncio.wait_for(answers.get(), 5)).utterance == 7
    assert "🧵 [STT] comparison in executor (utterance 7, 1000 ms)" in caplog.text
    assert "fallback" not in caplog.text.replace("fallback_bridge", "")
    assert counted(COUNTERS) == fallbacks
    assert counted(COMPARISON_COUNTERS) == [comparisons[0] + 2, comparisons[1] + 1]


async def test_a_comparison_waits_behind_every_utterance_without_words(executor):
    bridge, _ = bridge_of(executor)
    for audio in (compared(1), UtteranceAudio.of(SECOND, 2), compared(3), UtteranceAudio.of(SECOND, 4)):
        bridge.take(audio)
    assert [bridge.next().utterance for _ in range(4)] == [2, 4, 1, 3]


async def test_a_comparison_makes_room_for_any_utterance_without_words(executor):
    bridge, answers = bridge_of(executor)
    given_up = counted([metrics.FALLBACKS_GIVEN_UP])
    for audio in (compared(1), compared(2), *(UtteranceAudio.of(SECOND, 10 + number) for number in range(MAX_WAITING))):
        bridge.take(audio)
    assert waiting(bridge) == list(range(10, 10 + MAX_WAITING))
    bridge.take(compared(3))
    assert waiting(bridge) == list(range(10, 10 + MAX_WAITING)), "it finds no room"
    assert [answers.get_nowait().utterance for _ in range(3)] == [1, 2, 3]
    assert counted([metrics.FALLBACKS_GIVEN_UP]) == given_up
    assert answers.empty()


async def test_of_too_many_comparisons_the_oldest_is_given_up(executor):
    bridge, answers = bridge_of(executor)
    bridge.take(UtteranceAudio.of(SECOND, 1))
    for number in range(2, 3 + MAX_WAITING - 1):
        bridge.take(compared(number))
    assert (waiting(bridge)[:2], answers.get_nowait().utterance) == ([1, 3], 2)
