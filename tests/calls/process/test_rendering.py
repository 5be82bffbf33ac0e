"""What lines always say, rendered before a caller waits; and said for a person."""

import asyncio
import logging

import pytest

from calls.process import rendering
from calls.process.rendering import HearingRefused, PhraseRendering, cut, pieces_of
from calls.reply.phrases import PhraseCache
from calls.reply.pieces import PieceCutter
from calls.reply.speakable import spoken_pieces
from calls.reply.voice import VoiceError
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import Voices
from tests.calls.reply.voices.toy import LETTER_BYTES, ToyVoices

LONG = "שלום וברוכים הבאים למספרה של דנה, במה אפשר לעזור לכם היום?"


@pytest.fixture
def make(tmp_path):
    def made(**says):
        return PhraseRendering(Voices([ToyVoices(**says)], PhraseCache(tmp_path / "phrases", 1), Prompts()))

    return made


def kept(one, text):
    return asyncio.run(one._voices.phrases.get("toy:he", text))


def test_a_text_is_rendered_in_every_way_in_which_an_answer_cuts_it(make):
    """Where an answer begins with it, its first piece ends at the comma; behind another text it does not."""
    begins, follows = PieceCutter(), PieceCutter()
    greeting = [*follows.push("שלום."), *follows.finish()]
    asked = [*begins.push(LONG), *begins.finish(), *follows.push(LONG), *follows.finish()]
    wanted = {aloud for piece in asked for aloud in spoken_pieces(piece)}
    assert greeting == ["שלום."]
    assert len(wanted) == 3
    assert set(pieces_of([LONG])) == wanted
    one = make()
    assert one.render("", [LONG], answers=False) == {}
    assert all(kept(one, piece) for piece in wanted)


def test_numbers_are_rendered_as_they_are_said():
    assert "5" not in "".join(cut("המספר הוא 5."))


def test_a_line_that_answers_has_its_prompts_in_its_own_voice(make):
    one = make()
    prompts = [prompt.pointed for prompt in Prompts().all]
    one.render("", [], answers=False)
    assert not any(kept(one, text) for text in prompts)
    one.render("", [], answers=True)
    assert all(kept(one, text) for text in prompts)


def test_a_save_does_not_wait_and_what_failed_is_remembered_until_it_succeeds(make, monkeypatch, caplog):
    begun = []

    class Thread:
        def __init__(self, name, work, once):
            self.start = lambda: begun.append(work)

    monkeypatch.setattr(rendering.background, "thread", Thread)
    one = make(error=VoiceError("voice_quota", "no more"))
    one.begin(7, "toy:he", ["קודם"], answers=False)
    one.begin(7, "toy:he", ["שלום"], answers=False)
    one.begin(8, "", ["להתראות"], answers=False)
    assert len(begun) == 1
    assert one.failed(7) == {}
    with caplog.at_level(logging.WARNING):
        begun.pop()()
    assert {text: error.code for text, error in one.failed(7).items()} == {"שלום": "voice_quota"}
    assert "phrases_not_rendered: voice_quota: 1 phrases of toy:he" in caplog.text
    assert "שלום" not in caplog.text
    one._voices = make()._voices
    one.begin(7, "toy:he", ["שלום"], answers=False)
    begun.pop()()
    assert (one.failed(7), list(one.failed(8))) == ({}, ["להתראות"])


def test_a_save_after_work_that_raised_begins_again(make, monkeypatch):
    started = []
    monkeypatch.setattr(
        rendering.background, "thread", lambda *_, **__: type("T", (), {"start": lambda self: started.append(1)})()
    )
    one = make()
    monkeypatch.setattr(one, "render", lambda *_, **__: 1 / 0)
    one.begin(1, "", ["א"], answers=False)
    with pytest.raises(ZeroDivisionError):
        one.work()
    one.begin(1, "", ["א"], answers=False)
    assert len(started) == 2


def test_a_person_hears_what_a_caller_would(make):
    one = make()
    assert len(one.sound("", "שלום. תודה!")) == 8 * LETTER_BYTES
    assert kept(one, "שלום.")


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("א" * 2001, "", "text_too_long"),
        ("…", "", "text_unspeakable"),
        ("שלום", "nobody:he", "voice_raised"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_code(make, text, voice, code):
    with pytest.raises((HearingRefused, VoiceError)) as refused:
        make().sound(voice, text)
    assert refused.value.code == code


def test_hearing_is_bounded_in_time_and_number(make, monkeypatch):
    monkeypatch.setattr(rendering, "MOST_S", 0.01)
    one = make(first_ms=1000)
    with pytest.raises(VoiceError, match="within"):
        one.sound("", "שלום")
    for _ in range(rendering.AT_ONCE):
        one._hearing.acquire()
    with pytest.raises(HearingRefused) as refused:
        one.sound("", "שלום")
    assert refused.value.code == "voice_busy"


def test_a_process_without_a_voice_says_what_is_missing(tmp_path):
    class Away(ToyVoices):
        def unusable(self):
            return "It is not installed."

    one = PhraseRendering(Voices([Away()], PhraseCache(tmp_path, 1), Prompts()))
    with pytest.raises(VoiceError, match=r"No voice can be used here. toy: It is not installed."):
        one.sound("", "שלום")
    assert [error.code for error in one.render("", ["שלום"], answers=False).values()] == ["voice_raised"]
