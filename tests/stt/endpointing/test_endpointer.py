"""Where speech begins and ends."""

import json
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.audio import dbfs, frames_of, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing.endpointer import Endpointer, EndpointOptions, SpeechEnded, SpeechStarted
from tests.sounds import silence, speech, tone
from voiceapp.runtime.percentile import percentile


def boundaries(frames, *, tail=True, **options):
    endpointer = Endpointer(EndpointOptions(**options))
    found = [(endpointer.push(frame, i * 20), (i + 1) * 20) for i, frame in enumerate(frames)]
    ended = endpointer.end() if tail else None
    return [(b, at) for b, at in [*found, (ended, len(frames) * 20)] if b is not None]


def spans(frames, **options):
    return [(b.start_ms, b.end_ms, at) for b, at in boundaries(frames, **options) if isinstance(b, SpeechEnded)]


def test_speech_between_silence_is_one_utterance():
    ((start_ms, end_ms, told_ms),) = spans(silence(1000) + speech(600) + silence(1000))
    assert abs(start_ms - 1000) <= 60
    assert abs(end_ms - 1600) <= 60
    assert told_ms - end_ms == 220


def test_trailing_silence_of_the_hangover_ends_the_utterance():
    for hangover_ms in (200, 400):
        ((_, end_ms, told_ms),) = spans(silence(400) + speech(400) + silence(900), hangover_ms=hangover_ms)
        assert told_ms - end_ms == hangover_ms


def test_a_pause_shorter_than_the_hangover_joins():
    assert len(spans(silence(400) + speech(400) + silence(160) + speech(400) + silence(400))) == 1


def test_one_voiced_frame_is_no_speech():
    assert spans(silence(400) + speech(20) + silence(400)) == []


def test_silence_and_line_noise_are_no_speech():
    assert spans(silence(5000)) == []
    assert spans([b"\xff" * 160] * 250) == []


@pytest.mark.parametrize(("low_hz", "high_hz"), [(697, 1209), (770, 1336), (941, 1477)])
def test_a_key_is_no_speech(low_hz, high_hz):
    assert spans(silence(400) + tone(low_hz, high_hz, 400) + silence(400)) == []


@pytest.mark.parametrize("twist_db", [-8, 0, 4])
@pytest.mark.parametrize("noise_db", [-18, -12])
def test_a_key_on_a_noisy_line_is_no_speech(twist_db, noise_db):
    assert spans(silence(400) + tone(852, 1336, 2000, twist_db=twist_db, noise_db=noise_db) + silence(400)) == []


def test_the_longest_utterance_is_cut_and_speech_goes_on():
    found = boundaries(silence(200) + speech(2600) + silence(400), longest_ms=1000)
    ends = [b for b, _ in found if isinstance(b, SpeechEnded)]
    assert [b.cut for b in ends] == [True, True, False]


def test_a_gap_in_the_audio_is_silence():
    endpointer = Endpointer(EndpointOptions())
    for i, frame in enumerate(silence(400) + speech(400)):
        endpointer.push(frame, i * 20)
    assert isinstance(endpointer.push(speech(20)[0], 5000), SpeechEnded)


def test_a_lost_frame_is_no_silence():
    endpointer = Endpointer(EndpointOptions())
    for i, frame in enumerate(silence(400) + speech(400)):
        endpointer.push(frame, i * 20)
    assert [endpointer.conceal(800 + i * 20) for i in range(10)] == [None] * 10
    assert endpointer.speaking


def test_a_frame_of_another_length_is_refused():
    with pytest.raises(ValueError, match="160"):
        Endpointer(EndpointOptions()).push(b"", 0)


PIECES = st.tuples(
    st.sampled_from(["speech", "silence", "noise", "conceal"]), st.integers(1, 40), st.integers(-100, 900)
)


