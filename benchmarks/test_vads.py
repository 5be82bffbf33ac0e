"""What a voice detector costs a 20 ms frame: ``python -m pytest benchmarks/test_vads.py --benchmark-enable``

The first group runs on one thread: webrtcvad's call, the whole endpointer with it, Silero's call alone and with other
calls beside it. The second is what Silero leaves on the loop when its own thread does the work.
"""

import itertools

import pytest
import webrtcvad

from stt.audio import frames_of, pcm_to_ulaw, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing import silero
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.silero import CHUNK_BYTES, SileroModel, SileroVad
from tests.sounds import SAMPLES

FRAMES = 400
needs_silero = pytest.mark.skipif(not silero.installed(), reason="needs pip install -r requirements-silero.txt")


@pytest.fixture(scope="module")
def pcm():
    frames = (frame for path in sorted(SAMPLES.glob("*.wav")) for frame in frames_of(read_ulaw(path)))
    return [ulaw_to_pcm(frame) for frame in itertools.islice(itertools.cycle(list(frames)), FRAMES)]


def each(benchmark, name, round_of_frames, frames=FRAMES):
    """A round is of so many frames; the figure of one is in ``us_a_frame``."""
    benchmark.name = name
    benchmark.pedantic(round_of_frames, rounds=20, warmup_rounds=2)
    if benchmark.stats is not None:
        benchmark.extra_info["us_a_frame"] = round(benchmark.stats.stats.median / frames * 1e6, 2)


@pytest.mark.benchmark(group="one thread")
def test_webrtcvad(benchmark, pcm):
    vad = webrtcvad.Vad(2)
    each(benchmark, "webrtcvad", lambda: [vad.is_speech(frame, 8000) for frame in pcm])


@pytest.mark.benchmark(group="one thread")
def test_the_whole_endpointer(benchmark, pcm):
    ulaw, endpointer = [pcm_to_ulaw(frame) for frame in pcm], Endpointer(EndpointOptions())
    times = itertools.count(0, 20)
    each(benchmark, "endpointer with webrtcvad", lambda: [endpointer.push(frame, next(times)) for frame in ulaw])


@needs_silero
@pytest.mark.benchmark(group="one thread")
def test_silero_one_call_at_a_time(benchmark, pcm):
    vad = SileroVad(SileroModel().ask)
    each(benchmark, "silero", lambda: [vad.is_speech(frame, 8000) for frame in pcm])


@needs_silero
@pytest.mark.benchmark(group="one thread")
@pytest.mark.parametrize("calls", [4, 16, 64])
def test_silero_of_many_calls_at_once(benchmark, pcm, calls):
    model, stream = SileroModel(), b"".join(pcm)
    vads = [SileroVad(model.ask) for _ in range(calls)]
    chunks = [stream[at : at + CHUNK_BYTES] for at in range(0, len(stream) - CHUNK_BYTES, CHUNK_BYTES)][:32]

    def hear():
        for chunk in chunks:
            model.hear([(vad, chunk) for vad in vads])

    each(benchmark, f"silero, {calls} calls at once", hear, len(chunks) * calls * CHUNK_BYTES / 320)


@pytest.mark.benchmark(group="on the loop")
def test_what_silero_leaves_on_the_loop(benchmark, pcm):
    vad = SileroVad(lambda vad, pcm: vad.decide(0.0))
    each(benchmark, "silero's thread asked", lambda: [vad.is_speech(frame, 8000) for frame in pcm])


@pytest.fixture(autouse=True, scope="module")
def table(request):
    """The figures a frame, as docs/endpointing.md has them."""
    yield
    for one in request.config._benchmarksession.benchmarks:
        print(f"\n{one.name}: {one.extra_info['us_a_frame']} µs a frame", end="")
