"""An agent's turn: one answer of the line, and what the caller heard of it. Pure.

Its row is a Transcript with ``speaker = agent``. Latencies are milliseconds and None where there is no anchor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

AGENT = "agent"
"""The ``speaker`` of its row."""


class Outcome(StrEnum):
    """What became of an answer of which at least one frame was sent."""

    PLAYED = "played"
    """To its end, by its marks."""
    INTERRUPTED = "interrupted"
    """Cut off: the caller spoke over it, a supervisor stopped it, the stream was lost, the call ended."""
    RESUMED = "resumed"
    """Cut off, and the rest was said later: by the call's next stream, or after a false interruption."""
    WITHDRAWN_LATE = "withdrawn_late"
    """Its text was revised after the first sound, and the answer given up."""
    FAILED = "failed"
    """The responder or the voice failed in mid-answer; ``code`` says how."""


BY_SUPERVISOR = "by_supervisor"
"""The ``code`` of an answer that a supervisor stopped."""
INTERRUPTED = "interrupted"
"""The code of a call's event: the caller had something else to say than to listen, and the answer was given up."""
FALSE_START = "false_start"
"""The ``code`` of an interrupted answer that had begun before the caller was done: its question was joined to the next
one and answered with it."""
CUT_OFF = "answer_cut_off"
"""The code of an answer that ends in mid-sentence: its whole sentences are said, without an apology where there are
any."""
NO_INTERRUPTIONS = (FALSE_START, BY_SUPERVISOR)
"""Codes of answers that were cut off, and not because the caller had something else to say."""


GOES_ON = "resumed"
"""The ``floor_rule`` of an answer that was cut off by nothing, or with its stream: it is that one's rest."""
FIRST_AGENT_NUMBER = 5_001
"""Agent turns count from here within their stream's block of numbers (calls/core/numbering.py), caller's from 1."""


