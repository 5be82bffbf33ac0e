"""LlmResponder: answers by a language model behind any OpenAI-compatible endpoint.

The words are given on as they stream; the model's tools are the acts. A model that called them wrongly, or has only
noted values, is told what came of its calls and asked on in the same answer. Nothing waits for long: the connection
1 s, a piece 2.5 s after the last (that counts words and tool calls, not a server's signs of life), the whole answer
15 s. The stream is closed wherever the answer is left: at its end, by an error, by cancellation, by ``aclose``. Whoever
iterates closes the iterator (``contextlib.aclosing``), as of every async generator.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from calls.core.agent_turns import CUT_OFF
from calls.core.turns import Turn
from calls.reply.items import Act, Item, NoteValue, Say, Wait
from calls.reply.language_models import LanguageModels
from calls.reply.responder import Exchange, Occasion, ReplyCall, ResponderError
from calls.reply.responders.llm_context import Message, messages_of, told_back
from calls.reply.responders.llm_pieces import ModelPiece
from calls.reply.responders.llm_tools import ToolCall, ToolCallFault, ToolCallPieces, Tools, act_id
from calls.reply.responders.model_waits import ModelWaits, Patience
from calls.reply.settings import AnswerSettings
from voiceapp.runtime import metrics

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

MOST_TOKENS = 500
MOST_NOTED = 2
"""So often in one answer a model that has only noted values is told so, and asked on: many call their tools first and
speak when they have the results."""
_CHARACTERS_PER_TOKEN = 8
"""Of what is read of an answer: English has four or five characters a token, Hebrew two or three, and a server may not
keep to the tokens that it was asked for."""
_CUTS = {
    "length": "The model's answer was longer than its most tokens.",
    "content_filter": "The model's server filtered its answer.",
}
"""Reasons of an end in mid-answer, and what is said of them."""
_UNSEEN_TOKENS = 10_000
"""The most that a server counts beside a token for each byte of messages and answer: tools, its own framing, thoughts
that it does not send. Who says more, or none at all, is not believed."""
_BYTES_PER_TOKEN = 4
"""Of an estimate: English has about four bytes a token, Hebrew about four of UTF-8 as well."""


class LlmResponder:
    """One call's. Besides its count of tokens it keeps nothing."""

    name = "llm"

    def __init__(
        self,
        settings: AnswerSettings,
        models: LanguageModels,
        waits: ModelWaits | None = None,
        recordings: Sequence[str] = (),
    ) -> None:
        """``recordings``: names that it may play."""
        self._settings = settings
        self._models = models
        self._waits = waits or ModelWaits()
        self._recordings = tuple(recordings)
        self._tokens = 0
        self._estimated = False

    @property
    def tokens(self) -> int:
        return self._tokens

    @property
    def tokens_estimated(self) -> bool:
        """Some of the tokens were not told by the server: it does not count, or the answer was left before its end."""
        return self._estimated

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """Nothing to do: the next answer's context has the new words."""

    async def interrupted(self, heard: str) -> None:
        """Nothing to do: the next answer's context has what was heard."""

    async def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        """Raises ResponderError: ``responder_slow``, ``responder_silent``, ``responder_raised``, ``act_unknown``,
        ``answer_cut_off``."""
        greeted = call.occasion is Occasion.OPENING and self._settings.greeting
        if greeted or (call.occasion is Occasion.TURNS and not any(turn.heard_text for turn in turns)):
            return
        tools = Tools.of(call, self._recordings)
        messages = messages_of(self._settings.model.prompt, call, turns, said)
        patience = Patience(self._waits)
        taken: list[Act] = []
        heard = corrected = False
        noted = 0
        while True:
            words, finish, calls = "", "", ToolCallPieces()
            async with aclosing(self._pieces(messages, tools, patience)) as pieces:
                async for piece in pieces:
                    piece.add_calls_to(calls)
                    words, finish = words + piece.words, piece.finish or finish
                    if piece.words:
                        yield Say(piece.words, cacheable=False, continues=True)
            if finish in _CUTS:
                # Its calls may be cut off as well.
                raise ResponderError(CUT_OFF, _CUTS[finish])
            items, faults = _read(tools, calls.calls, len(said) + 1, {act.id for act in taken})
            for item in items:
                if isinstance(item, Wait):
                    yield item
                elif not any(replace(one, id=item.id) == item for one in taken):
                    taken.append(item)
                    yield item
            heard = heard or bool(words.strip()) or not all(isinstance(item, NoteValue) for item in items)
            if any(faults):
                # Its words are a sentence, whatever comes of the calls: neither lost nor joined to what follows.
                yield Say("", cacheable=False)
                if corrected:
                    raise ResponderError("act_unknown", "The model called tools wrongly, and again when it was told.")
                corrected = True
            elif heard or (call.goes_on and not items):
                return  # what goes on may have been at its end
            elif not items or noted == MOST_NOTED:
                raise ResponderError("responder_silent", "The model said nothing.")
            else:
                noted += 1
            messages = [*messages, *told_back(words, calls.calls, faults)]
            patience.first()

    async def _pieces(
        self, messages: list[Message], tools: Tools, patience: Patience
    ) -> AsyncGenerator[ModelPiece, None]:
        """One request's words and tool calls; its tokens are counted however it ends."""
        asking = self._settings.model
        if not asking.model:
            raise ResponderError("responder_raised", "The line names no model.")
        if not self._models.configured:
            raise ResponderError("responder_raised", "Neither LLM_API_KEY nor LLM_BASE_URL is set.")
        client = await self._models.client()
        import httpx2  # noqa: PLC0415
        import openai  # noqa: PLC0415

        tokens: int | None = None
        came_bytes = _bytes_of(messages)
        left = self._most_tokens * _CHARACTERS_PER_TOKEN
        ended = False
        try:
            async with await patience.wait(self._asked(client, messages, tools)) as stream:
                chunks = aiter(stream)
                # At its end it gives itself: a server may send null.
                while left > 0 and (chunk := await patience.wait(anext(chunks, chunks))) is not chunks:
                    piece = ModelPiece.of(chunk)
                    left -= len(piece.text)
                    if left <= 0:
                        piece = piece.up_to(max(0, len(piece.words) + left))
                    tokens = tokens if piece.tokens is None else piece.tokens
                    ended = ended or bool(piece.finish)
                    if piece.text:
                        came_bytes += len(piece.text.encode(errors="replace"))
                        patience.piece_came()
                    if piece.text or piece.finish:
                        yield piece
                if not ended:
                    raise ResponderError("responder_raised", _why_no_end(stream.response.headers))
        except (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException) as error:
            raise ResponderError("responder_slow", "The model kept the caller waiting.") from error
        except openai.APIStatusError as error:
            why = f"The model's server answered {error.status_code}{_code(error.code)}."
            raise ResponderError("responder_raised", why) from error
        except openai.APIConnectionError as error:
            why = f"The model's server was not reached: {type(error.__cause__ or error).__name__}."
            raise ResponderError("responder_raised", why) from error
        except openai.APIError as error:
            why = f"The model's server broke its answer off with an error{_code(error.code)}."
            raise ResponderError("responder_raised", why) from error
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            why = f"The model's answer could not be read: {type(error).__name__}."
            raise ResponderError("responder_raised", why) from error
        finally:
            self._count(tokens, came_bytes)

    @property
    def _most_tokens(self) -> int:
        return min(self._settings.model.max_tokens, MOST_TOKENS)

    async def _asked(
        self, client: AsyncOpenAI, messages: list[Message], tools: Tools
    ) -> AsyncStream[ChatCompletionChunk]:
        asking = self._settings.model
        create: Callable[..., Awaitable[AsyncStream[ChatCompletionChunk]]] = client.chat.completions.create
        return await create(
            model=asking.model,
            messages=messages,
            tools=tools.offered(),
            temperature=asking.temperature,
            max_tokens=self._most_tokens,
            stream=True,
            stream_options={"include_usage": True},
        )

    def _count(self, tokens: int | None, came_bytes: int) -> None:
        if tokens is not None and 0 < tokens <= came_bytes + _UNSEEN_TOKENS:
            self._tokens += tokens
            return
        if tokens is not None:
            metrics.MODEL_USAGE_DISBELIEVED.inc()
        self._estimated = True
        self._tokens += -(-came_bytes // _BYTES_PER_TOKEN)


def _code(code: object) -> str:
    """A server's own code of its error, such as ``insufficient_quota``. Its sentences are left out: some repeat the key
    or what was asked."""
    return f" ({code})" if isinstance(code, str) and re.fullmatch("[a-z_]{1,40}", code) else ""


def _why_no_end(headers: Mapping[str, str]) -> str:
    """A server that is none of a model's answers with a page."""
    found = re.match("[a-z]+/[a-z.+-]{1,40}", headers.get("content-type", ""))
    if found is None or found[0] == "text/event-stream":
        return "The model's answer was cut off."
    return f"The model's server answered with {found[0]} in place of a stream."


def _read(tools: Tools, calls: Sequence[ToolCall], answer: int, taken: set[str]) -> tuple[list[Act | Wait], list[str]]:
    """The acts that were asked for, and for each call what is wrong with it ("": nothing). ``taken``: ids of the
    answer's earlier acts."""
    items: list[Act | Wait] = []
    faults: list[str] = []
    for place, call in enumerate(calls):
        id = call.id = act_id(answer, call, place, taken)
        taken.add(id)
        try:
            items.append(tools.read(call, id))
            faults.append("")
        except ToolCallFault as fault:
            faults.append(str(fault))
    return items, faults


def _bytes_of(messages: Sequence[Message]) -> int:
    return sum(len(str(value).encode(errors="replace")) for one in messages for value in _leaves(one))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]
