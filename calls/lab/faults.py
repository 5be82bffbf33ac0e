"""What can go wrong with a recogniser, as rows of ``manage.py chaos``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from calls.lab.fault_proxy import FaultProxy
from calls.lab.rig import Rig

Meanwhile = Callable[[Rig, FaultProxy], Coroutine[Any, Any, None]]


async def _nothing(rig: Rig, proxy: FaultProxy) -> None:
    """The fault is the emulator's."""


async def _reset_connections(rig: Rig, proxy: FaultProxy) -> None:
    for _ in range(3):
        await asyncio.sleep(5)
        proxy.cut()


async def _restart_emulator(rig: Rig, proxy: FaultProxy) -> None:
    await asyncio.sleep(6)
    if rig.emulator is not None:
        rig.emulator.kill()
        await asyncio.to_thread(rig.emulator.wait)
    await asyncio.sleep(2)
    await asyncio.to_thread(rig.start_emulator)


async def _refuse(rig: Rig, proxy: FaultProxy) -> None:
    await asyncio.sleep(5)
    proxy.refusing = True
    proxy.cut()


async def _go_silent(rig: Rig, proxy: FaultProxy) -> None:
    await asyncio.sleep(5)
    proxy.delay_s = 3600.0


async def _come_back(rig: Rig, proxy: FaultProxy) -> None:
    await _refuse(rig, proxy)
    await asyncio.sleep(10)
    proxy.refusing = False


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    faults: tuple[str, ...] = ()
    """As ``manage.py speech_emulator --fault`` takes them."""
    meanwhile: Meanwhile = _nothing
    options: tuple[str, ...] = ()
    """Further ones of the emulator."""
    tuning: tuple[tuple[str, int | str], ...] = ()
    """Of the default profile, for this row."""
    pause_s: float | None = None
    """Between recordings, in place of the calls' own."""
    most_clips: int = 1000
    """Recordings a call."""
    an_engine_answers: bool = True
    both: bool = False
    """Of a line with two engines: the second has the emulator's faults as well."""

    @property
    def lasts(self) -> bool:
        """Its streams are not half-closed at every pause."""
        return set(LASTING) <= set(self.tuning)


WORD_LISTS = {"short_word_lists", "gaps_in_word_lists", "no_word_lists", "joined_words", "no_transcripts"}
"""Faults of word lists: an engine without word times has none of these."""
NO_FAULT = Fault("none")
"""A row to compare the others with."""
LASTING = (("half_close_ms", 0),)
"""Lasting streams: one that is half-closed at each pause does not live long enough to fail in the middle."""
RENEWED_OFTEN = (("renew_after_s", 5), ("renew_latest_s", 8), *LASTING)
"""Streams that are renewed every 5 to 8 s."""
FAULTS = (
    Fault("unavailable at open, twice", ("unavailable_opens=2",)),
    Fault("unavailable at every open for long", ("unavailable_opens=60",)),
    Fault("exhausted at open, four times", ("exhausted_opens=4",)),
    Fault("unavailable in mid-stream, every 7 s", ("unavailable_after_s=7",), tuning=LASTING),
    Fault("exhausted in mid-stream, every 9 s", ("exhausted_after_s=9",), tuning=LASTING),
    Fault("normal end, every 6 s", ("end_after_s=6",), tuning=LASTING),
    Fault("slow handshake, 2 s", ("handshake_ms=2000",)),
    Fault("deaf from the start", ("deaf",)),
    Fault("deaf after 8 s", ("deaf_after_s=8",), tuning=LASTING),
    Fault("no finals", ("no_finals",)),
    Fault("finals 3 s late", ("late_finals_ms=3000",)),
    Fault("finals repeated", ("repeat_finals",)),
    Fault("finals repeat words", ("finals_repeat_words",)),
    Fault("results without ends", ("no_ends",)),
    Fault("phrase hints refused", ("hints_refused",), tuning=(("phrases", "רחוב הרצל"),)),
    Fault("errors in band, every 6 s", ("error_in_band_after_s=6",), tuning=LASTING),
    Fault("half of a final's words listed", ("short_word_lists",)),
    Fault("gaps in a final's word list", ("gaps_in_word_lists",)),
    Fault("finals without word lists", ("no_word_lists",)),
    Fault("two words an entry", ("joined_words",)),
    Fault("word lists alone", ("no_transcripts",)),
    Fault("empty and worse alternatives", ("empty_alternatives",)),
    Fault("no finals, lasting streams", ("no_finals",), tuning=LASTING),
    Fault("finals 3 s late, lasting streams", ("late_finals_ms=3000",), tuning=LASTING),
    Fault("finals repeated, lasting streams", ("repeat_finals",), tuning=LASTING),
    Fault("finals repeat words, lasting streams", ("finals_repeat_words",), tuning=LASTING),
    Fault("results without ends, lasting streams", ("no_ends",), tuning=LASTING),
    Fault("hung Recognize", ("hang_recognize",)),
    Fault("stream limit 8 s", (), options=("--longest-stream", "8"), tuning=LASTING),
    Fault("connections reset, three times", (), _reset_connections),
    Fault("emulator restarted, 2 s away", (), _restart_emulator),
    Fault("renewed every 5 to 8 s", (), tuning=RENEWED_OFTEN),
    Fault("no pauses, renewed every 5 to 8 s", (), tuning=RENEWED_OFTEN, pause_s=0.0),
    Fault("silences of 12 s", (), tuning=LASTING, pause_s=12.0, most_clips=3),
    Fault(
        "silences of 12 s, paused after 8 s", (), tuning=(("pause_after_s", 8), *LASTING), pause_s=12.0, most_clips=3
    ),
    Fault("nobody answers", ("deaf", "unavailable_recognize"), an_engine_answers=False),
)
ENGINES = ("engines", "google,second")
HALF_CLOSED = (ENGINES,)
LASTS = (ENGINES, *LASTING)
ENGINE_FAULTS = (
    Fault("none", tuning=HALF_CLOSED),
    Fault("none, lasting streams", tuning=LASTS),
    Fault("connection refused from the start", ("unavailable_opens=100000",), tuning=HALF_CLOSED),
    Fault("connection lost and refused from 5 s on", (), _refuse, tuning=HALF_CLOSED),
    Fault("the same, lasting streams", (), _refuse, tuning=LASTS),
    Fault("unavailable in mid-word, every 3 s", ("unavailable_after_s=3",), tuning=LASTS),
    Fault("permission denied in mid-word, at 4 s", ("denied_after_s=4",), tuning=LASTS),
    Fault("deaf from the start", ("deaf",), tuning=HALF_CLOSED),
    Fault("deaf in mid-word, at 8 s", ("deaf_after_s=8",), tuning=LASTS),
    Fault("nothing comes through from 5 s on", (), _go_silent, tuning=HALF_CLOSED),
    Fault("away for 10 s, and back", (), _come_back, tuning=HALF_CLOSED),
    Fault("both engines' streams away: one-shots", ("unavailable_opens=100000",), tuning=HALF_CLOSED, both=True),
    Fault("nobody answers", ("deaf", "unavailable_recognize"), tuning=HALF_CLOSED, both=True, an_engine_answers=False),
)
"""What the first engine of a line does while the second one hears."""
