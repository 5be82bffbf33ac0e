"""A long answer by the emulated model and the emulated voice, over real HTTP and gRPC, left in its middle."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from calls.core.turns import Source, Turn
from calls.lab.emulator.llm import LlmEmulator
from calls.lab.emulator.llm_faults import EmulatorHabits
from calls.lab.emulator.llm_script import LlmScript, ScriptedRule
from calls.lab.emulator.tts import TtsEmulator, TtsOptions
from calls.reply.answerer import Answerer
from calls.reply.language_models import LanguageModels
from calls.reply.line_voice import LineVoice, Ranked
from calls.reply.phrases import PhraseCache
from calls.reply.preparation import Preparation
from calls.reply.responder import Occasion, ReplyCall
from calls.reply.responders.llm import LlmResponder
from calls.reply.settings import AnswerSettings, ModelSettings
from calls.reply.voices.google import GoogleVoices
from calls.reply.voices.recorded import Prompts
from stt.tuning import Tuning
from voiceapp.runtime.breaker import Breaker

SENTENCES = " ".join(f"זה משפט מספר {n} בתשובה ארוכה מאוד." for n in range(60))
SETTINGS = AnswerSettings(responder="llm", model=ModelSettings("", "m", max_tokens=500))
PATIENT = Tuning(responder_first_ms=10000, responder_total_ms=60000)
"""A machine that does much else is slow to answer; it is no fault of the answer."""
QUESTION = Turn(1, 0, 100, "ספר לי", Source.FINAL)


@dataclass
class LeftAnswer:
    """What the emulators saw; ms since it was left, None where a stream had ended or never begun."""

    preparation: Preparation
    model_closed_ms: float | None
    model_finished: bool
    voice_closed_ms: float | None
    voices_open: int
    tokens_estimated: bool


class Services:
    """The emulators, and what the process asks them with."""

    def __init__(self, llm, tts, models, voices, phrases):
        self.llm, self.tts, self.models, self.voices, self.phrases = llm, tts, models, voices, phrases

    async def left_answer(self, *, steps=1, full=False, tuning=None):
        """An answer that is cancelled when so many pieces of it are there and one is just spoken; ``full``: when as
        many wait for the voice as may. ``tuning``: it is not cancelled, and ends by that."""
        loop = asyncio.get_running_loop()
        name = "he-IL-Chirp3-HD-Aoede"
        voice = LineVoice([Ranked(self.voices.voice(name), Breaker(Random(1)))], self.phrases, Prompts())
        responder = LlmResponder(SETTINGS, self.models)
        changed = asyncio.Event()
        answer = Preparation(
            Answerer(responder, voice, tuning or PATIENT),
            ReplyCall("CA1", "", "", Occasion.TURNS),
            [QUESTION],
            [],
            deliver=lambda piece: changed.set(),
            wake=changed.set,
            now_ms=lambda: loop.time() * 1000,
        )
        self.tts.given_up.clear()
        self.tts.given_up_at_s = None
        running = asyncio.create_task(answer.run())

        def is_to_be_left():
            speaking = any(piece.ulaw and not piece.complete for piece in answer.steps.pieces)
            return speaking and len(answer.steps) >= steps and (answer._pieces.full() or not full)

        while tuning is None and not is_to_be_left():
            assert not answer.done, f"over before it was left: {answer.code}"
            await changed.wait()
            changed.clear()
        left_s = loop.time()
        if tuning is None:
            running.cancel()
            await asyncio.wait([running])
            await self.tts.given_up.wait()
        await asyncio.wait([running])
        request = self.llm.requests[-1]
        await request.over.wait()

        def since(at_s):
            return None if at_s is None else (at_s - left_s) * 1000

        return LeftAnswer(
            answer,
            since(request.closed_by_client_at_s),
            request.finished,
            since(self.tts.given_up_at_s),
            self.tts.open,
            responder.tokens_estimated,
        )


@asynccontextmanager
async def services(folder, faults=None, speed=1.5):
    """``folder`` for the phrase cache; ``speed`` of the voice, in times its sound's own."""
    script = LlmScript([ScriptedRule("", SENTENCES)])
    habits = EmulatorHabits(piece_s=0.01)
    options = TtsOptions(first_chunk_ms=10, speed=speed)
    async with LlmEmulator(script, habits=habits) as llm, TtsEmulator(options, faults) as tts:
        models, voices = LanguageModels("k", llm.base_url), GoogleVoices(emulator=tts.address)
        try:
            yield Services(llm, tts, models, voices, PhraseCache(folder, 1))
        finally:
            await models.aclose()
            await voices.close()
