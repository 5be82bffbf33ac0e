"""What is heard and kept from the command line: speak, phrases, make_prompts, tts_emulator."""

import asyncio
import os
import re
import signal
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from calls.lab.call_report import Line
from calls.lab.demo_note import noted
from calls.lab.emulator.sound import tones
from calls.lines.settings_cache import first_profile
from calls.models import Dialogue, PhoneLine
from calls.process.services import Services, using
from calls.reply.phrases import PhraseCache
from calls.reply.voices.espeak import EspeakVoices
from calls.reply.voices.recorded import SHIPPED, Prompts
from calls.reply.voices.registry import Voices
from stt.tuning import Tuning
from stt.wavfile import read_ulaw
from tests.calls.reply.dialogues import SMALL
from tests.calls.reply.voices.test_registry import Away
from tests.calls.reply.voices.toy import ToyVoices
from tests.paths import ROOT
from tests.waiting import COMMAND_S


@pytest.fixture
def voices(tmp_path):
    voices = Voices([ToyVoices(), Away()], PhraseCache(tmp_path / "phrases", 1), Prompts())
    with using(Services(voices=voices)):
        yield voices


def test_the_voices_are_listed_and_why_others_are_not(voices, capsys):
    call_command("speak", "--list")
    assert capsys.readouterr().out.splitlines() == ["toy:he", "away: It is not installed."]


def test_a_text_is_written_as_callers_would_hear_it(voices, tmp_path, capsys):
    out = tmp_path / "x.wav"
    for told in ("toy:he, 4 characters synthesised", "toy:he, from the phrase cache"):
        call_command("speak", "שלום", "--voice", "toy:he", "--out", str(out))
        assert capsys.readouterr().out == f"0.2 s in {out}, {told}\n"
    assert len(read_ulaw(out)) == 4 * 480


@pytest.mark.parametrize(("of_the_settings", "found"), [("", "127.0.0.1:1"), ("127.0.0.1:2", "127.0.0.1:2")])
def test_a_running_demos_voice_is_spoken_with_unless_the_settings_name_one(settings, tmp_path, of_the_settings, found):
    settings.VAR_DIR, settings.HAS_GOOGLE_CREDENTIALS = tmp_path, False
    settings.TTS_EMULATOR_HOST = of_the_settings
    line = Line("http://127.0.0.1:8137", "http://127.0.0.1:8137", "of-the-demo")
    failed = pytest.raises(CommandError, match=f"^voice_.*{found}")
    with using(Services()), noted(line, tmp_path, "127.0.0.1:1"), failed:
        call_command("speak", "שלום", "--voice", "google:he-IL-Chirp3-HD-Aoede", "--out", str(tmp_path / "x.wav"))


def test_the_recorded_voice_says_its_sentences_and_of_any_other_text_that_it_has_none(voices, tmp_path, capsys):
    out = tmp_path / "x.wav"
    prompt = Prompts().named("goodbye")
    call_command("speak", prompt.text, "--voice", "recorded", "--out", str(out))
    assert read_ulaw(out) == prompt.ulaw and ", recorded" in capsys.readouterr().out
    with pytest.raises(CommandError, match=f"^text_unspeakable: recorded only has its recordings.*{prompt.text}"):
        call_command("speak", "משפט אחר", "--voice", "recorded", "--out", str(out))


def test_a_voice_that_there_is_not_is_named(voices, tmp_path):
    with pytest.raises(CommandError, match="^voice_raised: There is no voice 'none:he'; there are: toy:he"):
        call_command("speak", "שלום", "--voice", "none:he", "--out", str(tmp_path / "x.wav"))


def test_a_failure_is_told_with_its_code(voices, tmp_path):
    out = str(tmp_path / "x.wav")
    for arguments, code in (
        ([" ... ", "--out", out], "text_unspeakable: "),
        (["שלום", "--voice", "away:he", "--out", out], "voice_raised: "),
        (["שלום"], "nothing_to_say: "),
        ([], "nothing_to_say: "),
        (["שלום", "--out", str(tmp_path / "no" / "x.wav")], "not_written: "),
    ):
        with pytest.raises(CommandError) as told:
            call_command("speak", *arguments)
        assert str(told.value).startswith(code)


