"""What is left out of a profile's requests because the engine refuses it, so that one setting makes no line deaf. Pure.

An engine refuses a whole request for one phrase hint or a model that it does not have. The request is made again with
less, a step further each time:

    everything → without the hints → with the process's own model → without both

The step that is heard is kept for the profile's revision: later calls begin there, and a saved change tries everything
again. Where the last step is refused too it was none of these settings: everything stands again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from stt.engines.google_models import SttModel
from stt.tuning import Tuning

HINTS, MODEL = "hints_refused", "model_refused"
"""Stable codes: a call was heard without its phrase hints, or with another model than its profile's."""
_Key = tuple[str, str, tuple[str, ...]]
STEPS = ((), (HINTS,), (MODEL,), (HINTS, MODEL))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    model: SttModel
    hints: tuple[str, ...]
    waived: tuple[str, ...]
    """HINTS, MODEL or both."""


class Waivers:
    """One process's. Any thread."""

    def __init__(self) -> None:
        self._steps: dict[_Key, int] = {}
        """Of those whose settings were refused."""
        self._lock = threading.Lock()

    def asked(self, tuning: Tuning, model: SttModel) -> Asked:
        """What a call with these settings asks for. ``model``: the process's own."""
        waived = _steps(tuning)[self._steps.get(_key(tuning), 0)]
        return Asked(
            model if MODEL in waived or not tuning.model else SttModel(tuning.model, enhanced=True),
            () if HINTS in waived else tuning.phrase_hints,
            waived,
        )

    def refused(self, tuning: Tuning, asked: Asked) -> bool:
        """The engine has refused this. True when it should be asked again, for less."""
        steps = _steps(tuning)
        with self._lock:
            step = self._steps.get(_key(tuning), 0)
            if steps[step] != asked.waived:
                return True  # another call has found out meanwhile
            self._steps[_key(tuning)] = (step + 1) % len(steps)
            return step + 1 < len(steps)


def _key(tuning: Tuning) -> _Key:
    """A revision, and what it asks for: a profile of the same name may be made anew."""
    return tuning.profile, tuning.model, tuning.phrase_hints


def _steps(tuning: Tuning) -> list[tuple[str, ...]]:
    """Those that leave out only what the settings ask for."""
    wanted = {*([HINTS] if tuning.phrase_hints else []), *([MODEL] if tuning.model else [])}
    return [step for step in STEPS if wanted.issuperset(step)]
