"""AudioPace: audio that waits because an engine bears no more at once is sent on in steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stt.streaming.stream import Stream
from stt.streaming.timers import Timers

PACE_EVERY_S = 0.1
"""How often audio that waits for its pace is sent on."""


class AudioPace:
    """One call's: its timer is called ``pace``, and runs while one of its streams is behind."""

    def __init__(self, timers: Timers, streams: Callable[[], Sequence[Stream]]) -> None:
        """``streams``: those that still speak."""
        self._timers = timers
        self._streams = streams

    def keep(self) -> None:
        """Audio may wait since now."""
        if "pace" not in self._timers.running and any(stream.is_behind for stream in self._streams()):
            self._timers.start("pace", PACE_EVERY_S, self._on_time)

    def _on_time(self) -> None:
        for stream in self._streams():
            stream.flow(self._timers.now_s())
        self.keep()
