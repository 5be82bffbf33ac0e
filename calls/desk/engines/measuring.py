"""Engines by their names, asked for the same gold: measured, kept as rows, and printed or shown from there.

What is kept of each engine and way of asking (``figures`` of an EngineMeasurement) is a MeasuredEngine as JSON.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

from django.db import transaction
from django.utils import timezone

from calls.desk.engines.figures import HeardTurn, figures, wer_difference
from calls.desk.engines.gold import GoldTurn
from calls.desk.engines.models import EngineMeasurement, MeasuredTurn
from calls.desk.tuning.uncertainty import MIN_CALLS, Estimate
from calls.storage.models import Call
from stt.engines import google_models
from stt.engines.base import EMULATOR
from stt.engines.catalogue import EngineEntry
from stt.engines.guarded import GuardedEngine
from stt.engines.registry import EngineRegistry
from stt.engines.replay import ReplayedAudio, ask_once, stream_through
from stt.tuning import Tuning
from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.percentile import percentile

STREAM, ONE_SHOT = "stream", "one-shot"
WAYS = (STREAM, ONE_SHOT)
SHARES = tuple(share / 20 for share in range(1, 20))
"""Of the finals' distribution that is kept for a plot."""
MOST_CODE = 40


class MeasuringError(CodedError):
    """``unknown_engine`` | ``engine_unset`` | ``engine_cannot``; the message is for the person."""


@dataclass(frozen=True, slots=True)
class MeasuredEngine:
    """One engine, asked in one way."""

    engine: str
    """As the catalogue names it."""
    way: str
    """``stream`` | ``one-shot``."""
    model: str
    emulated: bool
    """It was a stand-in, which hears nothing."""
    price_per_hour: str
    """USD, by the vendor's list."""
    words: int
    """That were said."""
    short: int
    """Short answers that were said."""
    codes: dict[str, int]
    """Of the engine's errors, with the turns that ended so."""
    estimates: dict[str, Estimate]
    """By the names of FIGURES."""
    difference: Estimate
    """Of the WER, against the first engine of the measurement."""
    finals_ms: list[int]
    """At SHARES of the turns."""

    @property
    def key(self) -> str:
        return f"{self.engine} {self.way}"

    @property
    def all_failed(self) -> bool:
        """No turn was heard to its end: the words say nothing of the engine."""
        return self.estimates["failed"].value == 1

    @classmethod
    def of_json(cls, kept: Mapping[str, Any], calls: int) -> MeasuredEngine:
        """As it was kept of so many calls: an interval of fewer than MIN_CALLS is passed over."""

        def estimate(one: Mapping[str, float | None]) -> Estimate:
            return Estimate(**one) if calls >= MIN_CALLS else Estimate(one["value"])

        estimates = {name: estimate(one) for name, one in kept["estimates"].items()}
        return cls(**{**kept, "estimates": estimates, "difference": estimate(kept["difference"])})


@dataclass(frozen=True, slots=True)
class EngineComparison:
    """What ``measure`` found, not yet kept."""

    gold: Sequence[GoldTurn]
    engines: list[MeasuredEngine]
    texts: list[list[str | None]]
    """Of each engine, one a turn of gold; None where the turn failed."""


def settings_for(entry: EngineEntry, tuning: Tuning) -> Tuning:
    """A profile's settings as this engine can be asked for them: model and endpoint are names of one vendor's."""
    model = tuning.model if tuning.model in entry.models else ""
    return replace(tuning, model=model, endpoint=tuning.endpoint if entry.name == google_models.NAME else "")


def guarded_engine(entry: EngineEntry, values: Mapping[str, str]) -> GuardedEngine:
    """An engine of the catalogue. Raises MeasuringError ``engine_unset``, which says what to set."""
    if missing := entry.missing(values):
        or_else = f", or {entry.emulator} to an emulator's host:port" if entry.emulator else ""
        raise MeasuringError("engine_unset", f"{entry.name}: set {missing} to {entry.needs[missing]}{or_else}")
    return EngineRegistry({entry.name: entry.engine_at(values)}).guarded(entry.name)


