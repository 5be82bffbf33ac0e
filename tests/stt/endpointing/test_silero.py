"""Silero in webrtcvad's place: what it decides, and what a call does without it."""

import time

import pytest

from stt.audio import frames_of, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing import silero
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.endpointing_metrics import hear
from stt.endpointing.silero import LAG_FRAMES, MAX_LATE_FRAMES, SileroMissing, SileroModel, SileroThread, SileroVad
from stt.tuning import Tuning, TuningError
from tests.sounds import SAMPLES, silence, speech

FRAME = bytes(320)
needs_silero = pytest.mark.skipif(not silero.installed(), reason="needs pip install -r requirements-silero.txt")


class Scripted:
    """A model that takes a chunk with any sound for speech, and remembers who asked."""

    def __init__(self):
        self.heard = []

    def ask(self, vad, pcm):
        self.hear([(vad, pcm)])

    def hear(self, asked):
        assert len({vad for vad, _ in asked}) == len(asked)
        for vad, pcm in asked:
            self.heard.append((vad, pcm))
            vad.decide(1.0 if any(pcm) else 0.0)


class Noted(SileroVad):
    """Keeps what the model said."""

    def __init__(self):
        super().__init__(lambda vad, pcm: None)
        self.probabilities = []

    def decide(self, probability):
        self.probabilities.append(probability)


def decisions(vad, frames):
    return [vad.is_speech(frame, 8000) for frame in frames]


def test_a_chunk_is_32_ms_whatever_the_frames():
    model = Scripted()
    decisions(SileroVad(model.ask), [FRAME] * 16)
    assert [len(pcm) for _, pcm in model.heard] == [512] * 10


def test_a_decision_is_used_a_fixed_number_of_frames_after_its_chunk():
    loud = b"\x01\x10" * 160
    heard = decisions(SileroVad(Scripted().ask), [loud] * 8)
    # The first chunk is whole with the second frame.
    assert heard.index(True) == 1 + LAG_FRAMES


def test_speech_goes_on_down_to_the_lower_threshold():
    probabilities = iter([0.4, 0.6, 0.4, 0.3, 0.4, 0.4])
    vad = SileroVad(lambda vad, pcm: vad.decide(next(probabilities)))
    heard = decisions(vad, [FRAME] * 10)
    assert heard == [False] * 5 + [True] * 3 + [False] * 2


def test_a_late_decision_leaves_the_last_one_standing_and_is_counted():
    asked = []
    vad = SileroVad(lambda vad, pcm: asked.append(vad))
    assert decisions(vad, [FRAME] * 4) == [False] * 4
    assert vad.late_frames == 1
    vad.decide(1.0)
    assert vad.is_speech(FRAME, 8000)
    assert vad.late_frames == 1


def test_decisions_that_never_come_leave_the_call_to_webrtcvad():
    vad = SileroVad(lambda vad, pcm: None)
    frames = [ulaw_to_pcm(frame) for frame in silence(200) + speech(2000)]
    heard = decisions(vad, frames)
    given_up = 2 + LAG_FRAMES + MAX_LATE_FRAMES
    assert not any(heard[:given_up])
    assert sum(heard[given_up + 5 :]) > 50


def test_the_thread_hears_what_a_call_asked_in_its_order():
    model = Scripted()
    thread = SileroThread(lambda: model)
    assert thread.vad() is None
    thread.start()
    _ready(thread)
    one, other = thread.vad(), thread.vad()
    for number in range(5):
        thread.ask(one, bytes([number]) * 512)
        thread.ask(other, bytes([number]) * 512)
    thread.stop()
    for vad in (one, other):
        assert [pcm[0] for asked, pcm in model.heard if asked is vad] == [0, 1, 2, 3, 4]


def test_a_model_that_cannot_be_loaded_leaves_calls_to_webrtcvad(caplog):
    def load():
        raise SileroMissing("silero_missing: not here")

    lost = []
    thread = SileroThread(load)
    thread.start(on_lost=lambda: lost.append(1))
    thread.stop()
    assert thread.vad() is None
    assert lost == [1]
    assert "silero_lost" in caplog.text


