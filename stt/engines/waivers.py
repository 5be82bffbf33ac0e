"""What is left out of a profile's requests because the engine refuses it, so that one setting makes no line deaf. Pure.

An engine refuses a whole request for one phrase hint, for a model that it does not have, or for punctuation that it
cannot write. The request is made again with less, a step further each time: without one of them, without two, without
all. For a profile that asks for hints and a model:

    everything → without the hints → with the engine's own model → without both

The step that is heard is kept for the profile's revision: later calls begin there, and a saved change tries everything
again. Where the last step is refused too it was none of these settings: everything stands again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import combinations

from stt.engines.base import RecognitionOptions
from stt.tuning import Tuning

PUNCTUATION, HINTS, MODEL = "punctuation_refused", "hints_refused", "model_refused"
"""Stable codes: a call was heard without punctuation, without its phrase hints, or with another model than its
profile's."""
WAIVABLE = (PUNCTUATION, HINTS, MODEL)
"""What is missed least comes first."""
_Key = tuple[str, str, tuple[str, ...], bool]
STEPS = tuple(step for count in range(len(WAIVABLE) + 1) for step in combinations(WAIVABLE, count))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    options: RecognitionOptions
    waived: tuple[str, ...]
    """Of WAIVABLE."""


class Waivers:
    """One engine's in one process. Any thread."""

    def __init__(self) -> None:
        self._steps: dict[_Key, int] = {}
        """Of those whose settings were refused."""
        self._lock = threading.Lock()

    def asked(self, tuning: Tuning) -> Asked:
        """What a call with these settings asks for."""
        waived = _steps(tuning)[self._steps.get(_key(tuning), 0)]
        options = RecognitionOptions(
            language=tuning.language,
            model="" if MODEL in waived else tuning.model,
            hints=() if HINTS in waived else tuning.phrase_hints,
            punctuation=tuning.automatic_punctuation and PUNCTUATION not in waived,
        )
        return Asked(options, waived)

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
    return tuning.profile, tuning.model, tuning.phrase_hints, tuning.automatic_punctuation


def _steps(tuning: Tuning) -> list[tuple[str, ...]]:
    """Those that leave out only what the settings ask for."""
    asked = {PUNCTUATION: tuning.automatic_punctuation, HINTS: tuning.phrase_hints, MODEL: tuning.model}
    wanted = {code for code, setting in asked.items() if setting}
    return [step for step in STEPS if wanted.issuperset(step)]
