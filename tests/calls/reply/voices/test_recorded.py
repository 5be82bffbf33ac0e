"""Recordings are there whatever else is not."""

import asyncio

import pytest

from calls.reply.voice import VoiceError
from calls.reply.voices.guarded import guarded
from calls.reply.voices.pieces import without_points
from calls.reply.voices.pointing import unpointed_words
from calls.reply.voices.recorded import SHIPPED, Prompts, RecordedVoice
from stt.audio import dbfs, duration_ms, ulaw_to_pcm


def said(voice, text):
    async def scenario():
        async with voice.for_answer() as speaking:
            return b"".join([chunk async for chunk in guarded(speaking, text)])

    return asyncio.run(scenario())


def test_the_product_comes_with_what_must_always_be_there():
    prompts = Prompts()
    assert {"apology", "repeat", "goodbye", "greeting"} <= {prompt.name for prompt in prompts.all}
    assert len(prompts.fillers) >= 3
    for prompt in prompts.all:
        assert 400 <= duration_ms(prompt.ulaw) <= 6000
        assert -30 < dbfs(ulaw_to_pcm(prompt.ulaw)) < -12


def test_fillers_are_short():
    assert max(duration_ms(prompt.ulaw) for prompt in Prompts().fillers) <= 2000


def test_each_is_written_with_points_and_without():
    for prompt in Prompts().all:
        assert unpointed_words(prompt.pointed) == []
        assert without_points(prompt.pointed) == prompt.text == without_points(prompt.text)


def test_every_recording_is_in_the_index():
    assert {path.stem for path in SHIPPED.glob("*.wav")} == {prompt.name for prompt in Prompts().all}


def test_a_recording_is_found_by_its_words_however_they_are_pointed():
    prompts = Prompts()
    goodbye = prompts.named("goodbye")
    for text in (goodbye.text, goodbye.pointed, f"  {goodbye.text}! ", goodbye.text.replace(" ", "  ")):
        assert said(RecordedVoice(prompts), text) == goodbye.ulaw


def test_other_words_are_not_guessed():
    with pytest.raises(VoiceError) as refused:
        said(RecordedVoice(Prompts()), "תודה רבה ולהתראות")
    assert refused.value.code == "text_unspeakable"


def test_a_name_that_is_none_is_told():
    with pytest.raises(VoiceError, match="no recording 'lunch' in prompts"):
        Prompts().named("lunch")


@pytest.mark.parametrize(
    "content", [None, "name\ttext\tpointed\ngone\tא\tאָ\n", "title\nx\n", b"name\ttext\tpointed\n\xff\t\t\n"]
)
def test_a_broken_folder_has_a_code(tmp_path, content):
    if content is not None:
        (tmp_path / "index.tsv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(VoiceError) as failed:
        Prompts(tmp_path).named("gone")
    assert failed.value.code == "voice_raised"
