"""LineEngines: the engines that hear one line's calls, in its order, and what each of them is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stt.engines.base import Capabilities
from stt.engines.guarded import GuardedEngine, OnWaived
from stt.engines.handshake_rate import HandshakeRate
from stt.engines.ladder import Ladder, Rung
from stt.engines.one_shot_chain import OneShotAnswer, recognize_by
from stt.engines.opening_limit import opened_within
from stt.tuning import BOUNDS, Tuning

RENEW_MARGIN_S = 5
"""A stream is renewed at the latest this long before its engine would end it."""

RETURN_AFTER_S = 30
"""A stand-in's stream is renewed in the first silence after this long: there the call can return."""


@dataclass(frozen=True, slots=True)
class LineEngines:
    """One call's. The guarded engines are the process's."""

    streams: Sequence[GuardedEngine]
    """That hear its streams."""
    one_shots: Sequence[GuardedEngine]
    """That are asked for single utterances."""
    named_first: GuardedEngine
    """Whose names the settings' model and endpoint are."""
    tuning: Tuning
    handshakes: HandshakeRate

    def tuning_of(self, engine: GuardedEngine) -> Tuning:
        """The settings as this engine is asked: language and hints go with the call, names of another one do not."""
        return self.tuning if engine is self.named_first else replace(self.tuning, model="", endpoint="")

    def bounded(self, engine: GuardedEngine) -> Tuning:
        """The call's settings within what this engine can."""
        tuning = bounded(self.tuning, engine.engine.capabilities)
        return tuning if engine is self.streams[0] else standing_in(tuning)

    @property
    def first_tuning(self) -> Tuning:
        """Those of the call as it begins: within what its first engine of streams can; without one, no streams."""
        return self.bounded(self.streams[0]) if self.streams else replace(self.tuning, streaming=False)

    def ladder(self, on_waived: OnWaived = lambda _: None) -> Ladder:
        """For the streams of one call. On the event loop's thread."""
        rungs = []
        for engine in self.streams:
            asked = self.tuning_of(engine)
            opens = engine.open_stream(asked, on_waived)
            if len(self.streams) > 1:
                opens = opened_within(opens)
            rungs.append(Rung(opens, engine.breaker, engine.name, engine.model_name(asked), engine.health))
        return Ladder(rungs, self.handshakes)

    def recognize(self, pcm: bytes, on_waived: OnWaived = lambda _: None) -> OneShotAnswer:
        """One utterance of 8 kHz PCM16. Blocking, any thread. Raises RecognizerError."""
        return recognize_by(self.one_shots, pcm, self.tuning_of, on_waived)


def standing_in(tuning: Tuning) -> Tuning:
    """The settings while an engine hears in another one's place."""
    return replace(tuning, renew_after_s=min(tuning.renew_after_s, RETURN_AFTER_S))


def bounded(tuning: Tuning, can: Capabilities) -> Tuning:
    """The settings within what an engine can: it is asked for no final that it would not hasten, and a stream is
    renewed before the engine ends it."""
    if not can.half_close:
        tuning = replace(tuning, half_close_ms=0)
    latest_s = None if can.longest_stream_s is None else int(can.longest_stream_s - RENEW_MARGIN_S)
    if latest_s is not None and tuning.renew_latest_s > latest_s:
        least_s = BOUNDS["renew_after_s"].low
        after_s = max(least_s, min(tuning.renew_after_s, latest_s - RENEW_MARGIN_S))
        tuning = replace(tuning, renew_after_s=after_s, renew_latest_s=max(latest_s, after_s + 1))
    return tuning
