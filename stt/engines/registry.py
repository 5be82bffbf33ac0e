"""EngineRegistry and Recognition: which engines a process has, and which of them hear a line's calls.

A profile names a line's engines in order. Those that recognise streams hear its calls one in another's place, and those
that recognise single utterances are asked for what no stream has heard.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from stt.engines.base import Engine
from stt.engines.guarded import GuardedEngine
from stt.engines.handshake_rate import HandshakeRate
from stt.engines.line_engines import LineEngines
from stt.engines.one_shot_chain import OneShotAnswer
from stt.tuning import DEFAULT_ENGINES, Tuning
from voiceapp.runtime.coded_error import CodedError

logger = logging.getLogger(__name__)

UNKNOWN = "unknown_engine"
PROBE_PAUSES_S = 2.0, 30.0
"""Pauses between probes until the engines have answered, from the first to the longest."""


class EngineError(CodedError, ValueError):
    """No such engine can be used: ``unknown_engine`` | ``no_streaming`` | ``no_one_shot``."""


class EngineRegistry:
    """The engines of one process by their names, each made at most once and guarded alone. Any thread."""

    def __init__(
        self, engines: Mapping[str, Callable[[str], Engine]], lacks: Callable[[str], str] = lambda _: ""
    ) -> None:
        """``engines``: for each name what GuardedEngine takes. ``lacks``: the variable that an engine lacks, or ""."""
        self._makers = dict(engines)
        self._lacks = lacks
        self._guarded: dict[str, GuardedEngine] = {}
        self._making = threading.Lock()
        self._told: set[str] = set()
        """Names without an engine that the log was told of."""

    def guarded(self, name: str) -> GuardedEngine:
        """The engine of this name: the same one whoever asks. Raises EngineError."""
        if name not in self._makers:
            known = ", ".join(sorted(self._makers))
            raise EngineError(UNKNOWN, f"There is no engine {name!r}; there are: {known}")
        with self._making:
            if name not in self._guarded:
                self._guarded[name] = GuardedEngine(self._makers[name])
            return self._guarded[name]

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those of the names that no engine has."""
        return [name for name in names if name not in self._makers]

    def of_line(self, names: Sequence[str]) -> list[GuardedEngine]:
        """The engines of these names that there are. One that lacks what it needs is passed over for others; where none
        has it, the first says so to its calls. A name without an engine, as of a later version, is logged once."""
        for name in self.unknown(names):
            if name not in self._told:
                self._told.add(name)
                there_are = ", ".join(sorted(self._makers))
                logger.error("%s: a profile names %r; there are: %s. Others hear its calls", UNKNOWN, name, there_are)
        known = [name for name in names if name in self._makers]
        ready = [name for name in known if not self._lacks(name)]
        return [self.guarded(name) for name in ready or known[:1]]

    def recognition(self, *, streaming: str, one_shot: str) -> Recognition:
        """One engine for all streams and one for all single utterances, whatever profiles name. Raises EngineError,
        also where an engine cannot do what it is chosen for."""
        return Recognition(self.guarded(streaming), self.guarded(one_shot))

    def of_profiles(self) -> Recognition:
        """What calls are heard with, each by the engines that its profile names. Raises EngineError where those of a
        profile that names none are not there."""
        return Recognition(self.guarded(DEFAULT_ENGINES[0]), engines=self)


class Recognition:
    """The recognition of all calls of a process: an engine for their streams, and one for single utterances."""

    def __init__(
        self,
        streaming: GuardedEngine,
        one_shot: GuardedEngine | None = None,
        *,
        engines: EngineRegistry | None = None,
    ) -> None:
        """``one_shot``: None for the same one. ``engines``: those that profiles name, beside these; None: these two
        hear every call. Raises EngineError."""
        self.streaming = streaming
        self.one_shot = one_shot or streaming
        self._engines = engines
        self._handshakes = HandshakeRate()
        self.named: Callable[[], Sequence[str]] = lambda: DEFAULT_ENGINES
        """The engines that profiles name, for probes and health."""
        if not self.streaming.engine.capabilities.streaming:
            raise EngineError("no_streaming", f"{self.streaming.name} recognises no streams")
        if not self.one_shot.engine.capabilities.one_shot:
            raise EngineError("no_one_shot", f"{self.one_shot.name} recognises no single utterances")

    @property
    def in_use(self) -> list[GuardedEngine]:
        """The engines that hear calls: those of the lines, or these two."""
        if self._engines is None:
            return list(dict.fromkeys((self.streaming, self.one_shot)))
        return self._engines.of_line(tuple(self.named())) or [self.streaming]

    @property
    def one_shot_name(self) -> str:
        """Of the one-shot recogniser, where a profile names none."""
        return self.one_shot.name

    @property
    def probe_failure(self) -> str:
        """Code, where no engine of streams has answered its probe."""
        return self._of_all([one.probe_failure for one in self.hear_streams])

    @property
    def trouble(self) -> str:
        """Code of why the next call would not be heard by a stream; empty while nothing speaks against it."""
        return self._of_all([one.trouble for one in self.hear_streams])

    @property
    def troubles(self) -> dict[str, str]:
        """Each engine in use, by its name on rows, and its trouble's code; and each name that profiles have and no
        engine, with ``unknown_engine``."""
        unknown = self._engines.unknown(self.named()) if self._engines is not None else []
        return {one.name: one.trouble for one in self.in_use} | dict.fromkeys(unknown, UNKNOWN)

    def unwell(self) -> dict[str, bool]:
        """Where lines have several engines: each of streams, and whether calls have left it in vain. Any thread."""
        engines = self.hear_streams
        return {one.name: one.health.unwell for one in engines} if len(engines) > 1 else {}

    @property
    def hear_streams(self) -> list[GuardedEngine]:
        """Those of the engines in use that hear streams."""
        return [one for one in self.in_use if one.engine.capabilities.streaming] if self._engines else [self.streaming]

    @staticmethod
    def _of_all(codes: Sequence[str]) -> str:
        """The first code where none is empty: one engine that is well is enough."""
        return codes[0] if codes and all(codes) else ""

    def probe(self) -> None:
        """Ask the engines' services whether they recognise. Blocking, any thread."""
        for engine in self.in_use:
            engine.probe()

    def keep_probing(self) -> None:
        """Probe until each has answered. Blocking: a thread's whole work."""
        self.probe()
        pause_s, longest_s = PROBE_PAUSES_S
        while not all(engine.probed for engine in self.in_use):
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)
            self.probe()

    def line(self, tuning: Tuning) -> LineEngines:
        """Who hears a call with these settings. A further engine of a line that lacks what it needs is passed over."""
        named = [] if self._engines is None else self._engines.of_line(tuning.engines)
        streams = [one for one in named if one.engine.capabilities.streaming]
        one_shots = [one for one in named if one.engine.capabilities.one_shot]
        if not named:
            streams, one_shots = [self.streaming], [self.one_shot]
        return LineEngines(streams, one_shots, named[0] if named else self.streaming, tuning, self._handshakes)

    def answer(self, pcm: bytes, tuning: Tuning) -> OneShotAnswer:
        """One utterance of 8 kHz PCM16, and who has heard it. Blocking, any thread. Raises RecognizerError."""
        return self.line(tuning).recognize(pcm)

    def bounded(self, tuning: Tuning) -> Tuning:
        """The settings within what the engine can that hears such a call as it begins; without one, no streams."""
        return self.line(tuning).first_tuning
