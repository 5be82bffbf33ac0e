"""What smart-turn says of Hebrew: finished sentences, sentences cut at a word, and single words; and what it costs.

``python -m benchmarks.smart_turn [--of FOLDER PREFIX]...``: folders with alignments.json, the repository's samples
without any. Needs requirements-turn.txt. Cut: behind each inner word but the last two, with 200 ms of a quiet line; the
word's own end is where the voice was cut, so its melody is that of a sentence that goes on.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from calls.reply.floor import MODEL_AFTER_MS
from calls.reply.floor_rule import MIN_MODEL_WORDS, UNFINISHED_BELOW
from calls.reply.turn_model import SmartTurn
from stt.audio import BYTES_PER_MS, LINE_NOISE
from stt.wavfile import read_ulaw
from tests.sounds import SAMPLES

SILENCE = (LINE_NOISE * MODEL_AFTER_MS)[: MODEL_AFTER_MS * BYTES_PER_MS]


def probabilities(model: SmartTurn, folder: Path, prefix: str) -> dict[str, list[float]]:
    said: dict[str, list[float]] = {"finished": [], "one or two words": [], "cut": []}
    for name, alignment in sorted(json.loads((folder / "alignments.json").read_text("utf-8")).items()):
        if not name.startswith(prefix):
            continue
        ulaw, ends_s = read_ulaw(folder / name), [end for _, end in alignment["words"]]

        def heard_to(end_s: float, ulaw: bytes = ulaw) -> float:
            return model.probability(ulaw[: round(1000 * end_s) * BYTES_PER_MS] + SILENCE)

        kind = "finished" if len(ends_s) >= MIN_MODEL_WORDS else "one or two words"
        said[kind].append(heard_to(ends_s[-1]))
        said["cut"] += [heard_to(end_s) for end_s in ends_s[1:-2]]
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", nargs=2, action="append", metavar=("FOLDER", "PREFIX"), default=[])
    asked = parser.parse_args().of or [(SAMPLES, "")]
    model = SmartTurn()
    print("| recordings | finished sentences | one or two words | cut sentences |\n|---|---|---|---|")
    for folder, prefix in asked:
        said = probabilities(model, Path(folder), prefix)
        found = [f"{sum(one >= UNFINISHED_BELOW for one in each)} of {len(each)}" for each in said.values()]
        print(f"| {Path(folder).name} {prefix} | {' | '.join(found)} |")
    ulaw = read_ulaw(SAMPLES / "doctor_1.wav")
    for name, work in (("spectrogram", model.features), ("a decision", model.probability)):
        begin_s = time.process_time()
        for _ in range(50):
            work(ulaw)
        print(f"{name}: {(time.process_time() - begin_s) / 50 * 1000:.0f} ms of CPU")


if __name__ == "__main__":
    main()