@pytest.mark.django_db
def test_what_lines_say_is_rendered_by_a_command(voices, capsys):
    """After a deploy on another machine."""
    dialogue = Dialogue.objects.create(name="x", text=SMALL)
    common = {"profile": first_profile(Tuning()), "voice": "toy:he"}
    PhoneLine.objects.create(number="+97231", name="a", greeting="ברוכים הבאים!", **common)
    PhoneLine.objects.create(number="+97232", name="b", responder="scripted", dialogue=dialogue, **common)
    call_command("phrases", "--render")
    assert capsys.readouterr().out.splitlines()[:2] == ["+97231: 1 texts", "+97232: 7 texts"]
    for text in ("ברוכים הבאים!", "איזה צבע?", "תודה", Prompts().named("apology").pointed):
        assert asyncio.run(voices.phrases.get("toy:he", text)), text
    count, _ = voices.phrases.size()
    assert count == 1 + 7 + len(Prompts().all)


@pytest.mark.django_db
def test_a_phrase_that_cannot_be_rendered_ends_the_command_with_a_code(voices, capsys):
    PhoneLine.objects.create(number="+97231", name="a", greeting="הי", profile=first_profile(Tuning()), voice="away:he")
    with pytest.raises(CommandError, match="phrases_not_rendered: 1 phrase "):
        call_command("phrases", "--render")
    assert capsys.readouterr().err.startswith("+97231: voice_raised: הי: away:he cannot be used")


def test_without_a_voice_it_says_what_to_install(tmp_path):
    with (
        using(Services(voices=Voices([Away()], PhraseCache(tmp_path, 1), Prompts()))),
        pytest.raises(CommandError, match="no_voice: away: It is not installed."),
    ):
        call_command("speak", "שלום", "--out", str(tmp_path / "x.wav"))


def test_phrases_are_counted_and_forgotten(voices, capsys):
    voices.render_now("", ["אחת", "שתיים"])
    call_command("phrases")
    call_command("phrases", "--purge")
    call_command("phrases")
    assert capsys.readouterr().out.splitlines() == ["2 phrases, 0.0 MB", "deleted 2 phrases", "0 phrases, 0.0 MB"]


@pytest.mark.django_db
def test_a_purge_forgets_phrases_that_no_call_has_used_since(voices, tmp_path, capsys, settings):
    settings.VAR_DIR = tmp_path
    voices.render_now("", ["אחת", "שתיים"])
    os.utime(next((tmp_path / "phrases").rglob("*.ulaw")), (1, 1))
    call_command("purge", "--older-than", "30", "--dry-run")
    call_command("purge", "--older-than", "30")
    assert capsys.readouterr().out.count("deleted 1 phrase ") == 1
    assert voices.phrases.size()[0] == 1


@pytest.mark.skipif(bool(EspeakVoices().unusable()), reason=EspeakVoices().unusable())
def test_prompts_are_made_from_their_index(tmp_path, capsys):
    (tmp_path / "index.tsv").write_text((SHIPPED / "index.tsv").read_text("utf-8"), "utf-8")
    call_command("make_prompts", "--folder", str(tmp_path))
    made, shipped = Prompts(tmp_path).all, Prompts().all
    assert [prompt.name for prompt in made] == [prompt.name for prompt in shipped]
    assert f"{len(shipped)} recordings" in capsys.readouterr().out


def test_a_folder_without_an_index_makes_no_prompts(tmp_path):
    with pytest.raises(CommandError, match="^(not_made|no_voice): "):
        call_command("make_prompts", "--folder", str(tmp_path))


def test_a_fault_of_the_emulator_that_is_none_is_told():
    with pytest.raises(CommandError, match="bad_fault: unknown_fault: sleepy"):
        call_command("tts_emulator", "--fault", "sleepy")


@pytest.mark.live
def test_the_emulator_serves_until_it_is_told_to_end(tmp_path):
    environment = {**os.environ, "ENV_FILE": "", "DEBUG": "1", "VAR_DIR": str(tmp_path)}
    manage = [sys.executable, "-W", "ignore", "manage.py"]
    emulator = subprocess.Popen(
        [*manage, "tts_emulator", "--first-chunk", "1", "--speed", "1000"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"127\.0\.0\.1:\d+", emulator.stdout.readline()).group()
        out = tmp_path / "x.wav"
        said = subprocess.run(
            [*manage, "speak", "שלום", "--out", str(out)],
            cwd=ROOT,
            env={**environment, "TTS_EMULATOR_HOST": address},
            capture_output=True,
            text=True,
            check=True,
            timeout=COMMAND_S,
        )
        assert "emulator:he-IL-Chirp3-HD-Aoede, 4 characters synthesised" in said.stdout
        assert read_ulaw(out).replace(b"\x7f", b"\xff") == tones("שלום").replace(b"\x7f", b"\xff")
    finally:
        emulator.send_signal(signal.SIGTERM)
        told, _ = emulator.communicate(timeout=COMMAND_S)
    assert (emulator.returncode, told) == (0, "4 characters in 1 requests\n")
