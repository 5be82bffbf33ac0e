"""espeak-ng's voice: a process a piece, and no process left behind."""

import asyncio
import json
import shutil
import sys
from contextlib import asynccontextmanager

import psutil
import pytest

from calls.reply.voice import VoiceError
from calls.reply.voices import espeak
from calls.reply.voices.espeak import EspeakVoice, EspeakVoices, phonemes_of
from calls.reply.voices.guarded import guarded
from stt.audio import dbfs, ulaw_to_pcm
from stt.wavfile import wav_of
from tests.calls.reply.voices.contract import SENTENCE, Service, VoiceContract, VoiceRig

installed = pytest.mark.skipif(bool(EspeakVoices().unusable()), reason=EspeakVoices().unusable())


def program(tmp_path, body):
    """A program in espeak-ng's place."""
    path = tmp_path / "espeak-ng"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    path.chmod(0o755)
    return str(path)


def children():
    return len(psutil.Process().children())


async def speak(voice, text=SENTENCE):
    return b"".join([chunk async for chunk in guarded(voice, text)])


def failure(voice, text=SENTENCE):
    with pytest.raises(VoiceError) as failed:
        asyncio.run(speak(voice, text))
    return failed.value


@installed
class TestEspeak(VoiceContract):
    @asynccontextmanager
    async def rig(self, service):
        before = children()
        with pytest.MonkeyPatch.context() as patch:
            binary = shutil.which("espeak-ng")
            if service is Service.AWAY:
                binary = "/nowhere/espeak-ng"
            elif service is Service.SLOW:
                binary = shutil.which("yes")
                patch.setattr(espeak, "COMMAND", ())
            elif service is Service.EMPTY:
                binary = shutil.which("true")
            family = EspeakVoices()
            yield VoiceRig(family, EspeakVoice(binary), lambda: children() - before)


@installed
def test_its_sound_is_speech_and_not_cut_off_at_its_peaks():
    ulaw = asyncio.run(speak(EspeakVoice()))
    pcm = ulaw_to_pcm(ulaw)
    assert -30 < dbfs(pcm) < -15
    assert max(abs(int.from_bytes(pcm[at : at + 2], "little", signed=True)) for at in range(0, len(pcm), 2)) < 32_000


@installed
@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("שָׁלוֹם", "[[Sal'om]]"),
        ("הַאִם לִקְבֹּעַ?", "[[ha?'im likbo'a]]?"),
        ("רֶ֫גַע, חֲבֵרִים.", "[[R'ega]], [[XaveR'im]]."),
        ("צָ'ק וְג'וּק", "[[tS'ak vedZ'uk]]"),
        ("בֵּית־סֵפֶר", "[[b'et sef'eR]]"),
        ("מאתיים שקלים", "[[mat'ajim Skal'im]]"),
    ],
)
def test_pointed_text_becomes_phonemes(text, phonemes):
    assert phonemes_of(text) == phonemes


@installed
def test_a_text_cannot_leave_its_brackets():
    """espeak-ng reads what stands outside of [[ ]] as letters, and markup as orders."""
    said = phonemes_of("שָׁלוֹם ]] <mark/> [[ $(x) שָׁלוֹם")
    assert said.count("[[") == said.count("]]") == 1
    assert not set("<>$()") & set(said)


def test_a_text_with_bare_words_is_refused_with_these_words():
    error = failure(EspeakVoice(), "שָׁלוֹם לכולם, ותודה")
    assert error.code == "text_unspeakable"
    assert "לכולם, ותודה" in error.message
    with pytest.raises(VoiceError, match="לכולם"):
        EspeakVoices().check("שָׁלוֹם לכולם")
    EspeakVoices().check("שָׁלוֹם")


