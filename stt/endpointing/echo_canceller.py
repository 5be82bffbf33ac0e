"""WebRTC's echo canceller (AEC3), for callers whose telephone gives our voice back loudly (docs/answering.md).

Behind an extra (requirements-echo.txt: pywebrtc-audio, Apache-2.0 over WebRTC's BSD), and imported by nobody who does
not ask for it. It finds the echo's delay by itself, up to half a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from stt.audio import SAMPLE_RATE_HZ, pcm_to_ulaw, ulaw_to_pcm

PACKAGES = "pywebrtc_audio", "numpy"


def installed() -> bool:
    """The extra is there, as far as one can tell without importing it."""
    return all(find_spec(package) is not None for package in PACKAGES)


class WebrtcCanceller:
    """One call's. Not thread-safe. 0.4 MB; 0.1 to 0.2 ms a frame."""

    def __init__(self, processor: Any, numpy: Any) -> None:
        """``processor``: pywebrtc_audio's AudioProcessor, its own."""
        self._processor = processor
        self._numpy = numpy

    def clean(self, near: bytes, far: bytes) -> bytes:
        """20 ms of the caller's µ-law without the echo of 20 ms of ours."""
        samples = (self._numpy.frombuffer(ulaw_to_pcm(ulaw), "<i2") for ulaw in (near, far))
        return pcm_to_ulaw(self._processor.process(*samples).tobytes())


class EchoCancellers:
    """Makes a process's cancellers. Any thread."""

    def __init__(self, is_installed: Callable[[], bool] = installed) -> None:
        self._installed = is_installed
        self._modules: tuple[Any, Any] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Import the extra off the caller's thread, where it is there: a third of a second. Idempotent."""
        if self._thread is None and self._installed():
            self._thread = threading.Thread(target=self.load, name="echo-canceller", daemon=True)
            self._thread.start()

    def load(self) -> None:
        """The same, and blocks. Leaves things as they are where the extra cannot be imported."""
        try:
            import numpy
            import pywebrtc_audio
        except ImportError:
            return
        self._modules = pywebrtc_audio, numpy

    def make(self) -> WebrtcCanceller | None:
        """For one call, within a millisecond; None where the extra is missing or not imported yet."""
        if self._modules is None:
            return None
        package, numpy = self._modules
        return WebrtcCanceller(package.AudioProcessor(SAMPLE_RATE_HZ, echo_cancellation=True), numpy)
