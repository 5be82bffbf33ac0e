"""Two engines over real gRPC, each at an emulator of its own: where the first fails the second hears all."""

import asyncio

import pytest

from calls.lab.rig import free_port
from stt.audio import FRAME_BYTES, FRAME_MS
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import Faults
from stt.engines.google import GoogleSpeech
from stt.engines.registry import EngineRegistry
from stt.events import EngineChanged, Final, StreamClosed
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.paths import SAMPLES
from tests.traced import LIBRARY

TUNING = Tuning(engines=("google", "second"), stt_retry_ms=20)
RECORDING = LIBRARY.recordings[0]


class Second(GoogleSpeech):
    def __init__(self, address):
        super().__init__(emulator=address)
        self.name = "emulator:second"


async def heard(first, second):
    """The words of a recording at real time, and who took over, why."""
    engines = EngineRegistry({"google": lambda _: GoogleSpeech(emulator=first), "second": lambda _: Second(second)})
    line, events, over = engines.of_profiles().line(TUNING), [], asyncio.Event()

    def deliver(event):
        events.append(event)
        if isinstance(event, StreamClosed):
            over.set()

    transcriber = Transcriber(line.ladder(), TUNING, deliver)
    transcriber.start()
    for at in range(0, len(RECORDING.ulaw) - FRAME_BYTES, FRAME_BYTES):
        transcriber.feed(RECORDING.ulaw[at : at + FRAME_BYTES], at // FRAME_BYTES * FRAME_MS)
        await asyncio.sleep(FRAME_MS / 1000)
    transcriber.finish()
    await asyncio.wait_for(over.wait(), 20)
    transcriber.close()
    for engine in line.streams:
        await engine.engine.close()
    words = [word.text for event in events if isinstance(event, Final) for word in event.words]
    return words, [event for event in events if isinstance(event, EngineChanged)]


@pytest.mark.parametrize(
    ("faults", "code"),
    [(None, "unavailable"), (Faults(unavailable_opens=99), "unavailable"), (Faults(hints_refused=True), None)],
    ids=["refused", "unavailable", "well"],
)
async def test_the_second_engine_hears_all_that_the_first_was_given(faults, code):
    options = EmulatorOptions(folders=[SAMPLES])
    async with SpeechEmulator(options, faults) as one, SpeechEmulator(options) as other:
        address = f"127.0.0.1:{free_port()}" if faults is None else one.address
        words, changes = await heard(address, other.address)
    assert words == [word.text for word in RECORDING.words]
    # While audio is being written grpc.aio may lose the status of a refusal (docs/engines.md).
    assert [change.code for change in changes] in ([[code], ["internal"]] if code else [[]])
    assert all((change.left, change.engine) == ("emulator", "emulator:second") for change in changes)
