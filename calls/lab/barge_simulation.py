"""Simulates a line that is spoken over, in virtual time: what stops it, and what goes on.

The parts are the product's (calls/lab/virtual_call.py). Emulated are Twilio, the caller's phone
(calls/lab/echo_path.py), the recogniser (calls/lab/level_recognition.py) and a voice that has its sound ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import cast

from calls.core import actions as act
from calls.core.agent_turns import AgentTurn
from calls.core.echo_control import MakeCanceller
from calls.core.session import CallSession
from calls.core.turns import Turn
from calls.lab.barge_scenes import BargeScene, LineSpeech, speech_dbfs
from calls.lab.floor_scenes import quiet_line
from calls.lab.gsm import echo_path
from calls.lab.level_recognition import LevelRecognition, SoundingWord
from calls.lab.stereo import track
from calls.lab.virtual_call import CALL_SID, VirtualCall
from calls.lab.virtual_time import run_virtually
from calls.reply.answerer import Answerer
from calls.reply.items import Item, Say
from calls.reply.line_voice import LineVoice
from calls.reply.responder import Exchange, Occasion, ReplyCall
from calls.reply.voices.recorded import Prompt
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from stt.tuning import Tuning

FIRST_SOUND_MS = 5
"""The voice has its sound ready, as the phrase cache has."""
CHUNK_MS = 100
SNIPPET_BYTES = 50 * BYTES_PER_MS
"""A word is found in what was played by so much of its sound."""
TAKEN_WITHIN_MS = 500
AFTER_MS = 5000
"""The call goes on for so long behind the caller's words, or behind the answer where nobody speaks: resuming takes
1.2 s, and a reprompt comes after 7."""
LONGEST_MS = 20_000
"""A line that answers its own echo would not end."""


@dataclass(slots=True)
class BargeResult:
    """What became of a scene. Instants in ms of the call's time."""

    scene: BargeScene
    onset_ms: float | None = None
    """The caller's first word begins."""
    end_ms: float = 0.0
    """Their last one ends."""
    clears_ms: list[float] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    """Turns of the caller that were answered, by number."""
    turns: list[Turn] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    @property
    def clear_after_ms(self) -> float | None:
        """From the caller's onset to the ``clear``; None: none came while they spoke or TAKEN_WITHIN_MS behind it."""
        onset_ms = self.onset_ms
        if onset_ms is None:
            return None
        until_ms = self.end_ms + TAKEN_WITHIN_MS
        return next((at_ms - onset_ms for at_ms in self.clears_ms if onset_ms <= at_ms <= until_ms), None)

    @property
    def cut_itself(self) -> bool:
        """The line stopped although nobody had spoken."""
        return any(self.onset_ms is None or at_ms < self.onset_ms for at_ms in self.clears_ms)

    @property
    def resumed(self) -> bool:
        return "barge_in_resumed" in self.codes


def simulate_barge_in(
    scene: BargeScene, tuning: Tuning, seed: int = 1, make_canceller: MakeCanceller | None = None
) -> BargeResult:
    """One call of this scene, on a loop of its own. ``make_canceller``: None for the rule alone. Raises GsmMissing."""

    async def whole() -> BargeResult:
        return await BargeCall(scene, tuning, seed, make_canceller).play()

    return run_virtually(whole())


class SpokenSpeech:
    """In the place of a LineVoice, and of what it gives for an answer: the sound of the line's words."""

    voice, characters, cost = "emulated", 0, 0.0
    says_any_text = True

    def __init__(self, speech: LineSpeech) -> None:
        self._speech = speech

    @asynccontextmanager
    async def for_answer(self) -> AsyncIterator[SpokenSpeech]:
        yield self

    async def speak(
        self, text: str, cacheable: bool = True, on_restart: Callable[[], object] = lambda: None
    ) -> AsyncIterator[bytes]:
        await asyncio.sleep(FIRST_SOUND_MS / 1000)
        ulaw, step = self._speech.sound_of(text), CHUNK_MS * BYTES_PER_MS
        for at in range(0, len(ulaw), step):
            yield ulaw[at : at + step]

    async def prompt(self, name: str) -> Prompt:
        return Prompt(name, name, name, self._speech.clip.ulaw[:FRAME_BYTES])

    async def fillers(self) -> tuple[Prompt, ...]:
        return ()


class SpeakingResponder:
    """Says the whole of it when the call begins, and its first words to whatever the caller says."""

    name, tokens = "emulated", 0

    def __init__(self, speech: LineSpeech) -> None:
        self._words = speech.text.split()

    async def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        yield Say(" ".join(self._words if call.occasion is Occasion.OPENING else self._words[:2]))

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """The words do not matter to it."""

    async def interrupted(self, heard: str) -> None:
        """Nor this."""


