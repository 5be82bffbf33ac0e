"""A line speaks, whatever fails: its voice, its second one, then recordings; and the record says which."""

import asyncio
from random import Random

import pytest

from calls.reply.line_voice import LineVoice, Ranked
from calls.reply.phrases import PhraseCache
from calls.reply.voice import VoiceError
from calls.reply.voices.recorded import Prompts
from tests.calls.reply.voices.test_guarded import Scripted
from voiceapp.runtime.breaker import MAX_FAILURES, Breaker


class FakeVoice(Scripted):
    """A voice that says its script for every piece; ``script`` may be changed."""

    def __init__(self, name, *script, price=0.0):
        super().__init__(*script)
        self.name, self.price_per_million = name, price
        self.asked, self.entered, self.left = [], 0, 0
        self.was_asked = asyncio.Event()
        self.broken_door = self.broken_exit = None

    def for_answer(self):
        return self

    async def __aenter__(self):
        self.entered += 1
        if self.broken_door:
            raise self.broken_door
        return self

    async def __aexit__(self, *_):
        self.left += 1
        if self.broken_exit:
            raise self.broken_exit

    def speak(self, text):
        self.asked.append(text)
        self.was_asked.set()
        return super().speak(text)


class Rig:
    def __init__(self, folder, *voices):
        self.codes, self.details, self.restarts = [], [], 0
        self.phrases = PhraseCache(folder, 1)
        self.ranked = [Ranked(voice, Breaker(Random(1))) for voice in voices]
        self.line = LineVoice(self.ranked, self.phrases, Prompts(), self.note)

    def note(self, code, detail):
        self.codes.append(code)
        self.details.append(detail)

    def restarted(self):
        self.restarts += 1

    def say(self, *texts, cacheable=True):
        """One answer: the sound of each piece or its code; and the answer."""
        said = []

        async def scenario():
            async with asyncio.timeout(20), self.line.for_answer() as speaking:
                for text in texts:
                    try:
                        chunks = speaking.speak(text, cacheable, self.restarted)
                        said.append(b"|".join([chunk async for chunk in chunks]))
                    except VoiceError as error:
                        said.append(error.code)
                return speaking

        return said, asyncio.run(scenario())


QUOTA = VoiceError("voice_quota", "no more today")


def test_the_lines_own_voice_speaks_first(tmp_path):
    own, second = FakeVoice("a:1", b"own", price=30.0), FakeVoice("b:1", b"second")
    rig = Rig(tmp_path, own, second)
    said, speaking = rig.say("שלום")
    assert (said, rig.codes) == ([b"own"], [])
    assert (speaking.voice, speaking.characters, speaking.cost) == ("a:1", 4, pytest.approx(4 * 30 / 1_000_000))
    assert (own.entered, own.left, second.entered) == (1, 1, 0)
    assert rig.line.names == ("a:1", "b:1", "recorded")


def test_one_that_fails_hands_over_to_the_next_and_both_codes_are_noted(tmp_path):
    rig = Rig(tmp_path, FakeVoice("a:1", QUOTA, price=30.0), FakeVoice("b:1", b"second"))
    said, speaking = rig.say("שלום")
    assert (said, rig.codes, rig.restarts) == ([b"second"], ["voice_quota", "voice_fallback"], 0)
    assert (speaking.voice, speaking.characters, speaking.cost) == ("b:1", 4, 0.0)


def test_a_voice_that_failed_is_not_asked_again_in_this_answer_but_in_the_next(tmp_path):
    own, second = FakeVoice("a:1", QUOTA), FakeVoice("b:1", b"second")
    rig = Rig(tmp_path, own, second)
    assert rig.say("אחת", "שתיים", "שלוש")[0] == [b"second"] * 3
    assert (own.asked, rig.codes) == (["אחת"], ["voice_quota", "voice_fallback"])
    own.script = [b"own"]
    assert rig.say("ארבע")[0] == [b"own"]


def test_a_failure_in_mid_piece_begins_the_piece_anew_and_says_so(tmp_path):
    rig = Rig(tmp_path, FakeVoice("a:1", b"half", ConnectionError("cut")), FakeVoice("b:1", b"whole"))
    said, speaking = rig.say("שלום")
    assert (said, rig.restarts) == ([b"half|whole"], 1)
    assert rig.codes == ["voice_raised", "voice_fallback"]
    assert speaking.characters == 8


def test_recordings_stand_at_the_end(tmp_path):
    rig = Rig(tmp_path, FakeVoice("a:1", QUOTA))
    said, speaking = rig.say("תודה ולהתראות", "סכום אחר")
    assert said == [Prompts().named("goodbye").ulaw, "voice_quota"]
    assert (speaking.voice, speaking.characters) == ("recorded", 0)
    assert Rig(tmp_path).say("תודה ולהתראות", "סכום אחר")[0] == [Prompts().named("goodbye").ulaw, "voice_raised"]


def test_where_none_can_say_it_the_last_failure_is_raised(tmp_path):
    rig = Rig(tmp_path, FakeVoice("a:1", QUOTA), FakeVoice("b:1"))
    assert rig.say("שלום")[0] == ["voice_empty"]
    assert rig.codes == ["voice_quota", "voice_fallback", "voice_empty", "voice_fallback"]