def test_a_model_that_fails_is_left_and_nothing_piles_up(caplog):
    class Failing(Scripted):
        def hear(self, asked):
            raise ValueError("broken")

    lost = []
    thread = SileroThread(Failing)
    thread.start(on_lost=lambda: lost.append(1))
    _ready(thread)
    vad = thread.vad()
    thread.ask(vad, bytes(512))
    thread.stop()
    assert thread.vad() is None
    assert lost == [1]
    assert "silero_lost" in caplog.text
    decisions(vad, [FRAME] * 200)
    assert vad.undecided_chunks < MAX_LATE_FRAMES


def _ready(thread):
    until_s = time.monotonic() + 10
    while not thread.ready and time.monotonic() < until_s:
        time.sleep(0.001)


@needs_silero
def test_silero_finds_the_speech_between_silence():
    frames = silence(1000) + speech(1200) + silence(1000)
    (found,) = hear(Endpointer(EndpointOptions(), SileroVad(SileroModel().ask)), frames)
    assert abs(found.start_ms - 1000) <= 160
    assert abs(found.end_ms - 2200) <= 160


@needs_silero
def test_calls_heard_together_are_heard_as_if_alone():
    model = SileroModel()
    calls = [read_ulaw(path)[: 256 * 60] for path in sorted(SAMPLES.glob("*.wav"))]
    chunks = [[ulaw_to_pcm(ulaw[at : at + 256]) for at in range(0, len(ulaw) - 255, 256)] for ulaw in calls]
    alone, together = [Noted() for _ in calls], [Noted() for _ in calls]
    for vad, mine in zip(alone, chunks, strict=True):
        for chunk in mine:
            model.ask(vad, chunk)
    for row in zip(*chunks, strict=False):
        model.hear(list(zip(together, row, strict=True)))
    for one, other in zip(alone, together, strict=True):
        assert one.probabilities[: len(other.probabilities)] == pytest.approx(other.probabilities, abs=1e-3)
        assert max(one.probabilities) > 0.9


@needs_silero
def test_the_thread_hears_what_is_heard_at_once():
    pcm = b"".join(ulaw_to_pcm(frame) for frame in silence(200) + speech(1000))
    chunks = [pcm[at : at + 512] for at in range(0, len(pcm) - 511, 512)]
    at_once, off_the_loop, model, thread = Noted(), Noted(), SileroModel(), SileroThread()
    thread.start()
    _ready(thread)
    for chunk in chunks:
        model.ask(at_once, chunk)
        thread.ask(off_the_loop, chunk)
    thread.stop()
    assert off_the_loop.probabilities == pytest.approx(at_once.probabilities, abs=1e-3)
    assert len(off_the_loop.probabilities) == len(chunks)


@needs_silero
def test_a_recording_is_heard_with_the_tunings_detector():
    assert silero.of_recording(Tuning()) is None
    assert isinstance(silero.of_recording(Tuning(vad_engine="silero")), SileroVad)


def test_a_recording_is_heard_by_webrtcvad_where_silero_is_not_installed(monkeypatch):
    monkeypatch.setattr(silero, "installed", lambda: False)
    assert silero.of_recording(Tuning(vad_engine="silero")) is None


def test_a_tuning_names_a_detector_that_there_is():
    with pytest.raises(TuningError, match="vad_engine must be one of webrtc, silero"):
        Tuning(vad_engine="ten")


@needs_silero
def test_office_noise_at_5_db_does_not_shred_a_call(clips):
    model = SileroModel()
    frames = [*frames_of(read_ulaw(clips / "derived_call_03_long_office5dB.wav")), *silence(2000)]
    webrtc = hear(Endpointer(EndpointOptions()), frames)
    found = hear(Endpointer(EndpointOptions(), SileroVad(model.ask)), frames)
    assert 4 <= len(found) < len(webrtc) / 2


@needs_silero
def test_silence_and_noise_alone_are_no_speech_to_silero(clips):
    model = SileroModel()
    for name in ("derived_silence_20s", "derived_noise_only_20s", "noise_office"):
        frames = list(frames_of(read_ulaw(clips / f"{name}.wav")))
        assert hear(Endpointer(EndpointOptions(), SileroVad(model.ask)), frames) == [], name
