"""What of a call's audio other engines than Google's v1 heard, for prices differ. Pure.

Rows keep these apart from the sums of all engines: what no engine is named for is Google's v1, as it is in rows of
before there were others; and what a journal says of a line that knows only Google's, older versions read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from stt.engines.base import EMULATOR
from stt.tuning import DEFAULT_ENGINES


def other_engine_s(*seconds_by_engine: Mapping[str, int]) -> dict[str, int]:
    """Seconds by engine as profiles name it, from those of streams and of one-shots, by the names of rows; a stand-in
    counts as the engine that it stands in for."""
    seconds = Counter[str]()
    for heard in seconds_by_engine:
        for engine, audio_s in heard.items():
            seconds[engine.removeprefix(f"{EMULATOR}:")] += audio_s
    return {name: audio_s for name, audio_s in seconds.items() if audio_s and name not in _GOOGLE}


def google_s(total_s: int, others: Mapping[str, int]) -> int:
    """What is left of all seconds for Google's v1."""
    return max(0, total_s - sum(others.values()))


_GOOGLE = {"", EMULATOR, *DEFAULT_ENGINES}
"""Its names on rows; a test's engine may have none."""
