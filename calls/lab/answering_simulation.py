"""Simulates a caller who is answered, in virtual time: who speaks when.

The parts are the product's: endpointer and CallSession, Transcriber, Agent with its floor and its playback, joined as
calls/live/live_call.py and calls/live/answering.py join them. Emulated are the recogniser's timing
(calls/lab/virtual_recognition.py), the time that an answer takes (calls/lab/emulated_answers.py), and Twilio
(calls/lab/playout.py). No sockets, no threads, no rows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import cast

from calls.core import actions as act
from calls.core.agent_turns import FIRST_AGENT_NUMBER, AgentTurn
from calls.core.driver import CallDriver, Hands
from calls.core.messages import Media, Start
from calls.core.session import CallSession
from calls.lab.answered_scene import AnsweredScene, AnsweringSetup, SoundedAnswer
from calls.lab.emulated_answers import EmulatedResponder, EmulatedVoice
from calls.lab.floor_scenes import Scene
from calls.lab.playout import Playout
from calls.lab.server_messages import read_server_message
from calls.lab.simulation import one_shot_of
from calls.lab.virtual_recognition import VirtualRecognition
from calls.lab.virtual_time import run_virtually
from calls.reply.agent import Agent
from calls.reply.answerer import Answerer
from calls.reply.conversation import Conversation
from calls.reply.floor import MODEL_LATE_MS
from calls.reply.hands import AgentCall
from calls.reply.items import Expect, NoteValue
from calls.reply.line_voice import LineVoice
from calls.reply.settings import AnswerSettings
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.turn_model import HEARD_S
from stt.audio import BYTES_PER_MS, FRAME_MS, frames_of
from stt.emulator.recordings import Library
from stt.engines.breaker import Breaker
from stt.events import Interim, RecognizerEvent
from stt.streaming.transcriber import Transcriber

CALL_SID, STREAM_SID = "CAsimulated", "MZsimulated"
AFTER_ANSWER_MS = 400
"""The call goes on for so long behind the answer to its last words."""
CUE_TAKES_MS = 60
"""From the question to the model's answer; emulated."""


def simulate_answering(scene: Scene, setup: AnsweringSetup) -> AnsweredScene:
    """One call of this scene, on a loop of its own."""

    async def whole() -> AnsweredScene:
        return await SimulatedCaller(scene, setup).play()

    return run_virtually(whole())


class SimulatedCaller(Hands):
    """A session's hands, and the pump; the agent's are _Line."""

    def __init__(self, scene: Scene, setup: AnsweringSetup) -> None:
        self.loop = asyncio.get_running_loop()
        self.scene, self.setup = scene, setup
        self.result = AnsweredScene(scene)
        library = Library(())
        library.add(scene.clip)
        self._recognition = VirtualRecognition(library, setup.timing, f"{setup.seed}/{scene.name}")
        tuning = setup.tuning
        self.driver = CallDriver(CallSession(CALL_SID, tuning), self, defer=self._put_off)
        self._transcriber = Transcriber(self._recognition.open_stream, tuning, self._heard, Breaker(Random(1)))  # noqa: S311
        self.agent = self._agent(scene.expect if setup.reads_text else Expect())
        self._waiting: deque[Callable[[], None]] = deque()
        self._interim: Interim | None = None
        self._pumping = False
        self._timer: asyncio.TimerHandle | None = None

    def _agent(self, expect: Expect) -> Agent:
        setup, call = (
            self.setup,
            AgentCall(CALL_SID, STREAM_SID, "", "", AnswerSettings(), FIRST_AGENT_NUMBER, greets=False, opens=False),
        )
        voice = cast(LineVoice, EmulatedVoice(setup.times))
        answerer = Answerer(EmulatedResponder(setup.times, expect), voice, setup.tuning)
        return Agent(call, answerer, _Line(self), lambda: self.now_ms, Conversation(expected=expect))

    @property
    def now_ms(self) -> float:
        return self.loop.time() * 1000

    async def play(self) -> AnsweredScene:
        """One frame each 20 ms, until the last words are answered."""
        answering = self.loop.create_task(self.agent.run())
        self._transcriber.start()
        self.driver.receive(Start(STREAM_SID, CALL_SID), self.now_ms)
        for index, frame in enumerate(frames_of(self.scene.clip.ulaw)):
            at_ms = index * FRAME_MS
            await asyncio.sleep(at_ms / 1000 - self.loop.time())
            self.driver.receive(Media(None, at_ms, frame), self.now_ms)
            last = self.result.last
            if last is not None and at_ms > last.at_ms + AFTER_ANSWER_MS:
                break
        self.agent.stop(self.now_ms)
        await answering
        self._transcriber.close()
        if self._timer is not None:
            self._timer.cancel()
        return self.result

    # The pump

    def put(self, work: Callable[[], None]) -> None:
        """To be done by the pump, in order."""
        self._waiting.append(work)
        if not self._pumping:
            self._pumping = True
            self.loop.call_soon(self._pump)

    def _pump(self) -> None:
        while self._waiting:
            self._waiting.popleft()()
            self._look()
        self._pumping = False

    def _look(self) -> None:
        """As LiveCall does after each item of its queue."""
        now_ms = self.now_ms
        self.agent.caller_is(self.driver.session.caller, now_ms)
        self.agent.tick(now_ms)
        deadlines = (self.driver.session.next_deadline_ms(now_ms), self.agent.next_deadline_ms(now_ms))
        next_ms = min((at_ms for at_ms in deadlines if at_ms is not None), default=None)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if next_ms is not None:
            self._timer = self.loop.call_at(max(self.loop.time(), next_ms / 1000 + 1e-6), self.put, self._tick)

    def _tick(self) -> None:
        self.driver.tick(self.now_ms)

    def _heard(self, event: RecognizerEvent) -> None:
        """Interims share one waiting slot."""
        if not isinstance(event, Interim):
            self._interim = None
            self.put(lambda: self._take(event))
            return
        waits, self._interim = self._interim is not None, event
        if not waits:
            self.put(self._take_interim)

    def _take_interim(self) -> None:
        event, self._interim = self._interim, None
        if event is not None:
            self._take(event)

    def _take(self, event: RecognizerEvent) -> None:
        self.driver.heard(event, self.now_ms)

    def _put_off(self, action: act.Action) -> None:
        self.put(lambda: self.driver.perform(action, self.now_ms))

    # The session's hands

    def feed(self, action: act.Feed) -> None:
        self._transcriber.feed(action.ulaw, action.at_ms)

    def wake(self, action: act.Wake) -> None:
        self.put(self._tick)

    def renew(self, action: act.RenewStream) -> None:
        self._transcriber.renew(action.at_ms, action.frames)

    def pause(self, action: act.PauseStream) -> None:
        self._transcriber.pause(action.at_ms)

    def resume(self, action: act.ResumeStream) -> None:
        self._transcriber.resume(action.frames, action.at_ms)

    def ask_one_shot(self, action: act.AskOneShot) -> None:
        recognition = self._recognition
        after_ms = recognition.random.uniform(*recognition.timing.recognize_ms)
        self.loop.call_later(after_ms / 1000, self._heard, one_shot_of(action, recognition.library))

    def accept(self, action: act.TurnAccepted) -> None:
        self.agent.caller_is(self.driver.session.caller, self.now_ms)
        self.agent.accepted(action.turn, self.now_ms)

    def revise(self, action: act.TurnRevised) -> None:
        self.agent.revised(action.turn, action.old, self.now_ms)

    def reach_mark(self, action: act.MarkReached) -> None:
        self.agent.mark(action.name, self.now_ms)


