"""WAV files as the line carries them: whatever can be read, and one sentence for what cannot."""

import audioop
import math
import shutil
import struct
import subprocess
import wave
from array import array

import pytest

from stt.audio import pcm_to_ulaw, ulaw_to_pcm
from stt.wavfile import ALAW, EXTENSIBLE, FLOAT, PCM, ULAW, WavError, read_ulaw, wav_of
from tests.paths import SAMPLES

SECONDS = 1


def sine(hz, rate_hz, level=0.5):
    """Samples of 16 bits."""
    return array("h", (round(level * 32767 * math.sin(2 * math.pi * hz * i / rate_hz)) for i in range(rate_hz)))


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(audio, *, kind=PCM, channels=1, rate_hz=8000, bits=16, before=b"", extra=b""):
    align = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * align, align, bits) + extra
    body = b"WAVE" + before + chunk(b"fmt ", form) + chunk(b"data", audio)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def read(tmp_path, data):
    path = tmp_path / "said.wav"
    path.write_bytes(data)
    return read_ulaw(path)


def level_at(ulaw, hz):
    """How much of a full sine of this frequency is in it, from 0 to 1."""
    pcm = array("h", ulaw_to_pcm(ulaw))
    parts = [sum(v * f(2 * math.pi * hz * i / 8000) for i, v in enumerate(pcm)) for f in (math.sin, math.cos)]
    return 2 * math.hypot(*parts) / len(pcm) / 32767


@pytest.mark.parametrize("length", [1, 160, 8001])
def test_what_is_written_is_read_as_it_was(tmp_path, length):
    ulaw = (bytes(range(256)) * 40)[:length]
    # 0x7F is a second zero.
    assert read(tmp_path, wav_of(ulaw)) == ulaw.replace(b"\x7f", b"\xff")


@pytest.mark.skipif(shutil.which("sox") is None, reason="needs sox")
def test_others_read_what_is_written(tmp_path):
    (tmp_path / "written.wav").write_bytes(wav_of(bytes(8000)))
    told = subprocess.run(["soxi", "-D", tmp_path / "written.wav"], capture_output=True, text=True, check=True)
    assert float(told.stdout) == 1.0


@pytest.mark.parametrize("length", [0x7FFFF000, 0xFFFFFFFF])
def test_a_length_that_its_writer_did_not_know_is_no_cut(tmp_path, length):
    """As espeak-ng and sox write to a pipe."""
    data = wav(sine(440, 8000).tobytes())
    at = data.index(b"data") + 4
    assert read(tmp_path, data[:at] + struct.pack("<I", length) + data[at + 4 :]) == read(tmp_path, data)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("answers_*.wav")))
def test_what_is_8_khz_mono_16_bit_is_taken_as_it_stands(path):
    with wave.open(str(path)) as one:
        assert read_ulaw(path) == pcm_to_ulaw(one.readframes(one.getnframes()))


