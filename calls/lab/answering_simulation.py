"""Simulates a caller who is answered, in virtual time: who speaks when.

The parts are the product's (calls/lab/virtual_call.py), its endpointer with them. Emulated are the recogniser's timing
(calls/lab/virtual_recognition.py), the time that an answer takes (calls/lab/emulated_answers.py), and Twilio
(calls/lab/playout.py).
"""

from __future__ import annotations

import asyncio
from typing import cast

from calls.core.agent_turns import AgentTurn
from calls.core.session import CallSession
from calls.lab.answered_scene import AnsweredScene, AnsweringSetup, SoundedAnswer
from calls.lab.emulated_answers import EmulatedResponder, EmulatedVoice
from calls.lab.floor_scenes import Scene
from calls.lab.virtual_call import CALL_SID, VirtualCall
from calls.lab.virtual_recognition import VirtualRecognition
from calls.lab.virtual_time import run_virtually
from calls.reply.answerer import Answerer
from calls.reply.conversation import Conversation
from calls.reply.items import Expect
from calls.reply.line_voice import LineVoice
from calls.reply.turn_model import HEARD_S
from stt.audio import FRAME_MS, frames_of
from stt.emulator.recordings import Library

AFTER_ANSWER_MS = 400
"""The call goes on for so long behind the answer to its last words."""
CUE_TAKES_MS = 60
"""From the question to the model's answer; emulated."""


def simulate_answering(scene: Scene, setup: AnsweringSetup) -> AnsweredScene:
    """One call of this scene, on a loop of its own."""

    async def whole() -> AnsweredScene:
        return await SimulatedCaller(scene, setup).play()

    return run_virtually(whole())


class SimulatedCaller(VirtualCall):
    """A scene's caller."""

    def __init__(self, scene: Scene, setup: AnsweringSetup) -> None:
        self.scene, self.setup = scene, setup
        self.result = AnsweredScene(scene)
        self._numbers: set[int] = set()
        library = Library(())
        library.add(scene.clip)
        expect = scene.expect if setup.reads_text else Expect()
        voice = cast(LineVoice, EmulatedVoice(setup.times))
        super().__init__(
            CallSession(CALL_SID, setup.tuning),
            VirtualRecognition(library, setup.timing, f"{setup.seed}/{scene.name}"),
            Answerer(EmulatedResponder(setup.times, expect), voice, setup.tuning),
            Conversation(expected=expect),
        )

    async def play(self) -> AnsweredScene:
        """One frame each 20 ms, until the last words are answered."""
        self.ring()
        for index, frame in enumerate(frames_of(self.scene.clip.ulaw)):
            await self.until_frame(index)
            self.hear(index, frame)
            last = self.result.last
            if last is not None and index * FRAME_MS > last.at_ms + AFTER_ANSWER_MS:
                break
        await self.hang_up()
        return self.result

    def answered(self, turn: AgentTurn) -> None:
        """Its first revision is saved with its first frame. What the line says by itself answers nobody."""
        times = turn.times
        if turn.number not in self._numbers and times.floor_ms is not None and times.total_ms is not None:
            self._numbers.add(turn.number)
            self.result.answers.append(SoundedAnswer(self.now_ms, times.floor_rule, times.floor_ms, times.total_ms))

    async def finished_probability(self) -> float | None:
        if self.setup.cue is None:
            return await super().finished_probability()
        newest = self.driver.session.audio.recent(1000 * HEARD_S)
        probability = self.setup.cue(newest, self.scene.pause_ms(self.now_ms))
        await asyncio.sleep(CUE_TAKES_MS / 1000)
        return probability
