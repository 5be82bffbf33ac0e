"""``python -m benchmarks.whisper [whole cut nothing calls lag]``: what Whisper hears here, and what it costs.

Needs requirements-whisper.txt, WHISPER_DIR or what ``manage.py whisper_weights`` has made, and the human recordings
(tests/paths.py's CLIPS).

whole    he_sas_*, each decoded whole: WER, CER, and the closed set: how many of the 17 sentences are nearest, by
         letters, to their own transcript among all 17
cut      the same, cut as a call's endpointer cuts them at 220 ms, with the pre-roll and silence that a one-shot gets;
         then with the utterances before it, as calls hand them on
nothing  silence, office noise and DTMF, alone and behind a sentence: what is heard where nothing was said
calls    the same sentences through real calls (simulator, server, one-shot): WER of the rows, final_ms
lag      how late a 20 ms frame's turn on the event loop is: idle, while the process decodes, and while threads of the
         loop's own process decode instead

WER counts words without niqqud and punctuation; a maqaf or hyphen parts words. CPU is the decoder's, of all threads: on
a machine that does something else as well it says more than the clock does.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import random
import re
import secrets
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from calls.lab.call_records import record_of  # noqa: E402
from calls.lab.own_database import own_database, read_own_database  # noqa: E402
from calls.lab.rig import Rig  # noqa: E402
from calls.lab.simulator import SimulatedCall  # noqa: E402
from calls.live.fallback_bridge import UtteranceAudio  # noqa: E402
from calls.management import offline_line  # noqa: E402
from stt.audio import BYTES_PER_MS, FRAME_MS, LINE_NOISE, frames_of, ulaw_to_pcm  # noqa: E402
from stt.endpointing.endpointer import Endpointer, EndpointOptions  # noqa: E402
from stt.endpointing.recorded import utterances_in  # noqa: E402
from stt.engines.base import RecognitionOptions  # noqa: E402
from stt.engines.whisper import Whisper  # noqa: E402
from stt.management.commands.whisper_weights import base_weights  # noqa: E402
from stt.wavfile import read_ulaw  # noqa: E402
from tests.paths import CLIPS  # noqa: E402
from voiceapp.runtime.percentile import percentile  # noqa: E402

PREFIX = "he_sas_"
NOTHING = "derived_silence_20s", "derived_noise_only_20s", "noise_office", "dtmf_1", "dtmf_5"
PIECES_MS = 20_000, 5000, 3000, 1000
"""Recordings without speech are heard whole and in pieces of these lengths, one after another, up to four."""
LONG_MS = 120_000
"""Here nobody waits for words: a deadline would measure the machine's other work."""
TICKS_CLOCK_HZ = os.sysconf("SC_CLK_TCK")


def normal(text: str) -> list[str]:
    """Words to be compared. A stand-in for the project's own form of Hebrew, where there is one."""
    parted = unicodedata.normalize("NFKD", text.replace("־", " ").replace("-", " "))
    bare = "".join(letter for letter in parted if not unicodedata.combining(letter))
    return re.sub(r"[^\w\s]", "", bare).lower().split()


def distance(true: Sequence[str], heard: Sequence[str]) -> int:
    """Insertions, deletions and substitutions between the two."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(true, 1):
        above, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
    return row[-1]


@dataclass
class Figures:
    """What was said and heard, and what hearing it cost."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def say(self, name: str) -> None:
        words = [(normal(true), normal(heard)) for true, heard in self.pairs]
        letters = [("".join(true), "".join(heard)) for true, heard in words]
        wrong, total = sum(distance(*pair) for pair in words), sum(len(true) for true, _ in words)
        cer = sum(distance(*pair) for pair in letters) / sum(len(true) for true, _ in letters)
        print(f"{name}: WER {wrong / total:.1%} ({wrong} of {total}), CER {cer:.1%}")
        for what, values in (("wall", self.wall_s), ("CPU", self.cpu_s)):
            if values:
                p50, p95 = (percentile([round(1000 * one) for one in values], share) for share in (0.5, 0.95))
                print(f"{name}: {what} a decode p50 {p50} ms, p95 {p95} ms, of {len(values)}")


