"""smart-turn, a small neural network that hears whether a caller has finished: for open turns (docs/answering.md).

Behind an extra (requirements-turn.txt), and imported by nobody who does not ask for it. The model is the file of
smart-turn v3.2 (github.com/pipecat-ai/smart-turn, BSD 2-Clause) as the wheel of pipecat-ai carries it; only that file
is taken from it, and nothing of the package is imported. It knows 23 languages, and Hebrew is none of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from calls.reply.floor import MODEL_LATE_MS
from stt.audio import SAMPLE_RATE_HZ, ulaw_to_pcm

logger = logging.getLogger(__name__)

HEARD_S = 8
"""The model hears the end of the caller's audio of this length; shorter audio has zeros in front."""
HEARD_BYTES = HEARD_S * SAMPLE_RATE_HZ
"""Of µ-law."""
MODEL_RATE_HZ = 16_000
WINDOW, HOP, BANDS = 400, 160, 80
"""Whisper's spectrogram: samples of a window, from one window to the next, and mel bands (arXiv:2212.04356, 2.2)."""
DYNAMIC_RANGE = 8.0
"""Of the logarithm: what lies further below the loudest is as quiet as that."""
MODEL = Path("audio") / "turn" / "smart_turn" / "data" / "smart-turn-v3.2-cpu.onnx"
"""The model's file within its package."""
PACKAGE = "pipecat"
MISSING = "turn_model_missing: pip install --no-deps -r requirements-turn.txt"


class TurnModelMissing(RuntimeError):
    """The extra is not installed."""


def installed() -> bool:
    """The extra is there, as far as one can tell without importing it."""
    return find_spec("onnxruntime") is not None and _model_file() is not None


class SmartTurn:
    """The network, loaded once a process. Keeps nothing of what it hears."""

    def __init__(self) -> None:
        """Takes a third of a second. Raises TurnModelMissing."""
        model = _model_file()
        try:
            import numpy
            import onnxruntime
        except ImportError as error:
            raise TurnModelMissing(MISSING) from error
        if model is None:
            raise TurnModelMissing(MISSING)
        options = onnxruntime.SessionOptions()
        # One decision at a time on one core: the media path has the others.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._numpy = numpy
        self._window = numpy.hanning(WINDOW + 1)[:-1].astype("float32")
        self._bands = _mel_bands(numpy).astype("float32")

    def probability(self, ulaw: bytes) -> float:
        """That the caller has finished: 0 to 1. ``ulaw``: 8 kHz, up to the moment of asking, with the silence behind
        the last word; of longer audio the last 8 s are heard. Blocks for 50 to 100 ms of CPU."""
        (output,) = self._session.run(None, {"input_features": self.features(ulaw)[None]})
        return float(output.reshape(-1)[0])

    def features(self, ulaw: bytes) -> Any:
        """The log-mel spectrogram that the model hears: float32, 80 bands by 800 windows."""
        numpy = self._numpy
        pcm = numpy.frombuffer(ulaw_to_pcm(ulaw[-HEARD_BYTES:]), "<i2").astype("float32") / 32768
        samples = self._at_model_rate(pcm)
        samples = (samples - samples.mean()) / numpy.sqrt(samples.var() + 1e-7)
        padded = numpy.pad(samples, WINDOW // 2, mode="reflect")
        windows = numpy.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:-1]
        spectrum = numpy.fft.rfft(windows * self._window, axis=-1)
        power = spectrum.real**2 + spectrum.imag**2
        levels = numpy.log10(numpy.maximum(self._bands @ power.T, 1e-10))
        levels = numpy.maximum(levels, levels.max() - DYNAMIC_RANGE)
        return (levels + 4.0) / 4.0

    def _at_model_rate(self, pcm: Any) -> Any:
        """Twice the rate, by the spectrum, with zeros in front up to the whole length."""
        numpy = self._numpy
        whole = numpy.zeros(HEARD_S * MODEL_RATE_HZ, "float32")
        if len(pcm):
            doubled = 2 * numpy.fft.irfft(numpy.fft.rfft(pcm), 2 * len(pcm))
            whole[-len(doubled) :] = doubled
        return whole


@dataclass(frozen=True, slots=True)
class _Asked:
    ulaw: bytes
    said: Callable[[float], object]
    at_s: float


class TurnModelThread:
    """Asks the model for all calls of a process, off the loop and one after the other."""

    def __init__(
        self,
        load: Callable[[], SmartTurn] = SmartTurn,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ready = False
        """The model is loaded and the thread well."""
        self.late = 0
        """Questions that waited so long that nobody waits for their answers: the model was not asked."""
        self._load = load
        self._clock = clock
        self._on_lost: Callable[[], object] = lambda: None
        self._questions: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, on_lost: Callable[[], object] = lambda: None) -> None:
        """Load the model, off the caller's thread. Idempotent, and tried once. ``on_lost`` counts, on that thread, that
        it could not be loaded or that it failed."""
        if self._thread is None:
            self._on_lost = on_lost
            self._thread = threading.Thread(target=self._run, name="smart-turn", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Answer what was asked, and end. Blocks."""
        if self._thread is not None:
            self._questions.put(None)
            self._thread.join()

    def ask(self, ulaw: bytes, said: Callable[[float], object]) -> None:
        """Never blocks; any thread. ``said`` gets the probability, on the model's thread, and must not raise; it is not
        called when the model is not there, or is so busy that the answer would be late."""
        if self.ready:
            self._questions.put(_Asked(ulaw, said, self._clock()))

    def _run(self) -> None:
        try:
            model = self._load()
            self.ready = True
            while (asked := self._questions.get()) is not None:
                if self._clock() - asked.at_s > MODEL_LATE_MS / 1000:
                    self.late += 1
                    continue
                asked.said(model.probability(asked.ulaw))
        except Exception:
            # Open turns are then decided by their silence.
            self._on_lost()
            logger.exception("turn_model_lost: open turns are decided by silence alone")
        finally:
            self.ready = False


def _mel_bands(numpy: Any) -> Any:
    """Triangles of equal area over Slaney's mel scale, linear up to 1 kHz: 80 bands by 201 frequencies."""
    per_octave = numpy.log(6.4) / 27.0

    def hertz(mel: Any) -> Any:
        return numpy.where(mel < 15, 200 * mel / 3, 1000 * numpy.exp(per_octave * (mel - 15)))

    top_mel = 15 + numpy.log(MODEL_RATE_HZ / 2 / 1000) / per_octave
    edges = hertz(numpy.linspace(0, top_mel, BANDS + 2))
    frequencies = numpy.linspace(0, MODEL_RATE_HZ / 2, WINDOW // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    return numpy.maximum(0, numpy.minimum(rising, falling)) * (2 / (high - low))


def _model_file() -> Path | None:
    """Found without importing the package, which wants more than is installed."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / MODEL).is_file():
            return Path(folder) / MODEL
    return None
