"""smart-turn: what it hears, and what a call does without it."""

import importlib.util
import threading

import pytest

from calls.reply import turn_model
from calls.reply.floor import MODEL_LATE_MS
from calls.reply.turn_model import SmartTurn, TurnModelMissing, TurnModelThread
from stt.audio import LINE_NOISE, ulaw_to_pcm
from stt.wavfile import read_ulaw
from tests.paths import SAMPLES
from tests.waiting import PATIENCE_S, eventually

needs_model = pytest.mark.skipif(
    not turn_model.installed(), reason="needs pip install --no-deps -r requirements-turn.txt"
)
SPOKEN = read_ulaw(SAMPLES / "doctor_1.wav")


class Scripted:
    """A model that says what the audio's first byte says; it can be held, and can fail."""

    def __init__(self):
        self.may_go = threading.Event()
        self.may_go.set()
        self.begun = threading.Event()
        self.heard = []

    def probability(self, ulaw):
        self.begun.set()
        assert self.may_go.wait(PATIENCE_S)
        self.heard.append(ulaw)
        if not ulaw:
            raise ValueError("nothing to hear")
        return ulaw[0] / 100


def started(model, **options):
    lost = []
    thread = TurnModelThread(lambda: model, **options)
    thread.start(lambda: lost.append(1))
    assert eventually(lambda: thread.ready)
    return thread, lost


def test_a_question_is_answered_on_the_threads_own_time():
    thread, lost = started(Scripted())
    said = []
    thread.ask(b"\x07", lambda probability: said.append((probability, threading.current_thread().name)))
    thread.stop()
    assert said == [(0.07, "smart-turn")]
    assert (lost, thread.late, thread.ready) == ([], 0, False)


def test_a_question_that_waited_too_long_is_not_asked():
    now_s = 100.0
    model = Scripted()
    thread, _ = started(model, clock=lambda: now_s)
    said = []
    model.may_go.clear()
    thread.ask(b"\x01", said.append)
    assert model.begun.wait(PATIENCE_S)
    thread.ask(b"\x02", said.append)
    now_s += MODEL_LATE_MS / 1000
    thread.ask(b"\x03", said.append)
    now_s += 0.001
    model.may_go.set()
    thread.stop()
    assert said == [0.01, 0.03]
    assert thread.late == 1


def test_a_model_that_fails_is_lost_and_not_asked_again():
    thread, lost = started(Scripted())
    said = []
    thread.ask(b"", said.append)
    thread.stop()
    thread.ask(b"\x01", said.append)
    assert (lost, said, thread.ready) == ([1], [], False)


def test_a_model_that_cannot_be_loaded_is_lost():
    lost = []

    def missing():
        raise TurnModelMissing(turn_model.MISSING)

    thread = TurnModelThread(missing)
    thread.start(lambda: lost.append(1))
    thread.stop()
    assert (lost, thread.ready) == ([1], False)


def test_a_thread_that_was_not_started_answers_nothing():
    thread = TurnModelThread(Scripted)
    thread.ask(b"\x01", pytest.fail)
    thread.stop()


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(turn_model, "_model_file", lambda: None)
    assert not turn_model.installed()
    with pytest.raises(TurnModelMissing, match="--no-deps -r requirements-turn.txt"):
        SmartTurn()


# With the extra


@pytest.fixture(scope="module")
def model():
    return SmartTurn()


@needs_model
def test_the_spectrogram_is_the_models_own(model):
    """Against the wheel's, whose file is run without the package: importing that wants more than is installed."""
    import numpy

    path = turn_model._model_file().parent.parent / "_whisper_features.py"
    spec = importlib.util.spec_from_file_location("whisper_features", path)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    for ulaw in (SPOKEN, SPOKEN * 3, LINE_NOISE * 1000):
        pcm = numpy.frombuffer(ulaw_to_pcm(ulaw[-turn_model.HEARD_BYTES :]), "<i2") / 32768
        expected = theirs.compute_whisper_log_mel_features(model._at_model_rate(pcm).astype("float32"))
        assert model.features(ulaw).dtype == "float32"
        assert model.features(ulaw) == pytest.approx(expected, abs=2e-3)


@needs_model
def test_a_tone_keeps_its_place_at_twice_the_rate(model):
    import numpy

    tone = numpy.sin(2 * numpy.pi * 1000 * numpy.arange(8000) / 8000)
    doubled = model._at_model_rate(tone)
    assert len(doubled) == 8 * 16000
    assert not doubled[:-16000].any()
    expected = numpy.sin(2 * numpy.pi * 1000 * numpy.arange(16000) / 16000)
    assert doubled[-16000:] == pytest.approx(expected, abs=1e-3)


@needs_model
def test_a_probability_is_one_and_rests_on_the_last_eight_seconds(model):
    last = (LINE_NOISE * 8000 + SPOKEN)[-turn_model.HEARD_BYTES :]
    assert 0 <= model.probability(SPOKEN) <= 1
    assert model.probability(b"\x00" * 1000 + last) == model.probability(last)


@needs_model
@pytest.mark.parametrize("ulaw", [b"", b"\xff", LINE_NOISE * 1000], ids=["nothing", "a sample", "silence"])
def test_audio_without_a_voice_has_a_probability_too(model, ulaw):
    assert 0 <= model.probability(ulaw) <= 1
