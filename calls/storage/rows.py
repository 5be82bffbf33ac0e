"""Brings the database's rows of calls to what records say. Writing one twice, or in another order, changes nothing.

Owns no thread: the database's thread (calls/storage/row_writer.py) calls it, with a batch at a time.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.db import DataError, IntegrityError, transaction

from calls.core.agent_turns import AgentTurn
from calls.core.numbering import give_block, row_number
from calls.core.search_text import search_text, value_search_text
from calls.core.turns import Turn
from calls.storage.call_streams import call_streams
from calls.storage.columns import fit_numbers, fitted, fitted_to
from calls.storage.line_hours import mark
from calls.storage.models import Call, CallEvent, SavedValue, Transcript
from calls.storage.newest_rows import NewestRows
from calls.storage.records import (
    AgentTurnSaved,
    CallEnded,
    CallStarted,
    EndChosen,
    EventNoted,
    HearingNoted,
    Record,
    TurnSaved,
    ValueSaved,
    by_stored_names,
)
from calls.storage.tombstones import buried
from calls.storage.webhooks import owe
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

NEVER_TAKEN = (
    *(DataError, IntegrityError),
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
)
"""Errors of a record that the database will never take, by the database itself or on the way to it."""


@dataclass(slots=True)
class Written:
    """What came of a batch."""

    skipped: bool = False
    """A record is no row: the database can never take it."""
    forgotten: set[str] = field(default_factory=set)
    """CallSids of records that are no rows: their calls were forgotten (calls/storage/tombstones.py)."""


def write_or_skip(records: list[Record]) -> Written:
    """Write a batch, without the records that the database can never take: each is counted and logged. Raises
    DatabaseError when the database is away."""
    done = Written()
    try:
        done.forgotten |= write(records)
    except NEVER_TAKEN:
        for record in records:
            try:
                done.forgotten |= write([record])
            except NEVER_TAKEN as error:
                metrics.RECORDS_UNWRITABLE.inc()
                logger.error(
                    "a %s of call %s cannot be written (%s)",
                    type(record).__name__,
                    record.call_sid,
                    type(error).__name__,
                    extra={"call": record.call_sid},
                )
                done.skipped = True
    return done


def write(records: Iterable[Record]) -> set[str]:
    """Bring the rows to the records' state, in one transaction. Returns the CallSids that were left out: their calls
    were forgotten. Raises DatabaseError and leaves nothing half done."""
    given = [fitted(record) for record in records]
    with transaction.atomic():
        calls, forgotten = _locked_calls(given)
        records = [record for record in given if record.call_sid not in forgotten]
        started = {call.started_at for call in calls.values()}
        turns, answers = _newest_turns(_TURNS_COLUMNS), _newest_turns(_AGENTS_COLUMNS)
        saved = NewestRows(SavedValue, key="key", age="number", columns=("value", "search_text", "secret"))
        events: list[CallEvent] = []
        ended: dict[str, Call] = {}
        for record in records:
            call = calls[record.call_sid]
            if isinstance(record, TurnSaved):
                number = _row_number(call, record.stream_sid, record.turn.number)
                turns.add(call.pk, {**_turn_row(record.turn), "number": number})
            elif isinstance(record, AgentTurnSaved):
                answers.add(call.pk, _agent_row(call, record))
            elif isinstance(record, ValueSaved):
                saved.add(call.pk, _value_row(call, record))
            elif isinstance(record, EventNoted):
                number = _row_number(call, record.stream_sid, record.number)
                event = CallEvent(call=call, number=number, at=record.at, code=record.code, detail=record.detail)
                events.append(event)
            elif isinstance(record, HearingNoted):
                _write_hearing(call, record)
            elif isinstance(record, EndChosen):
                stream = call.streams.setdefault(record.stream_sid, {})
                # What the call's end says is newer.
                stream.setdefault("end_reason", record.end_reason)
                _sum_up(call)
            elif isinstance(record, CallStarted):
                _write_start(call, record)
            elif _write_end(call, record):
                ended[call.call_sid] = call
        CallEvent.objects.bulk_create(events, ignore_conflicts=True)
        for rows in (turns, answers, saved):
            rows.write()
        owe([call for call in ended.values() if call.ended_at is not None])
        # Where a call began earlier than was known, both hours have changed.
        mark(started | {call.started_at for call in calls.values()})
    metrics.RECORDS_FORGOTTEN.inc(len(given) - len(records))
    return forgotten


def _locked_calls(records: list[Record]) -> tuple[dict[str, Call], set[str]]:
    """The rows of the records' calls by CallSid, made where there were none; ours until the transaction ends. And the
    CallSids that have no row, because they were forgotten."""
    sids = {record.call_sid for record in records}
    # In one order, or two processes could wait for each other.
    rows = Call.objects.select_for_update().order_by("call_sid")
    calls = {call.call_sid: call for call in rows.filter(call_sid__in=sids)}
    forgotten = buried(records, calls)
    # Of a call whose caller becomes known only now.
    begun = [calls.pop(sid) for sid in sorted(forgotten & calls.keys())]
    Call.objects.filter(pk__in=[call.pk for call in begun]).delete()
    if missing := sids - calls.keys() - forgotten:
        # Twilio's status callback may make the row in the same moment.
        Call.objects.bulk_create([Call(call_sid=sid) for sid in sorted(missing)], ignore_conflicts=True)
        calls |= {call.call_sid: call for call in rows.filter(call_sid__in=missing)}
    return calls, forgotten


def _row_number(call: Call, stream_sid: str, number: int) -> int:
    """Of a turn or an event. Whichever record of a stream comes first, also before its start, gives it its block."""
    is_new = bool(stream_sid) and "block" not in call.streams.get(stream_sid, {})
    number = row_number(call.streams, stream_sid, number)
    if is_new:
        call.save(update_fields=["streams"])
    return number


def _write_start(call: Call, record: CallStarted) -> None:
    give_block(call.streams, record.stream_sid, record.stream_index)
    stream = call.streams[record.stream_sid]
    stream.update(started_at=record.started_at.isoformat(), process=record.process, recording=record.recording)
    if call.started_at is None or record.started_at <= call.started_at:
        call.started_at = record.started_at
        call.from_number, call.to_number, call.tuning = record.from_number, record.to_number, record.tuning
        call.tuning_profile = record.tuning.get("profile_id") or None
        call.tuning_revision = record.tuning.get("revision") if call.tuning_profile else None
    _sum_up(call)


def _write_hearing(call: Call, record: HearingNoted) -> None:
    stream = call.streams.setdefault(record.stream_sid, {})
    if record.number >= stream.get("hearing_number", 0):
        stream.update(hearing=record.state, hearing_number=record.number)
    _sum_up(call)


def _write_end(call: Call, record: CallEnded) -> bool:
    """False where it was written before: a journal is read again after a crash."""
    values = asdict(record)
    stream = call.streams.setdefault(values.pop("stream_sid"), {})
    del values["call_sid"]
    if not values["other_engine_s"]:
        del values["other_engine_s"]  # as in most calls, and as in all of before there were others
    is_new = bool(stream.get("ended_at") != record.ended_at.isoformat())
    stream.update({**values, "ended_at": record.ended_at.isoformat()})
    _sum_up(call)
    return is_new


def _sum_up(call: Call) -> None:
    """Fill the call's own columns from all of its streams; Twilio's columns are not touched."""
    streams = call_streams(call.streams)
    ended = [stream for stream in streams if stream.has_ended]
    last = streams[-1]
    call.stream_sid = last.stream_sid
    call.process = last.text("process")
    call.hearing = last.text("hearing")
    over = len(ended) == len(streams)
    call.ended_at = max((stream.ended_at for stream in ended if stream.ended_at), default=None) if over else None
    # Also of one that is still being heard out: Twilio may ask what follows by now.
    call.end_reason = last.text("end_reason")
    for name in _SUMMED_COLUMNS:
        setattr(call, name, sum(stream.count(name) for stream in ended))
    for name in _COUNTED_COLUMNS:
        counted: Counter[str] = Counter()
        for stream in ended:
            counted.update(stream.mapping(name))
        setattr(call, name, dict(counted))
    call.frame_delay_ms = dict(last.mapping("frame_delay_ms"))
    call.is_queued = False
    fit_numbers(call, ("tuning_profile", "tuning_revision", *_SUMMED_COLUMNS))
    call.save(update_fields=_WRITTEN_COLUMNS)


_SUMMED_COLUMNS = (
    *("frames_received", "frames_lost", "speech_ms"),
    # Streams that ended before these were counted have none.
    *("stt_streams", "stt_stream_s", "one_shots", "one_shot_s"),
    *("reply_tokens", "reply_characters", "answers_failed"),
)
_COUNTED_COLUMNS = ("counters", "other_engine_s")
_WRITTEN_COLUMNS = [
    *(
        "stream_sid from_number to_number started_at ended_at end_reason streams frame_delay_ms tuning "
        "tuning_profile tuning_revision process hearing is_queued"
    ).split(),
    *_SUMMED_COLUMNS,
    *_COUNTED_COLUMNS,
]


def _turn_row(turn: Turn) -> dict[str, Any]:
    return {**by_stored_names(asdict(turn)), "search_text": search_text(turn.text, turn.revised_text)}


def _agent_row(call: Call, record: AgentTurnSaved) -> dict[str, Any]:
    """Of no source, and not searched: whatever a line says in every call would be found in every call."""
    row = {**fitted_to(Transcript, record.turn.as_row()), "search_text": "", "source": "", "end_reason": ""}
    row["number"] = _row_number(call, record.stream_sid, row["number"])
    if row["answers"] is not None:
        row["answers"] = _row_number(call, record.stream_sid, row["answers"])
    return row


def _value_row(call: Call, record: ValueSaved) -> dict[str, Any]:
    return {
        "key": record.key,
        "value": record.value,
        "search_text": value_search_text(record.value, secret=record.secret),
        "secret": record.secret,
        "number": _row_number(call, record.stream_sid, record.number),
    }


def _newest_turns(columns: Iterable[str]) -> NewestRows:
    written = [column for column in columns if column not in ("number", "revision")]
    return NewestRows(Transcript, key="number", age="revision", columns=written)


_TURNS_COLUMNS = [*by_stored_names({field.name: field for field in fields(Turn)}), "search_text"]
_AGENTS_COLUMNS = [*AgentTurn(0, 0, 0, "").as_row(), "search_text", "source", "end_reason"]