class BargeCall(VirtualCall):
    """A scene's caller, and the phone that gives the line back."""

    def __init__(self, scene: BargeScene, tuning: Tuning, seed: int, make_canceller: MakeCanceller | None) -> None:
        self.scene, self.result = scene, BargeResult(scene)
        self._recognition = LevelRecognition(f"{seed}/{scene.name}")
        self._quiet = quiet_line(LONGEST_MS, Random(f"{seed}/{scene.name}/noise"))  # noqa: S311
        self._echo = echo_path(scene.echo) if scene.echo is not None else None
        self._said: tuple[int, bytes] | None = None
        """Where the caller's recording begins, in samples, and its sound."""
        self._echo_dbfs = speech_dbfs(scene.line.clip.ulaw) + (scene.echo.level_db if scene.echo is not None else 0.0)
        self._echoed: set[tuple[int, int]] = set()
        """Words that come back: which, and when."""
        speech = scene.line
        answerer = Answerer(SpeakingResponder(speech), cast(LineVoice, SpokenSpeech(speech)), tuning)
        session = CallSession(CALL_SID, tuning, make_canceller=make_canceller)
        super().__init__(session, self._recognition, answerer, opens=True)

    async def play(self) -> BargeResult:
        """One frame each 20 ms, until nothing is to be expected any more."""
        self.ring()
        index = 0
        while index * FRAME_MS < min(self._until_ms, LONGEST_MS):
            await self.until_frame(index)
            self.line.playout.advance(index * FRAME_BYTES)
            self.hear(index, self._frame(index))
            index += 1
        await self.hang_up()
        self.result.clears_ms = [one.at_samples / BYTES_PER_MS for one in self.line.playout.clears]
        return self.result

    @property
    def _until_ms(self) -> float:
        answers = self.line.playout.answers
        ends_ms = answers[-1].ended_samples / BYTES_PER_MS if answers else LONGEST_MS
        if self.scene.caller is None:
            return ends_ms + AFTER_MS
        return ends_ms + AFTER_MS if self._said is None else self.result.end_ms + AFTER_MS

    def _frame(self, index: int) -> bytes:
        at = index * FRAME_BYTES
        near = self._near(at)
        if self._echo is None:
            return near
        begin = at - self._echo.echo.delay_samples
        self._find_echoed_words(begin)
        return self._echo.mix(near, self.line.playout.sound(begin, begin + FRAME_BYTES))

    def _near(self, at: int) -> bytes:
        """What the caller says from this sample on."""
        quiet = self._quiet[at : at + FRAME_BYTES]
        answers, caller = self.line.playout.answers, self.scene.caller
        if caller is None:
            return quiet
        if self._said is None and answers and at >= answers[0].began_samples + self.scene.begins_ms * BYTES_PER_MS:
            self._said = (at, caller.ulaw)
            at_ms, level = at // BYTES_PER_MS, speech_dbfs(caller.ulaw)
            self._recognition.sounds(
                SoundingWord(one.text, one.start_ms + at_ms, one.end_ms + at_ms, level) for one in caller.words
            )
            self.result.onset_ms = at_ms + caller.words[0].start_ms
            self.result.end_ms = at_ms + caller.words[-1].end_ms
        if self._said is None or at >= self._said[0] + len(caller.ulaw):
            return quiet
        return track([(0, quiet), (self._said[0] - at, self._said[1])], 0, FRAME_BYTES)

    def _find_echoed_words(self, begin: int) -> None:
        """Words of ours whose beginning comes back with this frame."""
        assert self._echo is not None  # noqa: S101 - only then
        clip, delay_ms = self.scene.line.clip, self._echo.echo.delay_ms
        sound = self.line.playout.sound(begin - SNIPPET_BYTES, begin + FRAME_BYTES)
        for number, word in enumerate(clip.words):
            snippet = clip.ulaw[word.start_ms * BYTES_PER_MS :][:SNIPPET_BYTES]
            at = sound.find(snippet)
            if at < 0:
                continue
            start_ms = round((begin - SNIPPET_BYTES + at) / SAMPLE_RATE_HZ * 1000) + delay_ms
            if (number, start_ms) not in self._echoed:
                self._echoed.add((number, start_ms))
                end_ms = start_ms + word.end_ms - word.start_ms
                self._recognition.sounds([SoundingWord(word.text, start_ms, end_ms, self._echo_dbfs)])

    # What is measured

    def feed(self, action: act.Feed) -> None:
        self._recognition.fed(action)
        super().feed(action)

    def accept(self, action: act.TurnAccepted) -> None:
        self.result.turns.append(action.turn)
        super().accept(action)

    def answered(self, turn: AgentTurn) -> None:
        if turn.answers is not None and turn.answers not in self.result.answered:
            self.result.answered.append(turn.answers)

    def noted(self, code: str) -> None:
        self.result.codes.append(code)

    def note(self, action: act.Note) -> None:
        self.result.codes.append(action.code)