@pytest.mark.parametrize("rate_hz", [6000, 8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_number_of_channels_is_the_same_sound(tmp_path, rate_hz, channels):
    mono = sine(440, rate_hz)
    audio = array("h", (value for value in mono for _ in range(channels)))
    ulaw = read(tmp_path, wav(audio.tobytes(), channels=channels, rate_hz=rate_hz))
    assert len(ulaw) == pytest.approx(8000 * SECONDS, abs=2)
    assert level_at(ulaw, 440) == pytest.approx(0.5, abs=0.02)


def as_floats(pcm, code):
    return array(code, (value / 32768 for value in array("h", pcm))).tobytes()


FORMATS = {
    "8 bit": (PCM, 8, lambda pcm: audioop.bias(audioop.lin2lin(pcm, 2, 1), 1, 128)),
    "16 bit": (PCM, 16, lambda pcm: pcm),
    "24 bit": (PCM, 24, lambda pcm: audioop.lin2lin(pcm, 2, 3)),
    "32 bit": (PCM, 32, lambda pcm: audioop.lin2lin(pcm, 2, 4)),
    "float": (FLOAT, 32, lambda pcm: as_floats(pcm, "f")),
    "double": (FLOAT, 64, lambda pcm: as_floats(pcm, "d")),
    "A-law": (ALAW, 8, lambda pcm: audioop.lin2alaw(pcm, 2)),
    "µ-law": (ULAW, 8, lambda pcm: audioop.lin2ulaw(pcm, 2)),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("extensible", [False, True])
def test_any_format_is_the_same_sound(tmp_path, name, extensible):
    kind, bits, encode = FORMATS[name]
    audio = encode(sine(440, 8000).tobytes())
    if extensible:
        more = struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", kind) + bytes(14)
        data = wav(audio, kind=EXTENSIBLE, bits=bits, extra=more)
    else:
        data = wav(audio, kind=kind, bits=bits)
    assert level_at(read(tmp_path, data), 440) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_what_a_telephone_does_not_carry_does_not_come_back_as_noise(tmp_path, rate_hz):
    ulaw = read(tmp_path, wav(sine(5000, rate_hz).tobytes(), rate_hz=rate_hz))
    assert level_at(ulaw, 3000) < 0.005


@pytest.mark.skipif(shutil.which("sox") is None, reason="needs sox")
def test_a_file_of_another_program_is_read(tmp_path):
    path = tmp_path / "sox.wav"
    command = ["sox", SAMPLES / "answers_1.wav", "-r", "44100", "-c", "2", "-b", "24", path]
    subprocess.run(command, check=True)
    with wave.open(str(SAMPLES / "answers_1.wav")) as one:
        assert len(read_ulaw(path)) == pytest.approx(one.getnframes(), abs=80)


def test_other_chunks_a_length_not_known_and_half_a_sample_are_passed_over(tmp_path):
    audio = sine(440, 8000).tobytes()
    plain = read(tmp_path, wav(audio))
    assert read(tmp_path, wav(audio, before=chunk(b"LIST", b"odd"))) == plain
    data = wav(audio).replace(b"data" + struct.pack("<I", len(audio)), b"data\xff\xff\xff\xff")
    assert read(tmp_path, data) == plain
    assert read(tmp_path, wav(audio + b"\1")) == plain


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b"RIFF", "no WAV file"),
        (b"ID3\x04 an mp3", "no WAV file"),
        (wav(bytes(1600))[:-100], "cut off: 1600 bytes of audio are announced, 1500 are there"),
        (wav(bytes(1600))[:30], "cut off before its audio"),
        (wav(bytes(1600))[:12], "cut off before its audio"),
        (wav(b""), "holds no audio"),
        (wav(bytes(1600))[:36], "holds no audio"),
        (wav(bytes(1600), kind=85), "format 85"),
        (wav(bytes(1600), bits=12 * 8), "96 bits"),
        (wav(bytes(1600), rate_hz=0), "at 0 Hz"),
        (wav(bytes(1600), channels=0), "0 channels"),
        (wav(bytes(1600), rate_hz=2_000_000_000), "cannot be played"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", bytes(160)), "before its format"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_of_its_own(tmp_path, data, sentence):
    with pytest.raises(WavError, match=rf"^said\.wav: .*{sentence}.*\.$"):
        read(tmp_path, data)


def test_a_file_that_is_missing_and_a_folder_are_said_to_be(tmp_path):
    with pytest.raises(WavError, match=r"^none\.wav: there is no such file\.$"):
        read_ulaw(tmp_path / "none.wav")
    with pytest.raises(WavError, match="this is a folder"):
        read_ulaw(tmp_path)


def test_whatever_the_bytes_it_is_audio_or_one_sentence(tmp_path):
    good = wav(sine(440, 8000).tobytes()[:200])
    for at in range(len(good)):
        for value in (0, 1, 0x7F, 0xFF):
            try:
                read(tmp_path, good[:at] + bytes([value]) + good[at + 1 :])
            except WavError as error:
                assert "\n" not in str(error)
