"""Does a call of hours stay as small as one of minutes? ``python -m benchmarks.long_call --hours 4``

The samples over and over through session, Transcriber and an emulated engine in virtual time (tests/virtual.py):
streams are renewed, turns are kept and forgotten. Prints, each quarter of an hour, what the call holds; words are
counted.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import tracemalloc

from stt.emulator.recordings import Library
from stt.tuning import Tuning
from tests.paths import SAMPLES
from tests.virtual import Engine, VirtualCall, in_virtual_time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=4.0)
    options = parser.parse_args()
    in_virtual_time(_call(options.hours))


async def _call(hours: float) -> None:
    library = Library([SAMPLES])
    engine = Engine(library)
    one = VirtualCall(engine, Tuning())
    began_s = time.monotonic()
    print("minute  turns  ring frames  kept  segments  session kB  lost  added")
    gc.collect()
    tracemalloc.start()
    shown, words, lost, added = 0, 0, 0, 0
    while one.at_ms < hours * 3_600_000:
        for recording in library.recordings:
            await one.recording(recording)
            await one.noise(900)
        if one.at_ms - shown >= 900_000:
            shown = one.at_ms
            # Turns of the last moments are not settled yet; what is older is counted and dropped by the caller.
            await one.noise(4000)
            score = one.score
            words, lost, added = words + score.words, lost + score.lost, added + score.added
            turns = len(one.turns)
            one.said.clear()
            one.turns.clear()
            one.first_texts.clear()
            engine.gave.clear()
            engine.streams[:-2] = []
            session = one.session
            gc.collect()
            size = sum(
                stat.size
                for stat in tracemalloc.take_snapshot().statistics("filename")
                if "/calls/" in stat.traceback[0].filename or "/stt/" in stat.traceback[0].filename
            )
            print(
                f"{one.at_ms // 60_000:6}  {turns:5}  {len(session._audio.buffer):11}"
                f"  {len(session._turns):4}  {session._ledger.size[0]:8}  {size / 1024:10.0f}"
                f"  {lost:4}  {added:5}",
                flush=True,
            )
    await one.hang_up()
    print(f"{one.at_ms / 3_600_000:.1f} h in {time.monotonic() - began_s:.0f} s; {words} words")
    if lost or added:
        sys.exit("words_missing")


if __name__ == "__main__":
    main()