@given(st.lists(PIECES, max_size=12), st.integers(0, 3))
def test_any_audio_gives_ordered_spans_that_do_not_overlap(pieces, aggressiveness):
    runs = []
    for _ in range(2):
        endpointer = Endpointer(EndpointOptions(aggressiveness=aggressiveness, longest_ms=600))
        at_ms, found = 0, []
        for kind, frames, jump_ms in pieces:
            at_ms = max(0, at_ms + jump_ms)
            for i in range(frames):
                frame = {"speech": speech(20)[0], "noise": bytes([(i * 37) % 256]) * 160}.get(kind, b"\xff" * 160)
                found.append(endpointer.conceal(at_ms) if kind == "conceal" else endpointer.push(frame, at_ms))
                at_ms += 20
        found.append(endpointer.end())
        runs.append([b for b in found if b is not None])
    assert runs[0] == runs[1]
    kinds = [type(b) for b in runs[0]]
    assert kinds == [SpeechStarted, SpeechEnded] * (len(kinds) // 2)
    ends = [b for b in runs[0] if isinstance(b, SpeechEnded)]
    assert all(one.end_ms <= other.start_ms for one, other in zip(ends, ends[1:], strict=False))


def test_the_margin_over_the_noise_is_for_webrtcvad_alone():
    class Hears:
        lag_ms = 0

        def is_speech(self, pcm, sample_rate_hz, /):
            return True

    # A sound without a pause is its own noise floor before long.
    loudest = max(speech(400), key=lambda ulaw: dbfs(ulaw_to_pcm(ulaw)))
    for vad, to_the_end in ((None, False), (Hears(), True)):
        endpointer = Endpointer(EndpointOptions(), vad)
        for i in range(300):
            endpointer.push(loudest, i * 20)
        assert (endpointer.last_voiced_end_ms == 6000) is to_the_end


def test_a_detector_that_lags_begins_no_utterance_late_and_none_in_the_one_before():
    class Lags:
        lag_ms = 40
        decisions = iter([False] * 10 + [True] * 10 + [False] * 12 + [True] * 10)

        def is_speech(self, pcm, sample_rate_hz, /):
            return next(self.decisions)

    loudest = max(speech(400), key=lambda ulaw: dbfs(ulaw_to_pcm(ulaw)))
    endpointer = Endpointer(EndpointOptions(hangover_ms=220), Lags())
    found = [endpointer.push(loudest, i * 20) for i in range(42)]
    starts = [b.start_ms for b in found if isinstance(b, SpeechStarted)]
    (ended,) = [b for b in found if isinstance(b, SpeechEnded)]
    assert starts == [200 - 40, 640 - 40]
    assert (ended.end_ms, starts[1] >= ended.end_ms) == (400, True)


def recorded(path):
    return list(frames_of(read_ulaw(path)))


@pytest.mark.parametrize("noise", ["", "_office15dB", "_office5dB"])
def test_every_human_utterance_is_found_and_ends_in_time(clips, noise):
    delays = []
    for name, utterances in json.loads((clips / "timelines.json").read_text()).items():
        if name.removesuffix(f"{noise}.wav") not in ("derived_call_01", "derived_call_03_long"):
            continue
        found = spans(recorded(clips / name) + silence(2000))
        for utterance in utterances:
            start_ms, end_ms = utterance["speech_start"] * 1000, utterance["speech_end"] * 1000
            mine = [span for span in found if span[1] > start_ms and span[0] < end_ms]
            assert mine, (name, utterance["clip"])
            delays.append(mine[-1][2] - end_ms)
    assert len(delays) == 7
    assert percentile(delays, 0.9) <= 220 + 250


def test_silence_and_keys_as_recorded_are_no_speech(clips):
    for name in ("derived_silence_20s.wav", "dtmf_1.wav", "dtmf_5.wav"):
        assert spans(recorded(clips / name)) == [], name


def test_office_noise_alone_is_no_speech(clips):
    for name in ("derived_noise_only_20s.wav", "noise_office.wav"):
        assert len(spans(recorded(clips / name))) <= 2, name


def test_every_human_word_and_sentence_is_found(clips):
    for path in sorted(clips.glob("he_*.wav")):
        try:
            frames = recorded(path)
        except (ValueError, wave.Error):
            continue
        assert spans(silence(500) + frames + silence(500)), path.name
