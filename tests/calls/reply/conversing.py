"""A conversation in virtual time: a real agent, a scripted caller, a faithful Twilio, a toy responder and voice."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace

from calls.core.status import CallerActivity, VoicedRun
from calls.core.turns import Source, Turn
from calls.lab.playout import Playout, TwilioHabits
from calls.lab.server_messages import ServerClear, ServerMark, read_server_message
from calls.reply.agent import Agent
from calls.reply.answerer import Answerer
from calls.reply.hands import AgentCall
from calls.reply.items import Say
from calls.reply.orders import SupervisorOrder
from calls.reply.settings import AnswerPrices, AnswerSettings
from calls.reply.voice import VoiceError
from stt.audio import BYTES_PER_MS, FRAME_MS
from stt.tuning import Tuning
from tests.virtual import VirtualLoop

MS_PER_CHARACTER = 60
HANGOVER_MS = 220


@dataclass(frozen=True)
class ToyPrompt:
    name: str
    text: str
    ulaw: bytes
    voice: str = "recorded"


@dataclass
class ToyVoice:
    """Speaks 60 ms a character, the first chunk after ``first_ms``."""

    first_ms: float = 50
    fails: dict = field(default_factory=dict)
    """By piece: the code of its failure."""
    pause_ms: float = 0
    """Between chunks of 200 ms."""
    spoken: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    """Of what was spoken: may be kept on disk."""
    open: int = 0
    voice: str = "toy"
    says_any_text: bool = True
    characters: int = 0
    cost: float = 0.0

    @contextlib.asynccontextmanager
    async def for_answer(self):
        self.open += 1
        self.characters = 0
        try:
            yield self
        finally:
            self.open -= 1

    async def speak(self, text, cacheable=True, on_restart=lambda: None):
        await asyncio.sleep(self.first_ms / 1000)
        if text in self.fails:
            raise VoiceError(self.fails[text])
        self.spoken.append(text)
        self.kept += [text] * cacheable
        self.characters += len(text)
        left_ms = len(text) * MS_PER_CHARACTER
        while left_ms > 0:
            yield bytes(min(200, left_ms) * BYTES_PER_MS)
            left_ms -= 200
            await asyncio.sleep(self.pause_ms / 1000)

    async def prompt(self, name):
        if name not in ("apology", "repeat", "goodbye", "hours"):
            raise VoiceError("voice_raised", name)
        return ToyPrompt(name, f"[{name}]", bytes(500 * BYTES_PER_MS))

    async def fillers(self):
        return tuple(ToyPrompt(f"filler_{n}", f"[filler {n}]", bytes(400 * BYTES_PER_MS)) for n in (1, 2, 3))


class ToyResponder:
    """Answers by a function of the question; every item may be a number: ms to wait."""

    name = "toy"
    tokens = 0

    def __init__(self, answers=None):
        self.answers = answers or (lambda call, question, said: [Say(f"שמעתי: {question}")] * bool(question))
        self.asked, self.told_revised, self.heard, self.open = [], [], [], 0

    async def answer(self, call, turns, said):
        question = " ".join(turn.heard_text for turn in turns)
        self.asked.append((call.occasion.value, question))
        self.open += 1
        try:
            for item in self.answers(call, question, said):
                if isinstance(item, int | float):
                    await asyncio.sleep(item / 1000)
                elif isinstance(item, Exception):
                    raise item
                else:
                    yield item
        finally:
            self.open -= 1

    async def revised(self, turn, old, new):
        self.told_revised.append((old, new))

    async def interrupted(self, heard):
        self.heard.append(heard)


class VirtualConversation:
    """What LiveCall does for an agent, with a caller who is told what to do."""

    def __init__(self, responder=None, voice=None, settings=None, habits=None, tuning=None, **agent):
        self.loop = asyncio.get_running_loop()
        self.responder, self.voice = responder or ToyResponder(), voice or ToyVoice()
        self.playout = Playout(habits or TwilioHabits())
        self.settings = settings or AnswerSettings(responder="toy")
        call = {"greets": True, "opens": True} | agent
        conversation = call.pop("conversation", None)
        prices = call.pop("prices", AnswerPrices())
        self.call = AgentCall("CA1", "MZ1", "+972500000000", "+97230000000", self.settings, 5001, **call)
        self.tuning = tuning or Tuning()
        self.agent = Agent(
            self.call,
            Answerer(self.responder, self.voice, self.tuning, prices=prices),
            self,
            lambda: self.now_ms,
            conversation,
        )
        self.saved, self.codes, self.details, self.kept, self.recorded, self.ended = {}, [], [], [], [], ""
        self.answered_turns, self.transfers, self.sent = {}, [], []
        self.resumes, self.unsaid, self.ended_answers = [], [], []
        self.ended_activity, self.number = CallerActivity(), 0
        self.voiced_from_ms = None
        """Of a caller who speaks, until the hangover has passed."""
        self.run = None
        """Of one who has just stopped."""
        self.own_sound, self.cleared_ms = [], []
        self.timer = None
        self.looks, self.main = 0, asyncio.current_task()
        self.running = self.loop.create_task(self.agent.run())

    @property
    def now_ms(self):
        return self.loop.time() * 1000

    # The agent's hands

    async def send(self, message):
        self._received(message)
        self._give_marks_back()

    def _received(self, message):
        said, fault = read_server_message(message, "MZ1")
        assert fault is None
        self.playout.receive(said, self._samples)
        if isinstance(said, ServerMark):
            self.sent.append(("mark", int(said.name[1:].split(".")[0])))
        elif isinstance(said, ServerClear):
            self.sent.append(("clear", 0))

    def ready(self, piece):
        self.loop.call_soon(self._told, self.agent.piece_ready, piece)

    def wake(self):
        self.loop.call_soon(self._look)

    def media_ms(self, now_ms):
        return round(now_ms)

    def save(self, turn, *, playing):
        assert turn.number not in self.saved or self.saved[turn.number].revision < turn.revision
        self.saved[turn.number] = turn

    def resumed(self, turn, stream_sid):
        self.resumes.append((turn.number, turn.heard.text, stream_sid))

    def answered(self, number, total_ms):
        self.answered_turns[number] = total_ms

    def answer_ended(self, code):
        self.ended_answers.append(code)

    def note(self, code, detail=""):
        self.codes.append(code)
        self.details.append(detail)

    def not_said(self, ask):
        self.unsaid.append(ask)

    def keep(self, note):
        self.kept.append((note.key, note.value))

    def played(self, at_ms, ulaw):
        self.recorded.append((at_ms, ulaw))

    def plays(self, begins_ms, ulaw, words):
        self.own_sound.append((begins_ms, ulaw, words))

    def cleared(self, now_ms):
        self.cleared_ms.append(now_ms)

    def hang_up(self, reason):
        self.ended = self.ended or reason

    async def transfer(self, person):
        self.transfers.append(person)
        await asyncio.sleep(0.1)
        return "" if person in self.settings.people else "no_such_person"

    async def finished_probability(self):
        return None

    # The caller

    async def listen(self, ms):
        """Says nothing for so long."""
        await asyncio.sleep(ms / 1000)

    async def says(self, text, ms=800, words_after_ms=300, partials=(), *, echo=False):
        """Speaks for ``ms``; the turn is there ``words_after_ms`` after the last voiced frame, or later. ``partials``:
        pairs of ms since its first voiced frame, and the words so far."""
        self.number += 1
        number, began_ms = self.number, self.now_ms
        self.begins_to_speak()
        for at_ms, words in partials:
            self.loop.call_at((began_ms + at_ms) / 1000, self._partial, number, words)
        await asyncio.sleep(ms / 1000)
        voiced_ms = self.now_ms
        self.run = VoicedRun(began_ms, voiced_ms, ms)
        await asyncio.sleep(HANGOVER_MS / 1000)
        self.ended_activity, self.voiced_from_ms = CallerActivity(False, voiced_ms, number, self.run), None
        self._look()
        await asyncio.sleep(max(0, words_after_ms - HANGOVER_MS) / 1000)
        source = Source.FINAL if text else Source.NONE
        turn = Turn(number, round(voiced_ms - ms), round(voiced_ms), text, source, echo=echo)
        self._told(self.agent.accepted, turn, self.now_ms)
        return turn

    def begins_to_speak(self):
        """And is not heard to stop."""
        self.voiced_from_ms, self.run = self.now_ms, None
        self._look()

    async def makes_a_sound(self, ms):
        """Voiced frames in which no speech is found."""
        from_ms = self.now_ms
        for voiced_ms in range(20, ms + 1, 20):
            self.ended_activity = replace(self.ended_activity, run=VoicedRun(from_ms, self.now_ms, voiced_ms))
            await asyncio.sleep(0.02)

    def revise(self, turn, text, *, echo=False):
        self._told(self.agent.revised, replace(turn.revised(text), echo=echo), turn.heard_text, self.now_ms)

    async def hang_up_and_wait(self):
        self.playout.end(self._samples)
        self.agent.stop(self.now_ms)
        await asyncio.wait_for(self.running, 30)
        if self.timer is not None:
            self.timer.cancel()
        assert (self.voice.open, self.responder.open) == (0, 0)
        assert len(asyncio.all_tasks()) == 1
        return self

    @property
    def answers(self):
        """Each agent's turn: text, heard text, outcome."""
        return [(one.text, one.heard.text, one.heard.outcome.value) for _, one in sorted(self.saved.items())]

    # A supervisor

    def supervise(self, order, text="", by="dana", *, says_rest=False):
        given = SupervisorOrder("CA1", order, by, text, ask=text, says_rest=says_rest)
        code = self.agent.supervise(given, self.now_ms)
        self._look()
        return code

    # Around them

    @property
    def _samples(self):
        return round(self.now_ms * BYTES_PER_MS)

    @property
    def activity(self):
        began_ms = self.voiced_from_ms
        if began_ms is None:
            return self.ended_activity
        # Each frame of it is voiced.
        so_far_ms = round(self.now_ms - began_ms) // FRAME_MS * FRAME_MS
        run = self.run or VoicedRun(began_ms, self.now_ms, so_far_ms)
        return replace(self.ended_activity, speaking=True, run=run)

    def _partial(self, number, words):
        self._told(self.agent.words, number, words, self.now_ms)

    def _told(self, what, *about):
        what(*about)
        self._look()

    def _look(self):
        if self.running.done():
            return
        self.looks += 1
        if self.looks > 1000 + self.now_ms / 10:
            # It looks again and again, and nothing has changed.
            self.main.cancel()
            return
        self.agent.caller_is(self.activity, self.now_ms)
        self.agent.tick(self.now_ms)
        if self.timer is not None:
            self.timer.cancel()
        deadline_ms = self.agent.next_deadline_ms(self.now_ms)
        if deadline_ms is not None:
            self.timer = self.loop.call_at(max(self.loop.time(), deadline_ms / 1000 + 1e-6), self._look)

    def _give_marks_back(self):
        self.playout.advance(self._samples)
        for name in self.playout.due_marks(self._samples):
            self._told(self.agent.mark, name, self.now_ms)
        next_samples = self.playout.next_samples
        if next_samples is not None:
            self.loop.call_at(next_samples / BYTES_PER_MS / 1000 + 1e-4, self._give_marks_back)


def conversation(steps, **options):
    """Runs ``await steps(call)`` and hangs up; returns the call."""

    async def whole():
        call = VirtualConversation(**options)
        await asyncio.sleep(0)
        await steps(call)
        return await call.hang_up_and_wait()

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(whole())
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
