"""Our own voice on the line: who is heard over it, and what that costs. ``python -m benchmarks.echo``

Sample sentences are played to a caller whose line gives them back (a linear path of 150 to 400 ms, line noise, µ-law),
and the call is heard as a session hears it, by the rule alone and with the canceller where it is installed. Callers
speak another order of the same sentences over us from the sixth second on, or all the while, and are as loud as we are,
or 6 and 12 dB below: by the loudest frame of each. ``--ours``, ``--theirs``: folders of other recordings, which may be
people's. Then the CPU that a frame takes beside our sound.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median

from calls.core.echo_control import EchoControl, MakeCanceller
from calls.core.echo_gate import BLOCK_FRAMES, correlation_with
from stt.audio import BYTES_PER_MS, dbfs, frames_of, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing.echo_canceller import EchoCancellers, installed
from tests.echoes import BEGINS_MS, HeardBesideOurs, line
from tests.paths import SAMPLES

OURS_MS, WHOLE_MS = 8000, 10_000
SPEAKS_AT_MS, SPEAKS_MS = 6000, 3000
TAKEN_WITHIN_MS = 1500
LOUD_DBFS = -50.0
"""A caller's voice begins here."""
ECHOES_DB = (None, -20, -25, -30, -35)
CALLERS_DB = (0, -6, -12)

HEAD = (
    "| echo | heard by | we interrupt ourselves | margin, p50 | callers at 0 / -6 / -12 dB taken "
    "| onset to speech, p50 | margin when spoken over, highest |"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=40, help="of each row")
    parser.add_argument("--ours", type=Path, default=SAMPLES)
    parser.add_argument("--theirs", type=Path, default=SAMPLES)
    parser.add_argument("--names", default="*.wav", help="of the files of --theirs")
    options = parser.parse_args()
    ours, theirs = recordings(options.ours, "*.wav"), recordings(options.theirs, options.names)
    ways: dict[str, MakeCanceller | None] = {"rule": None}
    if installed():
        cancellers = EchoCancellers()
        cancellers.load()
        ways["canceller"] = cancellers.make
    else:
        print("the canceller is not installed and not measured: pip install -r requirements-echo.txt")
    print(HEAD, "|---" * 7 + "|", sep="\n")
    for echo_db in ECHOES_DB:
        for name, make in ways.items():
            print(row(name, make, echo_db, ours, theirs, options.plays))
    correlations(ours, theirs, options.plays)
    for name, make in ways.items():
        costs(name, make, mixed(ours, 1, OURS_MS))


def recordings(folder: Path, names: str) -> list[bytes]:
    return [read_ulaw(path) for path in sorted(folder.glob(names))]


def mixed(voices: Sequence[bytes], seed: int, ms: int) -> bytes:
    """Recordings in an order of this seed."""
    order = list(voices)
    Random(seed).shuffle(order)
    return b"".join(order)[: ms * BYTES_PER_MS]