def directory() -> Path:
    """Of the weights."""
    return Path(settings.ENGINE_VARIABLES["WHISPER_DIR"] or base_weights())


class Ear:
    """The engine, timed."""

    def __init__(self) -> None:
        self.engine = Whisper(str(directory()))
        self.engine.probe()

    def hear(self, ulaw: bytes, figures: Figures) -> str:
        return self.hear_pcm(ulaw_to_pcm(ulaw), figures)

    def hear_pcm(self, pcm: bytes, figures: Figures) -> str:
        before_s, began_s = self._cpu_s(), time.monotonic()
        final = self.engine.recognize(pcm, RecognitionOptions(), LONG_MS)
        figures.wall_s.append(time.monotonic() - began_s)
        figures.cpu_s.append(self._cpu_s() - before_s)
        return " ".join(word.text for word in final.words)

    def peak_mb(self) -> int:
        status = Path(f"/proc/{self.engine.decoders.process_id}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self.engine.decoders.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_CLOCK_HZ


def sentences() -> dict[str, str]:
    """Of each recording, what is said in it."""
    with (CLIPS / "clips.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["name"]: row["transcript"] for row in rows if row["name"].startswith(PREFIX)}


def whole(ear: Ear) -> None:
    figures, true = Figures(), sentences()
    for name, text in true.items():
        figures.pairs.append((text, ear.hear(read_ulaw(CLIPS / name), figures)))
    figures.say("whole")
    letters = ["".join(normal(text)) for text in true.values()]
    nearest = [
        min(letters, key=lambda one: distance(one, "".join(normal(heard))) / len(one)) for _, heard in figures.pairs
    ]
    print(f"whole: closed set {sum(one == own for one, own in zip(nearest, letters, strict=True))} of {len(letters)}")


def cut(ear: Ear) -> None:
    for neighbours in (False, True):
        _cut(ear, neighbours)


def _cut(ear: Ear, neighbours: bool) -> None:
    figures = Figures()
    for name, text in sentences().items():
        heard, last = [], None
        for number, ulaw in enumerate(utterances(read_ulaw(CLIPS / name), name), 1):
            utterance = UtteranceAudio.of(ulaw_to_pcm(ulaw), number)
            utterance.follow(last)
            last = utterance.tail
            heard.append(ear.hear_pcm(utterance if neighbours else bytes(utterance), figures))
        figures.pairs.append((text, " ".join(heard)))
    figures.say("cut, with what was said before" if neighbours else "cut")


def utterances(ulaw: bytes, seed: str) -> Iterator[bytes]:
    """As a call's one-shot gets them: with the pre-roll and the silence that ended each, on a quiet line."""
    quiet = random.Random(seed)
    line = bytes(quiet.choice(LINE_NOISE) for _ in range(1500 * BYTES_PER_MS))
    audio, options, told_ms = line + ulaw + line, EndpointOptions(), 0
    for utterance, at_ms in utterances_in(frames_of(audio), Endpointer(options)):
        from_ms = max(utterance.start_ms - options.pre_roll_ms, told_ms)
        told_ms = at_ms
        yield audio[from_ms * BYTES_PER_MS : at_ms * BYTES_PER_MS]


def nothing(ear: Ear) -> None:
    made_up, heard = 0, 0
    sentence = ulaw_to_pcm(read_ulaw(CLIPS / f"{PREFIX}hungary1_0068.wav"))
    for name in NOTHING:
        ulaw = read_ulaw(CLIPS / f"{name}.wav")
        pieces = {ulaw[at : at + ms * BYTES_PER_MS] for ms in PIECES_MS for at in _starts(len(ulaw), ms * BYTES_PER_MS)}
        for piece in sorted(pieces):
            words = ear.hear(piece, Figures())
            heard += 1
            made_up += bool(words)
            if words:
                print(f"nothing: {name}, {len(piece) // BYTES_PER_MS} ms: {words}")
            if len(piece) > PIECES_MS[1] * BYTES_PER_MS:
                continue
            behind = UtteranceAudio.of(ulaw_to_pcm(piece), 2)
            behind.follow(UtteranceAudio.of(sentence, 1).tail)
            heard += 1
            if words := ear.hear_pcm(behind, Figures()):
                made_up += 1
                print(f"nothing: {name}, {len(piece) // BYTES_PER_MS} ms behind a sentence: {words}")
    print(f"nothing: words in {made_up} of {heard} pieces of silence, noise and DTMF")


def _starts(length: int, size: int) -> Iterable[int]:
    return range(0, max(1, length - size + 1), max(size, length // 4))


def calls(ear: Ear) -> None:
    weights = directory()
    with own_database(secrets.token_urlsafe(9)) as environment:
        read_own_database()
        number = offline_line.put_line(weights)
        environment |= offline_line.environment(weights)
        with Rig(settings.BASE_DIR / "samples", settings.VAR_DIR / "log", environment=environment) as rig:
            figures, finals, sources = asyncio.run(_calls(rig, number))
    figures.say("calls")
    print(f"calls: final_ms p50 {percentile(finals, 0.5)}, p95 {percentile(finals, 0.95)}, of {len(finals)}; {sources}")


async def _calls(rig: Rig, number: str) -> tuple[Figures, list[int], dict[str, int]]:
    figures, finals, sources = Figures(), [], {}
    line = rig.line.__class__(rig.line.base_url, rig.line.public_url, rig.line.auth_token, number)
    for name, text in sentences().items():
        report = await SimulatedCall(line, [CLIPS / name]).run()
        _, turns = await record_of(report.call_sid, 120)
        figures.pairs.append((text, " ".join(turn.heard_text for turn in turns)))
        finals += [turn.final_ms for turn in turns if turn.final_ms is not None]
        for turn in turns:
            sources[turn.code or turn.source] = sources.get(turn.code or turn.source, 0) + 1
    return figures, finals, sources


def lag(ear: Ear) -> None:
    ulaw = read_ulaw(CLIPS / f"{PREFIX}hungary1_0068.wav")

    def by_process() -> object:
        return ear.hear(ulaw, Figures())

    def loaded() -> Callable[[], object]:
        from faster_whisper import WhisperModel

        from stt.engines import whisper_decoder

        model = WhisperModel(str(directory()), device="cpu", compute_type="int8", cpu_threads=1, num_workers=2)
        return lambda: whisper_decoder.words_of(model, ulaw_to_pcm(ulaw), "he")

    for name, decode in (("idle", None), ("process", by_process), ("idle", None), ("threads", loaded())):
        late = asyncio.run(_late_ms(decode))
        p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
        print(f"lag: {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {max(late):.1f} ms, of {len(late)} frames")


async def _late_ms(decode: Callable[[], object] | None, frames: int = 1500) -> list[float]:
    """How late each frame's turn came, while two utterances are decoded all the time."""
    over = threading.Event()

    def work() -> None:
        while decode is not None and not over.is_set():
            decode()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    late, began_s = [], time.monotonic()
    for frame in range(1, frames + 1):
        due_s = began_s + frame * FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        late.append((time.monotonic() - due_s) * 1000)
    over.set()
    for worker in workers:
        worker.join()
    return late


PARTS = {"whole": whole, "cut": cut, "nothing": nothing, "calls": calls, "lag": lag}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"Of {', '.join(PARTS)}.")
    parts = parser.parse_args().parts
    if not CLIPS.is_dir():
        raise SystemExit(f"there are no recordings in {CLIPS}")
    if not settings.ENGINE_VARIABLES["WHISPER_DIR"]:
        call_command("whisper_weights")
    ear = Ear()
    for name in parts or PARTS:
        PARTS[name](ear)
        sys.stdout.flush()
    print(f"the decoder's memory at its peak: {ear.peak_mb()} MB")
    ear.engine.decoders.end()


if __name__ == "__main__":
    main()