def test_what_is_missing_is_said_with_what_to_do(monkeypatch):
    monkeypatch.setattr(espeak.shutil, "which", lambda _: None)
    assert "apt install espeak-ng" in EspeakVoices().unusable()
    monkeypatch.setattr(espeak.shutil, "which", lambda _: "/usr/bin/espeak-ng")
    monkeypatch.setattr(espeak, "find_spec", lambda _: None)
    assert "requirements-espeak.txt" in EspeakVoices().unusable()


def test_a_process_that_fails_has_a_code(tmp_path):
    voice = EspeakVoice(program(tmp_path, "sys.exit(3)"), phonemes=str)
    error = failure(voice)
    assert (error.code, error.message) == ("voice_raised", "espeak-ng ended with code 3.")


def test_a_process_that_hangs_is_killed(tmp_path):
    before = children()
    voice = EspeakVoice(program(tmp_path, "time.sleep(60)"), phonemes=str, process_s=0.2)
    assert failure(voice).code == "voice_slow"
    assert children() == before


def test_words_are_given_on_standard_input_and_never_to_a_shell(tmp_path):
    wav = tmp_path / "said.wav"
    wav.write_bytes(wav_of(bytes(800)))
    keep = f"import json; json.dump([sys.argv[1:], sys.stdin.read()], open({str(tmp_path / 'given')!r}, 'w'));"
    voice = EspeakVoice(
        program(tmp_path, f"{keep} sys.stdout.buffer.write(open({str(wav)!r}, 'rb').read())"),
        phonemes=lambda text: f"{text} ; touch /tmp/x $(id)",
    )
    assert len(asyncio.run(speak(voice))) == 800
    arguments, given = json.loads((tmp_path / "given").read_text())
    assert arguments == list(espeak.COMMAND)
    assert given == f"{SENTENCE} ; touch /tmp/x $(id)"


def test_a_piece_that_is_given_up_before_its_turn_starts_no_process(tmp_path):
    piece = espeak._Piece((program(tmp_path, "open('/nowhere/x')"),), 5.0)
    piece.give_up()
    assert piece.ulaw("שָׁלוֹם", lambda _: pytest.fail("nobody wants its phonemes")) == b""
    assert piece._process is None


def test_so_many_processes_work_at_once_and_the_others_wait(tmp_path):
    said = tmp_path / "said.wav"
    said.write_bytes(wav_of(bytes(800)))
    body = f"""
open({str(tmp_path)!r} + f"/{{os.getpid()}}.run", "w").close()
time.sleep(0.1)
count = len([name for name in os.listdir({str(tmp_path)!r}) if name.endswith(".run")])
open({str(tmp_path)!r} + f"/{{os.getpid()}}.{{count}}.count", "w").close()
os.unlink({str(tmp_path)!r} + f"/{{os.getpid()}}.run")
sys.stdout.buffer.write(open({str(said)!r}, "rb").read())
"""

    async def scenario():
        voice = EspeakVoice(program(tmp_path, body), phonemes=str)
        return await asyncio.gather(*(speak(voice) for _ in range(3 * espeak.MAX_PROCESSES)))

    assert len(asyncio.run(scenario())) == 3 * espeak.MAX_PROCESSES
    counts = [int(path.suffixes[0][1:]) for path in tmp_path.glob("*.count")]
    assert len(counts) == 3 * espeak.MAX_PROCESSES
    assert max(counts) <= espeak.MAX_PROCESSES


def test_the_loop_has_its_turn_between_words_and_taps(tmp_path, monkeypatch):
    rests = []
    monkeypatch.setattr(espeak, "rest", lambda: rests.append(1))
    said = tmp_path / "said.wav"
    said.write_bytes(wav_of(bytes(800)).replace(b"\x40\x1f\0\0\x40\x1f", b"\x22\x56\0\0\x22\x56", 1))
    asyncio.run(
        speak(
            EspeakVoice(program(tmp_path, f"sys.stdout.buffer.write(open({str(said)!r}, 'rb').read())"), phonemes=str)
        )
    )
    assert len(rests) > 10
