"""Make the demo's recordings from each folder's dialogues.json: pointed Hebrew → phonemes (phonikud) → espeak-ng → WAV.

Word by word, so that the time of each word is known exactly. Run by script/make_samples, which says what it needs.
"""

import array
import csv
import io
import json
import math
import random
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import phonikud

HERE = Path(__file__).parent
FOLDERS = (HERE, HERE / "conversations")
RATE_HZ = 8000
LEVEL = 3200
"""Root mean square of the speech: about -20 dBFS."""
DITHER = 24
"""Noise under the speech: synthesised vowels repeat to the sample, and no two 20 ms frames may be the same."""
EDGE_MS, WORD_GAP_MS, COMMA_MS = 200, 30, 220
PAUSE, PAUSE_MS = "…", 750
"""In a line: its speaker hesitates, longer than an utterance's end and shorter than the line waits to answer."""
SILENT = 300
"""Below this a sample is silence around a word."""
# IPA as phonikud writes it -> espeak-ng's mnemonics of its Hebrew voice
PHONEMES = {"tʃ": "tS", "dʒ": "dZ", "ʃ": "S", "ʒ": "Z", "χ": "X", "ʁ": "R", "ʔ": "?", "ɡ": "g", "ˈ": "'"}
# Pointed Hebrew is spelled without vowel letters; people write with them.
FULL_SPELLING = {
    "בקר": "בוקר",
    "בבקר": "בבוקר",
    "לקבע": "לקבוע",
    "הכתבת": "הכתובת",
    "שניה": "שנייה",
    "שתים": "שתיים",
    "חניה": "חנייה",
    "תספרת": "תספורת",
    "חמשה": "חמישה",
    "הצהרים": "הצהריים",
    "נעה": "נועה",
    "הטפול": "הטיפול",
}
KEPT = {
    "pauses": "pauses_s",
    "to": "to",
    "responder": "responder",
    "dialogue": "dialogue",
    "greeting": "greeting",
    "over_ms": "over_ms",
}
"""What else a dialogue says of its call, and what calls.json calls it."""
POINTS = re.compile(r"[\u0591-\u05c7]")


def main() -> None:
    for folder in FOLDERS:
        make(folder)


def make(folder: Path) -> None:
    rows, alignments, calls = [], {}, []
    for dialogue in json.loads((folder / "dialogues.json").read_text("utf-8")):
        clips = []
        for index, line in enumerate(dialogue["lines"], 1):
            name = f"{dialogue['name']}_{index}.wav"
            samples, words = speak(line, dialogue["speed"], dialogue["pitch"], seed=name)
            write(folder / name, samples)
            pointed = line.replace(f"{PAUSE} ", "")
            plain = POINTS.sub("", pointed)
            transcript = " ".join(map(spelled_in_full, plain.split()))
            alignments[name] = {"start": words[0][0], "end": words[-1][1], "words": words}
            seconds = f"{len(samples) / RATE_HZ:.2f}"
            rows.append([name, seconds, transcript, pointed, "synthetic (espeak-ng)", "CC0-1.0", "", "", ""])
            clips.append(name)
        calls.append(
            {
                "name": dialogue["name"],
                "title_he": dialogue["title_he"],
                "title_en": dialogue["title_en"],
                "from": dialogue["from"],
                "clips": clips,
                **{key: dialogue[name] for name, key in KEPT.items() if name in dialogue},
            }
        )
    table = io.StringIO()
    writer = csv.writer(table, delimiter="\t", lineterminator="\n")
    writer.writerow(["name", "seconds", "transcript", "pointed", "speaker_kind", "licence", "repo", "path", "note"])
    writer.writerows(rows)
    (folder / "clips.tsv").write_text(table.getvalue(), "utf-8")
    save(folder / "alignments.json", alignments)
    save(folder / "calls.json", calls)


def spelled_in_full(word: str) -> str:
    bare = word.rstrip(",")
    return FULL_SPELLING.get(bare, bare) + word[len(bare) :]


def speak(pointed: str, speed: int, pitch: int, seed: str) -> tuple[list[int], list[list[float]]]:
    """The samples of a line and each word's start and end in seconds."""
    noise = random.Random(seed)
    samples = [0] * (EDGE_MS * RATE_HZ // 1000)
    times = []
    for raw in pointed.split():
        if raw == PAUSE:
            samples += [0] * (PAUSE_MS * RATE_HZ // 1000)
            continue
        word = say(phonikud.phonemize(raw.strip(",")), speed, pitch)
        times.append([round(len(samples) / RATE_HZ, 3), round((len(samples) + len(word)) / RATE_HZ, 3)])
        gap_ms = COMMA_MS if raw.endswith(",") else WORD_GAP_MS
        samples += word + [0] * (gap_ms * RATE_HZ // 1000)
    samples += [0] * (EDGE_MS * RATE_HZ // 1000)
    return [max(-32768, min(32767, s + noise.randint(-DITHER, DITHER))) for s in samples], times


def say(ipa: str, speed: int, pitch: int) -> list[int]:
    """One word: 8 kHz samples, band-limited as a telephone, without the silence around it."""
    for sound, mnemonic in PHONEMES.items():
        ipa = ipa.replace(sound, mnemonic)
    with tempfile.TemporaryDirectory() as folder:
        raw, narrow = Path(folder) / "raw.wav", Path(folder) / "narrow.wav"
        voice = ["espeak-ng", "-v", "he", "-s", str(speed), "-p", str(pitch), "-w", str(raw), f"[[{ipa}]]"]
        subprocess.run(voice, check=True)
        band = ["highpass", "250", "lowpass", "3400"]
        subprocess.run(["sox", "-R", "-v", "0.7", raw, "-r", str(RATE_HZ), "-b", "16", narrow, *band], check=True)
        with wave.open(str(narrow)) as wav:
            samples = array.array("h", wav.readframes(wav.getnframes())).tolist()
    loud = [i for i, sample in enumerate(samples) if abs(sample) > SILENT]
    if not loud:
        sys.exit(f"espeak-ng says nothing for {ipa}")
    samples = samples[loud[0] : loud[-1] + 1]
    rms = math.sqrt(sum(sample * sample for sample in samples) / len(samples))
    return [round(sample * LEVEL / rms) for sample in samples]


def write(path: Path, samples: list[int]) -> None:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE_HZ)
        wav.writeframes(array.array("h", samples).tobytes())


def save(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
