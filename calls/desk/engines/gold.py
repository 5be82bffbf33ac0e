"""Gold: turns that a person has corrected, with their audio, from the database to a folder and back.

Only of lines whose callers were told (``PhoneLine.gold_since``), for who may listen and export; each taking is an entry
of the access log. A turn that was right and saved unchanged is gold as well: without such turns the set holds only
what the engine of that day got wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.desk.access_log.entries import Kind, note
from calls.desk.line_limits.seen import seen_by
from calls.desk.permissions import EXPORT, LISTEN, READ
from calls.desk.review.listening import NoRecording, part_of, recording_of, streams_of
from calls.desk.review.models import Correction
from calls.desk.review.queue.blind import told
from calls.desk.review.wave import Wave
from calls.lines.models import PhoneLine
from calls.storage.models import Call, Transcript
from calls.storage.recording import file_name
from stt.audio import FRAME_MS, duration_ms
from stt.wavfile import read_ulaw, wav_of
from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.one_at_a_time import alone_in
from voiceapp.runtime.private_files import private_open

LIST = "gold.jsonl"
NEEDS = (READ, LISTEN, EXPORT)
TEXTS = ("call_sid", "line", "said", "heard", "engine", "model", "source")
"""What a line of the list has beside the numbers ``turn`` and ``speech_ends_ms`` and the name of its file, ``wav``."""
MOST_NUMBER = 2**31 - 1
"""Of a turn or of milliseconds: a column's most."""


class GoldError(CodedError):
    """``gold_not_allowed`` | ``gold_unreadable`` | ``gold_exists`` | ``not_empty`` | ``unknown_line``, with a
    sentence for people."""


@dataclass(frozen=True, slots=True)
class GoldTurn:
    """A turn, what was said in it, and how that sounded."""

    call_sid: str
    turn: int
    line: str
    said: str
    heard: str
    """As it stood on the call."""
    engine: str
    model: str
    source: str
    speech_ends_ms: int
    """In the audio."""
    ulaw: bytes
    is_stored: bool
    """Its call was a row here when it was taken or read: where that row is gone later, the words go as well."""


LEFT_OUT = {
    "no_turn": "the turn is gone, or turned out to be our own words given back",
    "no_recording": "there is no recording of it, or none that can be read (see the call's page)",
    "recording_damaged": "some of its sound cannot be read, or was never written: silence would stand for words",
}
"""Why a corrected turn is not taken, by stable code."""


@dataclass(frozen=True, slots=True)
class Taken:
    turns: list[GoldTurn]
    left_out: Counter[str]
    """By code, of LEFT_OUT."""

    @property
    def left_out_said(self) -> list[str]:
        return [f"left out, {code}: {count} turns: {LEFT_OUT[code]}" for code, count in sorted(self.left_out.items())]


def taken_by(user: Any, line: str = "", last: int | None = None) -> Taken:
    """The newest turns of gold, of one line or of all that allow it, for this person. Raises GoldError.

    Leaves an entry of who took from how many calls. Turns without a whole recording are left out. Blocking.
    """
    if not user.is_active or not user.has_perms(NEEDS):
        raise GoldError("gold_not_allowed", f"{user.get_username()} may not listen and export: {', '.join(NEEDS)}")
    made = told(Correction.objects.filter(_allowed(user, line)), user, timezone.now())
    corrections = _newest(made, last)
    left_out: Counter[str] = Counter()
    turns = list(_turns(corrections, left_out))
    note(Kind.GOLD, user, calls=len({turn.call_sid for turn in turns}))
    return Taken(turns, left_out)


def write(folder: Path, turns: Iterable[GoldTurn]) -> None:
    """A WAV file a turn, and the list of them. Raises GoldError, AlreadyRunning where another command fills the
    folder, OSError."""
    if (folder / LIST).exists():
        raise GoldError("gold_exists", f"{folder} holds gold already: name another folder")
    if folder.exists() and any(folder.iterdir()):
        raise GoldError("not_empty", f"{folder} is not empty: name a new folder")
    with alone_in(folder), private_open(folder / LIST, "x", encoding="utf-8") as listed:
        for turn in turns:
            name = f"{file_name(turn.call_sid)}-{turn.turn}.wav"
            with private_open(folder / name, "wb") as wav:
                wav.write(wav_of(turn.ulaw))
            row = {name: getattr(turn, name) for name in TEXTS}
            row |= {"turn": turn.turn, "speech_ends_ms": turn.speech_ends_ms, "wav": name}
            listed.write(json.dumps(row, ensure_ascii=False) + "\n")


