"""Preparation: one answer on its way, from the responder's words to their sound.

It begins as soon as there is something to answer, and is held back until the line has the floor: withdrawn before its
first sound it leaves nothing behind. Two tasks of its own, both ended with it: one reads the responder, one speaks its
pieces, so that neither waits for the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from calls.core.agent_turns import CUT_OFF
from calls.core.turns import Turn
from calls.reply.answer_steps import AnswerSteps
from calls.reply.answerer import Answerer
from calls.reply.items import Act, ActOutcome, ActStatus, CallEnd, Expect, Item, PlayRecording, PlayTones, Say, Wait
from calls.reply.pieces import PieceCutter
from calls.reply.responder import Exchange, Occasion, ReplyCall, ResponderError
from calls.reply.responder_items import closing
from calls.reply.speakable import phrase_pieces, spoken_pieces
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.tones import tones
from calls.reply.unsaid import Unsaid
from calls.reply.voice import VoiceError
from voiceapp.runtime import metrics
from voiceapp.runtime.coded_error import CodedError

if TYPE_CHECKING:
    from calls.reply.line_voice import SpeakingAnswer

logger = logging.getLogger(__name__)

MAX_WAITING_PIECES = 8
"""Pieces that wait for the voice: beyond it the responder is not read."""
APOLOGY = "apology"
"""The recorded prompt that is said where an answer fails."""
WITHOUT_WORDS = {Occasion.SILENCE: "repeat", Occasion.GOODBYE: "goodbye", Occasion.TRANSFER_FAILED: APOLOGY}
"""The recorded prompt for what the line says by itself, where the responder has no words for it."""


class Preparation:
    """One answer. Everything on the call's loop."""

    def __init__(
        self,
        answerer: Answerer,
        call: ReplyCall,
        turns: Sequence[Turn],
        said: Sequence[Exchange],
        *,
        begins_with: Sequence[Unsaid | Expect] = (),
        asks: bool = True,
        deliver: Callable[[SpokenPiece], None],
        wake: Callable[[], None],
        now_ms: Callable[[], float],
    ) -> None:
        """``begins_with`` is said before what the responder says, if it is asked at all (``asks``). ``deliver`` is told
        of each piece when its first sound is there, ``wake`` of anything else that is new."""
        self.call, self.turns = call, tuple(turns)
        self._begins_with, self._asks = begins_with, asks
        self.steps = AnswerSteps(deliver, now_ms)
        self.expect: Expect | None = None
        self.waits = False
        """The responder says that the caller has not finished."""
        self.is_read = self.done = False  # the responder has said all; all of it is spoken
        self.code = self.detail = ""
        """What went wrong, and more of it for people; empty when nothing did."""
        self.failed = False
        """The caller hears an apology for it."""
        self.voice = ""
        self.characters = self.tokens = 0
        self.cost = 0.0
        """Of both."""
        self._answerer, self._said = answerer, tuple(said)
        self._wake, self._now_ms = wake, now_ms
        self._cutter = PieceCutter()
        self._saying = Say("")
        """What the words that are not cut yet came with."""
        self._meant = False
        """There are words to be said, whether or not they can be spoken."""
        self._pieces: asyncio.Queue[tuple[SpokenPiece, Sequence[str], bool] | None] = asyncio.Queue(MAX_WAITING_PIECES)

    @property
    def text(self) -> str:
        """What is said, and behind it what a voice that failed left unsaid."""
        return self.steps.text

    @property
    def first_sound_ms(self) -> float | None:
        """The instant at which its first sound was there."""
        return self.steps.first_sound_ms

    async def run(self) -> None:
        """Until everything is spoken. Raises nothing but CancelledError: what fails is ``code``, and an apology."""
        tokens = self._answerer.responder.tokens
        try:
            async with self._answerer.voice.for_answer() as speaking:
                await self._run(speaking)
            await self._fill_in_words()
        except CodedError as error:
            if self.call.occasion is Occasion.SUPERVISOR:
                # The caller has asked nothing: nothing is missing.
                self.code, self.detail, self.failed = error.code, error.detail, True
            else:
                await self._apologise(error.code, error.detail)
        finally:
            self.tokens = self._answerer.responder.tokens - tokens
            self.cost += self.tokens * self._answerer.prices.tokens / 1e6
            self._end()

    async def only_apologise(self, code: str) -> None:
        """Instead of ``run``: the responder is not asked, for this reason."""
        try:
            await self._apologise(code)
        finally:
            self._end()

    async def _apologise(self, code: str, detail: str = "") -> None:
        """Say the recorded apology in place of what is missing; not where whole sentences were said."""
        self.code, self.detail = code, detail
        self.failed = code != CUT_OFF or not self.text
        logger.warning("call %s: an answer failed: %s %s", self.call.call_sid, code, detail)
        if self.failed:
            await self._play_prompt(APOLOGY)

    def _end(self) -> None:
        self.steps.end()
        self.done = True
        self._wake()

    async def _run(self, speaking: SpeakingAnswer) -> None:
        reading = asyncio.create_task(self._read(), name="responder")
        try:
            await self._speak_all(speaking, reading)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            self.voice, self.characters = speaking.voice, speaking.characters
            price = self._answerer.prices.characters
            self.cost = speaking.cost if price is None else speaking.characters * price / 1e6
        if not reading.cancelled() and (failed := reading.exception()) is not None:
            raise failed

    # The responder

    async def _read(self) -> None:
        """Take its items. Raises ResponderError."""
        tuning = self._answerer.tuning
        try:
            for first in self._begins_with:
                await self._begin_with(first)
            if self._asks:
                async with asyncio.timeout(tuning.responder_total_ms / 1000):
                    items = self._answerer.responder.answer(self.call, self.turns, self._said)
                    async with closing(items):
                        while (item := await self._next(items)) is not None:
                            await self._take(item)
            await self._cut(self._cutter.finish(), self._saying)
            self.is_read = True
        except TimeoutError as error:
            raise ResponderError("responder_slow", "The responder kept the caller waiting.") from error
        except CodedError as error:
            if error.code == CUT_OFF:
                await self._cut(self._cutter.cut_off(), self._saying)
            raise
        except Exception as error:
            # The wall: a responder is anybody's code, and the call goes on with an apology.
            metrics.RESPONDER_ERRORS.inc()
            logger.exception("call %s: a responder raised", self.call.call_sid)
            raise ResponderError("responder_raised", type(error).__name__) from error
        finally:
            with contextlib.suppress(asyncio.QueueFull):
                self._pieces.put_nowait(None)

    async def _next(self, items: AsyncIterator[Item]) -> Item | None:
        """Raises TimeoutError when nothing comes for as long as the first words may take."""
        async with asyncio.timeout(self._answerer.tuning.responder_first_ms / 1000):
            return await anext(items, None)

    async def _begin_with(self, item: Unsaid | Expect) -> None:
        """Of acts of sound the sound stands there already."""
        if isinstance(item, Say | Expect):
            await self._take(item)
        elif isinstance(item, SpokenPiece):
            self.steps.play(item)
        else:
            self.steps.append(item)

    async def _take(self, item: Item) -> None:
        if isinstance(item, Say):
            await self._say(item)
        elif isinstance(item, Expect):
            self.expect = item
        elif isinstance(item, Wait):
            # Where nobody has spoken there is nothing to wait for.
            self.waits = self.call.occasion is Occasion.TURNS
            self._wake()
        else:
            await self._cut(self._cutter.finish(), self._saying)
            if isinstance(item, CallEnd):
                await self._fill_in_words()
            await self._act(item)

    async def _say(self, say: Say) -> None:
        self._saying, self._meant = say, self._meant or bool(say.text.strip())
        pieces = self._cutter.push(say.text)
        await self._cut(pieces if say.continues else [*pieces, *self._cutter.finish()], say)

    async def _cut(self, texts: Sequence[str], say: Say) -> None:
        for text in texts:
            aloud = phrase_pieces(text) if say.cacheable else spoken_pieces(text)
            if not aloud:
                continue
            piece = self.steps.begin(SpokenPiece(text, interruptible=say.interruptible))
            await self._pieces.put((piece, aloud, say.cacheable or self._answerer.keeps_callers_words))

    async def _act(self, act: Act) -> None:
        """Acts of sound are pieces like others, and done when those were heard; so are the others behind theirs."""
        if isinstance(act, PlayTones | PlayRecording):
            refused = await self._play_act(act)
            self.steps.append(ActOutcome(act, ActStatus.REFUSED, refused) if refused else act)
        else:
            self.steps.append(act)
        self._wake()

    async def _play_act(self, act: PlayTones | PlayRecording) -> str:
        """Its sound, once. Returns a stable code; empty when there is one."""
        if act.id and any(outcome.act.id == act.id for exchange in self._said for outcome in exchange.outcomes):
            return "act_twice"
        if isinstance(act, PlayRecording):
            return "act_unknown" if await self._play_prompt(act.name) else ""
        sound = tones(act.digits)
        if sound:
            self.steps.play(SpokenPiece.of("", sound))
        return "" if sound else "act_unknown"

    # The voice

    async def _speak_all(self, speaking: SpeakingAnswer, reading: asyncio.Task[None]) -> None:
        """Raises VoiceError; ResponderError where the caller would hear nothing for too long."""
        while not (reading.done() and self._pieces.empty()):
            try:
                patience_ms = self.steps.silent_from_ms + self._answerer.tuning.responder_first_ms - self._now_ms()
                async with asyncio.timeout(max(0.0, patience_ms) / 1000):
                    waiting = await self._pieces.get()
            except TimeoutError:
                for piece, aloud in self._words_so_far():
                    await self._speak(speaking, piece, aloud, self._answerer.keeps_callers_words)
                continue
            if waiting is None:
                return
            await self._speak(speaking, *waiting)

    def _words_so_far(self) -> list[tuple[SpokenPiece, list[str]]]:
        """A sentence that trickles is said as far as it has come. Raises ResponderError where there is no word."""
        texts = [text for text in self._cutter.words_so_far() if spoken_pieces(text)]
        if not texts:
            raise ResponderError("responder_slow", "The caller would have heard nothing for too long.")
        pieces = [self.steps.begin(SpokenPiece(text, interruptible=self._saying.interruptible)) for text in texts]
        return [(piece, spoken_pieces(piece.text)) for piece in pieces]

    async def _speak(self, speaking: SpeakingAnswer, piece: SpokenPiece, texts: Sequence[str], cacheable: bool) -> None:
        try:
            for text in texts:
                piece.begin_again_here()
                async for sound in speaking.speak(text, cacheable=cacheable, on_restart=piece.restart):
                    if not (ulaw := self.steps.onset.of(sound)):
                        continue
                    first = not piece.ulaw
                    piece.append(ulaw)
                    self.steps.lasts(ulaw)
                    self.steps.sounds(piece) if first else self._wake()
            piece.finish()
        finally:
            piece.finish(is_whole=False)
            self._wake()

    async def _fill_in_words(self) -> None:
        """Something is said where the line speaks by itself: before an end of the call, for it would cut it off.

        Raises ResponderError where words were to be said and none of them can be spoken.
        """
        if not self.text and self.call.occasion in WITHOUT_WORDS:
            self.code = await self._play_prompt(WITHOUT_WORDS[self.call.occasion])
            self.failed = bool(self.code)
        elif self._meant and not self.steps.pieces and not self.waits:
            raise ResponderError("responder_silent", "Nothing of the answer can be spoken.")

    async def _play_prompt(self, name: str) -> str:
        """A recorded sentence. Returns a stable code; empty when there is one of this name."""
        try:
            prompt = await self._answerer.voice.prompt(name)
        except VoiceError as error:
            return error.code
        self.steps.play(SpokenPiece.of(prompt.text, prompt.ulaw))
        return ""
