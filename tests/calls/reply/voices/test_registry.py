"""The voices of a process: which can be used, which is the default, and what a line gets."""

import asyncio
import inspect

import pytest

from calls.process.voices import voices_of_settings
from calls.reply.phrases import PhraseCache
from calls.reply.voice import VoiceError
from calls.reply.voices.espeak import EspeakVoices
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import VoiceFamily, Voices
from tests.calls.reply.voices.toy import ToyVoices


class Away(ToyVoices):
    name = "away"

    def unusable(self):
        return "It is not installed."


@pytest.fixture
def voices(tmp_path):
    return Voices([Away(), ToyVoices()], PhraseCache(tmp_path, 1), Prompts())


def test_only_what_can_be_used_may_be_chosen(voices):
    assert voices.names() == ["toy:he"]
    assert voices.default_name() == "toy:he"
    assert voices.unusable() == {"away": "It is not installed."}


def test_a_process_without_voices_has_no_default_and_still_its_recordings(tmp_path):
    none = Voices([Away()], PhraseCache(tmp_path, 1), Prompts())
    assert (none.names(), none.default_name()) == ([], "")
    assert none.of_line("").names == ("recorded",)
    none.check("", "אין קול")


def test_a_line_that_names_no_voice_gets_the_default(voices):
    assert voices.of_line("").names == voices.of_line("toy:he", "toy:he").names == ("toy:he", "recorded")


@pytest.mark.parametrize("name", ["away:he", "nobody:he", "toy:no-such", "toy"])
def test_a_voice_that_cannot_be_used_is_left_out_and_noted(voices, name):
    codes = []
    assert voices.of_line(name, "toy:he", lambda code, _: codes.append(code)).names == ("toy:he", "recorded")
    assert codes == ["voice_fallback"]


def test_calls_share_a_voice_and_what_is_known_of_it(voices):
    first, second = (voices.of_line("toy:he")._ranked[0] for _ in range(2))
    assert first is second


def test_a_text_is_checked_by_its_voice_before_it_is_saved(tmp_path):
    voices = Voices([EspeakVoices()], PhraseCache(tmp_path, 1), Prompts())
    with pytest.raises(VoiceError, match="These words need vowel points: לכולם"):
        voices.check("espeak:he", "שָׁלוֹם לכולם. " + "שָׁלוֹם " * 100)
    with pytest.raises(VoiceError) as refused:
        voices.check("", " ... ")
    assert refused.value.code == "text_unspeakable"
    with pytest.raises(VoiceError, match="no voice 'nobody:he'"):
        voices.check("nobody:he", "שָׁלוֹם")


def test_what_is_rendered_is_kept_and_what_failed_is_told(voices):
    failed = voices.render_now("", ["שלום", "שלום", "...", "להתראות"])
    assert {text: error.code for text, error in failed.items()} == {"...": "text_unspeakable"}
    assert voices.phrases.size()[0] == 2


def test_a_recording_is_no_rendering(tmp_path):
    voices = Voices([ToyVoices(ConnectionError("away"))], PhraseCache(tmp_path, 1), Prompts())
    (goodbye,) = [prompt.pointed for prompt in Prompts().all if prompt.name == "goodbye"]
    assert {text: error.code for text, error in voices.render_now("", [goodbye]).items()} == {goodbye: "voice_raised"}


def test_rendering_by_a_voice_that_cannot_be_used_tells_each_text(voices):
    assert set(voices.render_now("away:he", ["א", "ב"])) == {"א", "ב"}


def test_the_settings_say_which_voice_is_the_default(settings):
    settings.TTS_EMULATOR_HOST, settings.HAS_GOOGLE_CREDENTIALS = "127.0.0.1:1", False
    assert voices_of_settings().default_name() == "google:he-IL-Chirp3-HD-Aoede"
    settings.TTS_EMULATOR_HOST = ""
    espeak = "" if EspeakVoices().unusable() else "espeak:he"
    assert voices_of_settings().default_name() == espeak
    settings.HAS_GOOGLE_CREDENTIALS = True
    assert voices_of_settings().default_name().startswith("google:")


def test_making_voices_starts_and_reads_nothing(monkeypatch, tmp_path, settings):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(Prompts, "all", property(lambda _: pytest.fail("recordings were read")))
    voices_of_settings()
    assert list(tmp_path.iterdir()) == []


def test_warming_up_loads_what_can_be_used(voices):
    voices.warm_up()
    assert voices.prompts.all


def test_the_toy_has_what_a_family_has():
    wanted = {name for name, _ in inspect.getmembers(VoiceFamily, callable) if not name.startswith("_")}
    assert wanted <= set(dir(ToyVoices))


def test_closing_twice_is_closing(voices):
    async def scenario():
        await voices.close()
        await voices.close()

    asyncio.run(scenario())