@dataclass(frozen=True, slots=True)
class PlayedPart:
    """How much of an answer the caller heard."""

    text: str = ""
    """Its words up to the last mark that came back before the sound was cleared."""
    ms: int = 0
    """Sound that was played, by the clock; never more than was sent."""
    outcome: Outcome = Outcome.PLAYED


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """Where the time between the caller's last voiced frame and the answer's first sound went."""

    floor_rule: str = ""
    """Why the line might speak: ``expected`` | ``unfinished`` | ``open`` | ``silence`` | ``opening`` |
    ``transfer_failed`` | ``supervisor`` | ``resumed``."""
    floor_ms: int | None = None
    """Last voiced frame to the floor taken."""
    prepared_ms: int | None = None
    """How long before the floor the first sound was ready; negative: it was late."""
    first_audio_ms: int | None = None
    """Floor taken to the first frame sent."""
    total_ms: int | None = None
    """Last voiced frame to the first frame sent."""
    text_ms: int | None = None
    """How long before the floor the text of the first piece was there; negative: it was late."""

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> AnswerTimes:
        """Of a row's values by their names, as ``AgentTurn.as_row`` gives them."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def stages(self) -> dict[str, int]:
        """Stage -> its ms, in their order: together the wait from the last voiced frame to the first frame sent.

        What was ready before the floor took no time of the wait. Empty where nothing is known of it; ``making`` is
        responder and voice together, of rows whose ``text_ms`` nobody measured.
        """
        if self.floor_ms is None and self.first_audio_ms is None:
            return {}
        sent_ms = self.first_audio_ms or 0
        sound_ms = min(max(0, -(self.prepared_ms or 0)), sent_ms)
        if self.text_ms is None:
            made = {"making": sound_ms}
        else:
            words_ms = min(max(0, -self.text_ms), sound_ms)
            made = {"responder": words_ms, "voice": sound_ms - words_ms}
        return {"floor": self.floor_ms or 0, **made, "sending": sent_ms - sound_ms}


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Who made an answer, and what of it is charged."""

    responder: str = ""
    voice: str = ""
    tokens: int = 0
    """Of a language model."""
    characters: int = 0
    """Synthesised for it, as voices charge them; from the phrase cache: none."""


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One answer, as stored; the highest revision wins."""

    number: int
    """From FIRST_AGENT_NUMBER within the stream's block."""
    started_ms: int
    """Media time at which its first frame was sent."""
    ended_ms: int
    """Media time at which its last played sound ended, as far as it is known."""
    text: str
    """What was to be said. Of a failed answer: what was said, the apology at its end, then what was left unsaid."""
    heard: PlayedPart = PlayedPart()
    times: AnswerTimes = AnswerTimes()
    made_by: MadeBy = MadeBy()
    withdrawals: int = 0
    """Preparations that were given up before this one was sounded."""
    answers: int | None = None
    """Number of the caller's last turn that it answers; None where nothing was asked."""
    code: str = ""
    """Stable code of what went wrong; empty when nothing did."""
    revision: int = 0

    def as_row(self) -> dict[str, Any]:
        """Its values by the names of its row's fields (calls/storage/models.py)."""
        return {
            "number": self.number,
            "speaker": AGENT,
            "started_ms": self.started_ms,
            "ended_ms": self.ended_ms,
            "text": self.text,
            "played_text": self.heard.text,
            "heard_ms": self.heard.ms,
            "outcome": self.heard.outcome,
            "floor_rule": self.times.floor_rule,
            "floor_ms": self.times.floor_ms,
            "prepared_ms": self.times.prepared_ms,
            "first_audio_ms": self.times.first_audio_ms,
            "total_ms": self.times.total_ms,
            "text_ms": self.times.text_ms,
            "responder": self.made_by.responder,
            "voice": self.made_by.voice,
            "tokens": self.made_by.tokens,
            "characters": self.made_by.characters,
            "withdrawals": self.withdrawals,
            "answers": self.answers,
            "code": self.code,
            "revision": self.revision,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> AgentTurn:
        """The answer that ``as_row`` wrote; an older version's row has fewer values."""
        return cls(
            number=row["number"],
            started_ms=row["started_ms"],
            ended_ms=row["ended_ms"],
            text=row["text"],
            heard=PlayedPart(
                row["played_text"] or "", row["heard_ms"] or 0, Outcome(row["outcome"] or Outcome.INTERRUPTED)
            ),
            times=AnswerTimes.of_row(row),
            made_by=MadeBy(row["responder"], row["voice"], row["tokens"] or 0, row["characters"] or 0),
            withdrawals=row["withdrawals"] or 0,
            answers=row["answers"],
            code=row["code"],
            revision=row["revision"],
        )

    def masked(self, mask: Callable[[str], str]) -> AgentTurn:
        """This answer with its words masked, by a mask that keeps their length; what was heard of it stays its
        beginning."""
        text, heard = mask(self.text), self.heard.text
        heard = text[: len(heard)] if self.text.startswith(heard) else mask(heard)
        return replace(self, text=text, heard=replace(self.heard, text=heard))

    def latency_line(self) -> str:
        """The one [LATENCY] log line of this answer, without its words."""

        def ms(value: int | None) -> str:
            return "n/a" if value is None else f"{value}ms"

        times = self.times
        return (
            f"[LATENCY] answer={self.number} rule={times.floor_rule or 'n/a'} floor={ms(times.floor_ms)}"
            f" first={ms(times.first_audio_ms)} total={ms(times.total_ms)}"
        )


def as_if_cut_off(turn: AgentTurn) -> AgentTurn:
    """An answer that is being played, as it is kept: if nothing more comes, its process has died."""
    return replace(turn, heard=replace(turn.heard, outcome=Outcome.INTERRUPTED))


def unheard(text: str, heard: str) -> str:
    """The words of a text behind those that were heard of it; all of them where these are not its beginning."""
    words, heard_words = text.split(), heard.split()
    return " ".join(words[len(heard_words) :] if words[: len(heard_words)] == heard_words else words)