def measure(
    gold: Sequence[GoldTurn],
    engines: Mapping[str, tuple[GuardedEngine, Tuning]],
    ways: Sequence[str],
    *,
    parallel: int,
    seed: int,
    said: Callable[[str], None] = lambda _: None,
) -> EngineComparison:
    """Ask each engine, with its settings, in each way that it can. Blocking: a stream takes as long as its audio.

    ``engines``: by the names under which they are kept. ``said``: progress.
    Raises MeasuringError ``engine_cannot`` where an engine can in none of the ways.
    """
    asked: list[tuple[str, str]] = []
    for name, (guarded, _) in engines.items():
        can = {STREAM: guarded.engine.capabilities.streaming, ONE_SHOT: guarded.engine.capabilities.one_shot}
        possible = [way for way in ways if can[way]]
        if not possible:
            raise MeasuringError("engine_cannot", f"{name} does not recognise by {' or '.join(ways)}")
        asked += product([name], possible)
    for guarded, _ in engines.values():
        guarded.probe()
    measured: list[MeasuredEngine] = []
    texts: list[list[str | None]] = []
    first: list[HeardTurn] = []
    for name, way in asked:
        said(f"{name} {way}: {len(gold)} turns")
        guarded, tuning = engines[name]
        answers = asyncio.run(_ask_all(gold, guarded, way, tuning, parallel))
        turns = [
            HeardTurn.of(one.call_sid, one.said, answer.text, answer.final_ms, answer.code)
            for one, answer in zip(gold, answers, strict=True)
        ]
        first = first or turns
        measured.append(_measured(name, way, guarded, tuning, turns, first, seed))
        texts.append([None if answer.code else answer.text for answer in answers])
    return EngineComparison(gold, measured, texts)


def keep(found: EngineComparison, user: Any, line: str, profile: str) -> EngineMeasurement:
    """A row of the figures, and one a turn and engine of the words, where the turn did not fail. Of a call that was
    here and was deleted while it was measured (forgotten, purged) no words are kept."""
    calls = {turn.call_sid for turn in found.gold}
    with transaction.atomic():
        # Locked: whoever deletes a call meanwhile waits, and takes its words along.
        here = Call.objects.select_for_update().order_by("call_sid").filter(call_sid__in=calls)
        rows = dict(here.values_list("call_sid", "pk"))
        row = EngineMeasurement.objects.create(
            made_at=timezone.now(),
            user=user,
            username=user.get_username() if user else "",
            line=line,
            profile=profile,
            turns=len(found.gold),
            calls=len(calls),
            figures=[asdict(one) for one in found.engines],
        )
        MeasuredTurn.objects.bulk_create(
            MeasuredTurn(
                measurement=row,
                call_id=rows.get(turn.call_sid),
                turn=turn.turn,
                engine=one.key,
                said=turn.said,
                heard=text,
            )
            for one, texts in zip(found.engines, found.texts, strict=True)
            for turn, text in zip(found.gold, texts, strict=True)
            if text is not None and (turn.call_sid in rows or not turn.is_stored)
        )
    return row


async def _ask_all(
    gold: Sequence[GoldTurn], guarded: GuardedEngine, way: str, tuning: Tuning, parallel: int
) -> list[ReplayedAudio]:
    """In the order of the gold, so many at once."""
    free = asyncio.Semaphore(parallel)
    open_stream = guarded.open_stream(tuning)

    async def ask(turn: GoldTurn) -> ReplayedAudio:
        async with free:
            if way == STREAM:
                return await stream_through(open_stream, turn.ulaw, turn.speech_ends_ms)
            return await asyncio.to_thread(ask_once, lambda pcm: guarded.recognize(pcm, tuning), turn.ulaw)

    try:
        return list(await asyncio.gather(*map(ask, gold)))
    finally:
        await guarded.engine.close()


def _measured(
    name: str,
    way: str,
    guarded: GuardedEngine,
    tuning: Tuning,
    turns: Sequence[HeardTurn],
    first: Sequence[HeardTurn],
    seed: int,
) -> MeasuredEngine:
    finals = [turn.final_ms for turn in turns if turn.final_ms is not None]
    return MeasuredEngine(
        engine=name,
        way=way,
        model=guarded.model_name(tuning),
        emulated=guarded.name == EMULATOR or guarded.name.startswith(f"{EMULATOR}:"),
        price_per_hour=str(guarded.engine.capabilities.price_per_hour),
        words=sum(turn.errors.words for turn in turns),
        short=sum(turn.is_short for turn in turns),
        codes=dict(Counter(turn.code[:MOST_CODE] for turn in turns if turn.code)),
        estimates=figures(turns, seed),
        difference=Estimate(None) if turns is first else wer_difference(first, turns, seed),
        finals_ms=[ms for share in SHARES if (ms := percentile(finals, share)) is not None],
    )
