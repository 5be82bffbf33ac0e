"""What does Silero cost a process of many calls? ``python -m benchmarks.silero_thread --calls 100 --seconds 10``

Frames of human speech in noise, paced as calls are, through each call's detector; the thread that hears them all is the
server's own. CPU of the whole process, less what the same run costs with nobody listening; decisions that came late.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from random import Random

import webrtcvad

from stt.audio import FRAME_MS, SAMPLE_RATE_HZ, frames_of, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing.endpointer import Vad
from stt.endpointing.silero import SileroThread, SileroVad
from tests.sounds import SAMPLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="*", default=[10, 50, 100])
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    thread = SileroThread()
    thread.start()
    while not thread.ready:
        time.sleep(0.01)
    frames = [ulaw_to_pcm(f) for path in sorted(SAMPLES.glob("*.wav")) for f in frames_of(read_ulaw(path))]
    print("| calls | detector | CPU a call, ms/s | late frames |")
    print("|---|---|---|---|")
    for calls in options.calls:
        idle, _ = run(calls, options.seconds, frames, _Deaf)
        for name, make in (("webrtc", lambda: webrtcvad.Vad(2)), ("silero", lambda: SileroVad(thread.ask))):
            cpu, late = run(calls, options.seconds, frames, make)
            print(
                f"| {calls} | {name} | {(cpu - idle) / calls:.2f} | {late} of {round(calls * options.seconds * 50)} |"
            )


class _Deaf:
    def is_speech(self, pcm: bytes, sample_rate_hz: int, /) -> bool:
        return False


def run(calls: int, seconds: float, frames: list[bytes], make: Callable[[], Vad]) -> tuple[float, int]:
    """CPU of the process in ms a second, and late frames of all calls."""
    random = Random(1)
    vads = [make() for _ in range(calls)]
    places = [random.randrange(len(frames)) for _ in vads]
    begun_s, cpu_s = time.monotonic(), time.process_time()
    due_s = begun_s
    # Calls begin at different moments: a fifth of them has its frame at each 4 ms.
    fifth = FRAME_MS / 5 / 1000
    for step in range(int(seconds / fifth)):
        for at in range(step % 5, calls, 5):
            places[at] = (places[at] + 1) % len(frames)
            vads[at].is_speech(frames[places[at]], SAMPLE_RATE_HZ)
        due_s += fifth
        time.sleep(max(0.0, due_s - time.monotonic()))
    spent_s = time.monotonic() - begun_s
    return (time.process_time() - cpu_s) * 1000 / spent_s, sum(getattr(vad, "late_frames", 0) for vad in vads)


if __name__ == "__main__":
    main()
