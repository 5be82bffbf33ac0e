"""Whisper itself, where its extra and weights are: WHISPER_DIR names their folder, as .ci/run does."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from stt.audio import ulaw_to_pcm
from stt.engines.base import RecognitionOptions, UtterancePcm
from stt.engines.whisper import Whisper
from stt.engines.whisper_process import DECODERS
from stt.events import RecognizerError
from stt.wavfile import read_ulaw
from tests.paths import CLIPS, SAMPLES
from tests.sounds import silence, tone

DIRECTORY = os.environ.get("WHISPER_DIR", "")
pytestmark = pytest.mark.skipif(
    not DIRECTORY or find_spec("faster_whisper") is None,
    reason="needs pip install -r requirements-whisper.txt, and WHISPER_DIR (manage.py whisper_weights)",
)
LONG_MS = 120_000
"""A machine that does something else as well must not fail these."""
MOST_MB = 600


@pytest.fixture(scope="module")
def ear():
    engine = Whisper(DIRECTORY)
    engine.probe()
    yield engine
    engine.decoders.end()


def heard(ear, ulaw, **options):
    final = ear.recognize(ulaw_to_pcm(ulaw), RecognitionOptions(**options), LONG_MS)
    return " ".join(word.text for word in final.words)


def test_it_hears_hebrew(ear):
    assert heard(ear, read_ulaw(SAMPLES / "answers_1.wav")) == "כן"


def test_it_hears_the_same_alone_and_beside_another(ear):
    samples = [read_ulaw(SAMPLES / name) for name in ("order_1.wav", "answers_1.wav")]
    alone = [heard(ear, ulaw) for ulaw in samples]
    with ThreadPoolExecutor(DECODERS) as pool:
        assert list(pool.map(lambda ulaw: heard(ear, ulaw), samples)) == alone
    assert "אני רוצה" in alone[0]
    status = Path(f"/proc/{ear.decoders.process_id}/status").read_text()
    assert int(status.partition("VmHWM:")[2].split()[0]) <= MOST_MB * 1024


def noise(ms, loudest, seed):
    """Steps of µ-law around silence."""
    steps = random.Random(seed)
    return bytes(0xFF - (steps.randrange(loudest) | steps.getrandbits(1) << 7) for _ in range(8 * ms))


@pytest.mark.parametrize(
    "ulaw",
    [
        b"",
        b"\xff",
        b"\xff" * 16_000,
        b"".join(silence(3000)),
        b"".join(tone(697, 1209, 500)),
        b"".join(tone(770, 1336, 2000)),
        noise(3000, 30, 1),
        noise(1000, 60, 2),
    ],
    ids=["no audio", "a sample", "digital silence", "a quiet line", "DTMF 1", "DTMF 5", "noise", "loud noise"],
)
def test_it_makes_nothing_up_where_nothing_is_said(ear, ulaw):
    assert heard(ear, ulaw) == ""


def test_an_utterance_behind_another_has_its_own_words_alone(ear):
    first, second = (ulaw_to_pcm(read_ulaw(SAMPLES / name)) for name in ("order_1.wav", "answers_1.wav"))
    behind = UtterancePcm(second)
    behind.before = first
    said = [word.text for word in ear.recognize(behind, RecognitionOptions(), LONG_MS).words]
    assert len(said) <= 1 and "רוצה" not in said
    quiet = UtterancePcm(ulaw_to_pcm(noise(1500, 30, 3)))
    quiet.before = first
    assert ear.recognize(quiet, RecognitionOptions(), LONG_MS).words == ()


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs the human recordings in ../shared/clips")
@pytest.mark.parametrize("name", ["noise_office", "derived_noise_only_20s", "derived_silence_20s", "dtmf_1", "dtmf_5"])
def test_it_makes_nothing_up_of_recorded_noise(ear, name):
    assert heard(ear, read_ulaw(CLIPS / f"{name}.wav")) == ""


def test_a_language_that_it_does_not_know_is_refused(ear):
    with pytest.raises(RecognizerError, match="'qx'") as refused:
        heard(ear, read_ulaw(SAMPLES / "answers_1.wav"), language="qx-QX")
    assert refused.value.refused and refused.value.permanent


def test_damaged_weights_are_one_sentence(tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(RecognizerError) as unreadable:
        Whisper(str(tmp_path)).probe()
    assert (unreadable.value.code, unreadable.value.permanent) == ("weights_unreadable", False)