def read(folder: Path) -> list[GoldTurn]:
    """What ``write`` has written, or somebody else in its form. Asks the database which calls it has. Raises
    GoldError, DatabaseError."""
    try:
        # By line feeds alone: a JSON text may hold the line ends that only Unicode knows.
        lines = (folder / LIST).read_text("utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise GoldError("gold_unreadable", f"{folder / LIST}: {error}") from error
    turns = [_read(folder, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    stored = set(Call.objects.filter(call_sid__in={turn.call_sid for turn in turns}).values_list("call_sid", flat=True))
    return [replace(turn, is_stored=turn.call_sid in stored) for turn in turns]


def _read(folder: Path, number: int, line: str) -> GoldTurn:
    """A line of the list, counted from 1, checked whole: a turn that could not be kept would be found out after the
    engines were asked, and paid. Raises GoldError."""
    try:
        return _turn(folder, json.loads(line))
    except (ArithmeticError, AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise GoldError("gold_unreadable", f"{folder / LIST}, line {number}: {what}") from error


def _turn(folder: Path, row: Any) -> GoldTurn:
    name = _text(row, "wav")
    if Path(name).name != name:
        raise ValueError(f"{name!r} is no name of a file beside the list")
    ulaw = read_ulaw(folder / name)
    texts = {name: _text({name: "", **row}, name) for name in TEXTS if name != "said"}
    ends_ms = _number(row, "speech_ends_ms", duration_ms(ulaw))
    return GoldTurn(
        **texts,
        said=_text(row, "said"),
        turn=_number(row, "turn", 0),
        speech_ends_ms=ends_ms,
        ulaw=ulaw,
        is_stored=False,
    )


def _text(row: Any, name: str) -> str:
    """As a database takes it: PostgreSQL has no NUL, UTF-8 no half of a surrogate pair."""
    text = str(row[name])
    if "\0" in text:
        raise ValueError(f"{name} has a NUL")
    text.encode("utf-8")
    return text


def _number(row: Any, name: str, default: int) -> int:
    number = int(row.get(name, default))
    if not 0 <= number <= MOST_NUMBER:
        raise ValueError(f"{name} is not from 0 to {MOST_NUMBER}")
    return number


def _allowed(user: Any, line: str) -> Q:
    """Calls of lines that the person sees and whose callers were told, from then on. Raises GoldError."""
    seen = seen_by(user).of(PhoneLine)
    lines = seen.filter(gold_since__isnull=False)
    if line:
        lines = lines.filter(number=line)
        if not seen.filter(number=line).exists():
            raise GoldError("unknown_line", f"there is no line {line}")
        if not lines.exists():
            raise GoldError("gold_not_allowed", f"the line {line} does not say that its recordings may be used so")
    allowed = Q(pk__in=())
    for one in lines:
        allowed |= Q(call__to_number=one.number, call__started_at__gte=one.gold_since)
    return allowed


def _newest(made: QuerySet[Correction], last: int | None) -> Sequence[Correction]:
    """Of these corrections those that stand, those of the newest calls first: of a turn's the newest counts."""
    rows = made.filter(call__ended_at__isnull=False).select_related("call")
    seen: set[tuple[int, int]] = set()
    standing: list[Correction] = []
    for row in rows.order_by("-call__started_at", "-call_id", "turn", "-number").iterator(chunk_size=500):
        if len(standing) == last:
            break
        if (row.call_id, row.turn) not in seen:
            seen.add((row.call_id, row.turn))
            if not row.withdrawn:
                standing.append(row)
    return standing


def _turns(corrections: Sequence[Correction], left_out: Counter[str]) -> Iterator[GoldTurn]:
    streams_by_call: dict[int, Any] = {}
    waves: dict[int, Wave] = {}
    """Of the same call, by the number of its stream."""
    for row in corrections:
        turn = Transcript.objects.heard().filter(call=row.call_id, number=row.turn, echo=False).first()
        if turn is None:
            left_out["no_turn"] += 1
            continue
        call: Call = row.call
        if row.call_id not in streams_by_call:
            streams_by_call, waves = {row.call_id: streams_of(call)}, {}
        part = part_of(turn, streams_by_call[row.call_id])
        if part is None:
            left_out["no_recording"] += 1
            continue
        try:
            wave = waves.get(part.stream) or recording_of(call, part.stream)[1]
        except NoRecording:
            left_out["no_recording"] += 1
            continue
        waves[part.stream] = wave
        if wave.lacks(turn.started_ms, turn.ended_ms) or turn.ended_ms > wave.ends_ms + FRAME_MS:
            left_out["recording_damaged"] += 1
            continue
        from_ms, to_ms = wave.begins_ms + round(1000 * part.from_s), wave.begins_ms + round(1000 * part.to_s)
        yield GoldTurn(
            call_sid=call.call_sid,
            turn=turn.number,
            line=call.to_number,
            said=row.text,
            heard=turn.heard_text,
            engine=turn.engine,
            model=turn.model,
            source=turn.source,
            speech_ends_ms=min(turn.ended_ms, to_ms) - from_ms,
            ulaw=wave.caller(from_ms, to_ms),
            is_stored=True,
        )