def test_a_text_that_a_voice_cannot_say_is_no_failure_of_the_voice(tmp_path):
    own = FakeVoice("a:1", VoiceError("text_unspeakable", "שלום"))
    rig = Rig(tmp_path, own, FakeVoice("b:1", b"second"))
    assert rig.say("אחת", "שתיים")[0] == [b"second"] * 2
    assert own.asked == ["אחת", "שתיים"]
    assert rig.ranked[0].breaker.failures == 0


def test_a_refused_text_stands_neither_in_the_log_nor_on_the_record(tmp_path, caplog):
    rig = Rig(tmp_path, FakeVoice("a:1", VoiceError("text_unspeakable", "These words need points: סוד")))
    rig.say("סוד")
    assert rig.codes == ["text_unspeakable", "voice_fallback"]
    assert "סוד" not in caplog.text + "".join(rig.details)


def test_it_is_said_which_voice_failed_and_why(tmp_path):
    rig = Rig(tmp_path, FakeVoice("a:1", VoiceError("voice_quota", "Quota exceeded.")), FakeVoice("b:1", b"second"))
    rig.say("אחת")
    assert rig.details == ["a:1: Quota exceeded.", "a:1"]


def test_a_voice_that_fails_again_and_again_is_given_a_rest(tmp_path):
    own = FakeVoice("a:1", QUOTA)
    rig = Rig(tmp_path, own, FakeVoice("b:1", b"second"))
    for _ in range(MAX_FAILURES + 3):
        assert rig.say("שלום", cacheable=False)[0] == [b"second"]
    assert len(own.asked) == MAX_FAILURES


def test_a_phrase_is_synthesised_once_and_charged_once(tmp_path):
    own = FakeVoice("a:1", b"own", b" voice", price=30.0)
    rig = Rig(tmp_path, own)
    assert rig.say("שלום")[0] == [b"own| voice"]
    for other in (rig, Rig(tmp_path, own)):
        said, speaking = other.say("שלום")
        assert (said, speaking.characters, speaking.cached, speaking.voice) == ([b"own voice"], 0, 1, "a:1")
    assert own.asked == ["שלום"]


def test_a_callers_words_are_not_kept(tmp_path):
    own = FakeVoice("a:1", b"own")
    rig = Rig(tmp_path, own)
    rig.say("שלום", cacheable=False)
    assert list(tmp_path.rglob("*.ulaw")) == []
    rig.say("שלום", cacheable=False)
    assert own.asked == ["שלום"] * 2


def test_half_a_piece_is_not_kept(tmp_path):
    rig = Rig(tmp_path, FakeVoice("a:1", b"half", ConnectionError("cut")))
    rig.say("שלום")
    assert list(tmp_path.rglob("*.ulaw")) == []


def test_a_kept_phrase_is_said_while_its_voice_is_away(tmp_path):
    own = FakeVoice("a:1", b"own")
    rig = Rig(tmp_path, own)
    rig.say("שלום")
    own.script = [QUOTA]
    assert rig.say("אחר", "שלום")[0] == ["voice_quota", "voice_quota"]
    assert rig.say("שלום")[0] == [b"own"]


@pytest.mark.parametrize("where", ["door", "exit"])
def test_whatever_a_voice_raises_around_an_answer_has_a_code_and_breaks_no_call(tmp_path, where):
    own = FakeVoice("a:1", b"own")
    setattr(own, f"broken_{where}", KeyError("of the vendor"))
    rig = Rig(tmp_path, own, FakeVoice("b:1", b"second"))
    assert rig.say("שלום")[0] == [b"second" if where == "door" else b"own"]
    assert rig.codes == (["voice_raised", "voice_fallback"] if where == "door" else [])


def test_leaving_an_answer_gives_up_a_piece_that_was_read_by_half(tmp_path):
    own = FakeVoice("a:1", b"one", b"two")

    async def scenario():
        async with Rig(tmp_path, own).line.for_answer() as speaking:
            kept = speaking.speak("שלום")
            assert await anext(kept) == b"one"
            assert own.closed == 0
        return kept

    asyncio.run(scenario())
    assert (own.closed, own.left) == (1, 1)
    assert list(tmp_path.rglob("*.ulaw")) == []


@pytest.mark.parametrize("script", [(None,), (b"one", None)])
def test_a_cancelled_answer_lets_everything_go(tmp_path, script):
    own = FakeVoice("a:1", *script)

    async def answer():
        async with Rig(tmp_path, own).line.for_answer() as speaking:
            async for _ in speaking.speak("שלום"):
                pass

    async def scenario():
        task = asyncio.ensure_future(answer())
        await own.was_asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(asyncio.all_tasks())

    assert asyncio.run(scenario()) == 1
    assert (own.closed, own.left) == (1, 1)


def test_prompts_are_in_the_lines_own_voice_where_it_has_said_them(tmp_path):
    apology = Prompts().named("apology")
    rig = Rig(tmp_path, FakeVoice("a:1", b"own"))

    async def scenario():
        before = await rig.line.prompt("apology")
        await rig.phrases.put("a:1", apology.pointed, b"own apology")
        return before, await rig.line.prompt("apology"), await rig.line.fillers()

    before, after, fillers = asyncio.run(scenario())
    assert before == apology
    assert (after.voice, after.ulaw, after.text) == ("a:1", b"own apology", apology.text)
    assert fillers == Prompts().fillers
