"""What no voice needs to do itself: bounds, codes, letting go."""

import asyncio
from contextlib import aclosing

import pytest

from calls.reply.voice import VoiceError
from calls.reply.voices.guarded import guarded
from voiceapp.runtime import metrics


class Scripted:
    """Says chunks, raises exceptions, waits for None."""

    def __init__(self, *script):
        self.script = script
        self.closed = 0

    async def speak(self, text):
        try:
            for one in self.script:
                if one is None:
                    await asyncio.Event().wait()
                elif isinstance(one, BaseException):
                    raise one
                yield one
        finally:
            self.closed += 1


def heard(voice, text="שלום"):
    """The chunks, and the code of how it ended."""
    chunks = []

    async def scenario():
        try:
            async for chunk in guarded(voice, text, first_s=0.05, next_s=0.05):
                chunks.append(chunk)
        except VoiceError as error:
            return error.code
        return ""

    return chunks, asyncio.run(scenario())


def counted(code):
    return metrics.VOICE_ERRORS.labels(code)._value.get()


@pytest.mark.parametrize(
    ("script", "chunks", "code"),
    [
        ([b"a", b"", b"b"], [b"a", b"b"], ""),
        ([], [], "voice_empty"),
        ([b"", b""], [], "voice_empty"),
        ([None], [], "voice_slow"),
        ([b"a", None], [b"a"], "voice_slow"),
        ([b"a", VoiceError("voice_quota")], [b"a"], "voice_quota"),
        ([KeyError("x")], [], "voice_raised"),
        ([TimeoutError("the vendor's own")], [], "voice_raised"),
        ([b"a", OSError("gone")], [b"a"], "voice_raised"),
    ],
)
def test_whatever_a_voice_does_ends_with_sound_or_a_code(script, chunks, code):
    voice, before = Scripted(*script), counted(code) if code else 0
    assert heard(voice) == (chunks, code)
    assert voice.closed == 1
    assert not code or counted(code) == before + 1


def test_what_is_no_piece_reaches_no_voice():
    voice = Scripted(b"a")
    assert heard(voice, "...") == ([], "text_unspeakable")
    assert voice.closed == 0


def test_who_leaves_early_closes_the_voice():
    async def scenario(voice):
        async with aclosing(guarded(voice, "שלום")) as chunks:
            async for _ in chunks:
                break
        return voice.closed

    assert asyncio.run(scenario(Scripted(b"a", b"b"))) == 1


def test_a_cancellation_is_no_error_of_the_voice():
    async def scenario(voice):
        task = asyncio.ensure_future(anext(guarded(voice, "שלום")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return voice.closed

    before = counted("voice_raised")
    assert asyncio.run(scenario(Scripted(None))) == 1
    assert counted("voice_raised") == before