def row(
    name: str,
    make: MakeCanceller | None,
    echo_db: int | None,
    ours: Sequence[bytes],
    theirs: Sequence[bytes],
    plays: int,
) -> str:
    alone = [heard(make, echo_db, ours, seed) for seed in range(plays)]
    selves = sum(bool(one.starts_ms) for one in alone)
    taken, onsets_ms, spoken_over = [], [], []
    for caller_db in CALLERS_DB:
        found = 0
        for seed in range(plays):
            speech = mixed(theirs, 1000 + seed, SPEAKS_MS)
            level = caller_db + loudest_dbfs(mixed(ours, seed, OURS_MS)) - loudest_dbfs(speech)
            from_ms = SPEAKS_AT_MS + first_loud_ms(speech, LOUD_DBFS - level)
            one = heard(make, echo_db, ours, seed, (SPEAKS_AT_MS, speech, level))
            told = [at_ms for at_ms in one.told_ms if SPEAKS_AT_MS <= at_ms < from_ms + TAKEN_WITHIN_MS]
            found += bool(told)
            onsets_ms += [told[0] - from_ms] if told else []
            over = mixed(theirs, 1000 + seed, WHOLE_MS)
            spoken_over.append(heard(make, echo_db, ours, seed, (BEGINS_MS // 2, over, level)).margins_db[-1])
        taken.append(f"{100 * found / plays:.0f}")
    margin = median(one.echo.state.margin_db for one in alone)
    echo = "none" if echo_db is None else f"{echo_db} dB"
    return (
        f"| {echo} | {name} | {selves} of {plays} | {margin:.0f} dB | {' / '.join(taken)} % "
        f"| {median(onsets_ms):.0f} ms | {max(spoken_over):.0f} dB |"
    )


def heard(
    make: MakeCanceller | None, echo_db: int | None, ours: Sequence[bytes], seed: int, *sounds: tuple[int, bytes, float]
) -> HeardBesideOurs:
    own, delay_ms = mixed(ours, seed, OURS_MS), Random(seed).randrange(150, 401, 10)
    echo = () if echo_db is None else ((BEGINS_MS + delay_ms, own, echo_db),)
    return HeardBesideOurs(own, line(WHOLE_MS, *echo, *sounds, seed=seed), make)


def loudest_dbfs(ulaw: bytes) -> float:
    return max(dbfs(ulaw_to_pcm(frame)) for frame in frames_of(ulaw))


def first_loud_ms(ulaw: bytes, above_dbfs: float) -> int:
    """Where a recording's voice begins."""
    return next(20 * at for at, frame in enumerate(frames_of(ulaw)) if dbfs(ulaw_to_pcm(frame)) > above_dbfs)


def correlations(ours: Sequence[bytes], theirs: Sequence[bytes], plays: int) -> None:
    """How a second's levels follow ours: an echo's, and a caller's who speaks over us."""
    echoes, callers = [], []
    for seed in range(plays):
        own = mixed(ours, seed, OURS_MS)
        levels = [dbfs(ulaw_to_pcm(frame)) for frame in frames_of(own)]
        for found, sound in ((echoes, (300, own, -25.0)), (callers, (0, mixed(theirs, 1000 + seed, OURS_MS), 0.0))):
            frames = [dbfs(ulaw_to_pcm(frame)) for frame in line(OURS_MS, sound, seed=seed)]
            for at in range(BLOCK_FRAMES, len(levels) - BLOCK_FRAMES, BLOCK_FRAMES):
                block = frames[at : at + BLOCK_FRAMES]
                if max(block) > -45:
                    found.append(correlation_with(block, levels[at - 25 : at + BLOCK_FRAMES])[0])
    low, high = sorted(echoes)[len(echoes) // 20], sorted(callers)[-1 - len(callers) // 20]
    print(f"\nseconds that follow ours: 95 % of {len(echoes)} of an echo by more than {low:.2f}, "
          f"95 % of {len(callers)} of a caller by less than {high:.2f}")  # fmt: skip


def costs(name: str, make: MakeCanceller | None, ours: bytes) -> None:
    """CPU of a frame beside our sound: of the whole perceiving, and of what is done for the echo."""
    frames = line(OURS_MS + BEGINS_MS, (BEGINS_MS + 200, ours, -20))
    silent = cpu_us(lambda: HeardBesideOurs(b"", frames), len(frames))
    beside = cpu_us(lambda: HeardBesideOurs(ours, frames, make), len(frames))
    print(f"{name}: {beside - silent:.0f} µs a frame beside our sound, over {silent:.0f} µs of one while we are silent")
    echo = EchoControl({})  # type: ignore[arg-type]
    echo.own.sent(0.0, ours)
    instants = range(0, OURS_MS, 20)
    lone = cpu_us(lambda: [echo.gate.least_dbfs(float(at_ms)) for at_ms in instants], len(instants))
    print(f"{name}: of them {lone:.1f} µs for what a frame must reach")


def cpu_us(work: Callable[[], object], frames: int, rounds: int = 7) -> float:
    """The best of some rounds."""
    spent = []
    for _ in range(rounds):
        began_s = time.process_time()
        work()
        spent.append(time.process_time() - began_s)
    return min(spent) / frames * 1e6


if __name__ == "__main__":
    main()