class _Line:
    """An agent's hands (calls/reply/hands.py): Twilio plays what it is sent and gives the marks back."""

    def __init__(self, caller: SimulatedCaller) -> None:
        self._caller = caller
        self._playout = Playout()
        self._numbers: set[int] = set()

    async def send(self, message: str) -> None:
        said, _ = read_server_message(message, STREAM_SID)
        if said is not None:
            self._playout.receive(said, self._samples)
        self._give_marks_back()

    @property
    def _samples(self) -> int:
        return round(self._caller.now_ms * BYTES_PER_MS)

    def _give_marks_back(self) -> None:
        caller, playout = self._caller, self._playout
        playout.advance(self._samples)
        for name in playout.due_marks(self._samples):
            caller.put(partial(caller.reach_mark, act.MarkReached(name)))
        if playout.next_samples is not None:
            caller.loop.call_at(playout.next_samples / BYTES_PER_MS / 1000 + 1e-4, self._give_marks_back)

    def ready(self, piece: SpokenPiece) -> None:
        self._caller.put(lambda: self._caller.agent.piece_ready(piece))

    def wake(self) -> None:
        self._caller.put(self._caller._tick)

    def media_ms(self, now_ms: float) -> int:
        return self._caller.driver.session.media_ms(now_ms)

    def save(self, turn: AgentTurn, *, playing: bool) -> None:
        """Its first revision is saved with its first frame. What the line says by itself answers nobody."""
        times = turn.times
        if turn.number not in self._numbers and times.floor_ms is not None and times.total_ms is not None:
            self._numbers.add(turn.number)
            answer = SoundedAnswer(self._caller.now_ms, times.floor_rule, times.floor_ms, times.total_ms)
            self._caller.result.answers.append(answer)

    def answered(self, number: int, total_ms: int) -> None: ...

    def note(self, code: str, detail: str = "") -> None: ...

    def keep(self, note: NoteValue) -> None: ...

    def played(self, at_ms: float, ulaw: bytes) -> None: ...

    def plays(self, begins_ms: float, ulaw: bytes, words: str) -> None:
        self._caller.driver.session.audio.plays(begins_ms, ulaw, words)

    def cleared(self, now_ms: float) -> None:
        self._caller.driver.session.audio.cleared(now_ms)

    def hang_up(self, reason: str) -> None: ...

    async def transfer(self, person: str) -> str:
        return "act_failed"

    async def finished_probability(self) -> float | None:
        caller = self._caller
        if caller.setup.cue is None:
            await asyncio.sleep(MODEL_LATE_MS / 1000)
            return None
        newest = caller.driver.session.audio.recent(1000 * HEARD_S)
        probability = caller.setup.cue(newest, caller.scene.pause_ms(caller.now_ms))
        await asyncio.sleep(CUE_TAKES_MS / 1000)
        return probability
