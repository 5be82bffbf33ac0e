"""``manage.py whatif --call SID | --last N [--line NUMBER] --profile NAME | --set NAME=VALUE…``: calls heard again at
other settings, from their recognition traces, faster than real time. Without other settings: at their own, as a check.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from django.core.management.base import CommandError, CommandParser

from calls.core.addresses import canonical
from calls.core.turns import Turn
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.tuning.figures import NUMBERS, PERCENTILES, CallFigures, Measure, Sample
from calls.desk.tuning.traces import StreamTrace, TraceMissing, traces_of, tuning_of
from calls.management.rows_command import RowsCommand
from calls.storage.models import Call
from calls.whatif.answers_again import UNKNOWABLE_TALK, AnswerChange, Stops
from calls.whatif.comparison import Pair, Unknown, WhatIf, what_if
from stt.models import TuningProfile
from stt.tuning import BOUNDS, Tuning, TuningError
from voiceapp.runtime.arguments import MOST_CALLS, whole
from voiceapp.runtime.counted import counted

SWITCHES = ("early_punctuation", "automatic_punctuation", "streaming")
CHOICES = ("model", "endpoint", "turn_model", "echo_canceller", "half_close")
LISTS = ("engines", "backchannels", "stop_words")
FLAGS = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


class Command(RowsCommand):
    help = "Hear calls again at other settings, and show their turns, sources and latencies before and after."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--call", metavar="SID")
        which.add_argument(
            "--last", type=whole(1, MOST_CALLS, "calls"), metavar="N", help="The newest N calls that are over."
        )
        parser.add_argument("--line", metavar="NUMBER", help="With --last: only calls to this number.")
        settings = parser.add_mutually_exclusive_group()
        settings.add_argument("--profile", metavar="NAME")
        settings.add_argument("--set", dest="changes", nargs="+", default=[], metavar="NAME=VALUE")

    def handle(self, *args: Any, **options: Any) -> None:
        began_s = time.perf_counter()
        compared: list[WhatIf] = []
        answers: list[AnswerChange] = []
        unknown: dict[Unknown, None] = {}
        skipped: Counter[str] = Counter()
        heard_ms = same = stored = 0
        chosen = list(_calls(options))
        note_command(Kind.READ, "whatif", call_sid=options["call"] or "", calls=len(chosen))
        for call in chosen:
            try:
                before = tuning_of(call)
                after = _after(before, options)
                streams = traces_of(call)
            except TraceMissing as error:
                skipped[error.code] += 1
                continue
            first = len(compared)
            for stream in streams:
                if stream.damage:
                    self.stderr.write(f"{stream.damage}: it is heard again without that")
                result = what_if(stream.heard, before, after, audio=stream.audio, first=stream.first_number)
                compared.append(result)
                unknown |= dict.fromkeys(result.unknown)
                heard_ms += stream.heard.frames[-1].at_ms - stream.heard.frames[0].at_ms
                again = stream.answers_again(before, after)
                answers += again
                if options["call"]:
                    self._show_call(stream, result)
                    self._show_answers(again)
            found = _as_stored(call, compared[first:])
            same, stored = same + found[0], stored + found[1]
        if not compared:
            raise CommandError(f"no_trace: no call could be heard again ({_counted(skipped) or 'none was found'})")
        self._show_sum(compared)
        self.stdout.write(f"heard again at their own settings: {same} of {counted(stored, 'turn')} as stored")
        if answers:
            self._show_sum_of_answers(answers)
        for one in unknown:
            self.stdout.write(f"not known: {one.setting}: {one.sentence} ({one.code})")
        took_s = time.perf_counter() - began_s
        self.stdout.write(
            f"{counted(len(compared), 'stream')}, {heard_ms / 1000:.0f} s of audio in {took_s:.1f} s"
            + (f"; left out: {_counted(skipped)}" if skipped else "")
        )

    def _show_call(self, stream: StreamTrace, result: WhatIf) -> None:
        if not stream.heard.timed:
            self.stdout.write("an older trace: frames are taken to have come evenly")
        for pair in result.pairs:
            mark = "≠" if pair.is_changed or pair.source_changed else " "
            self.stdout.write(
                f"{mark} {_row(pair.before)}\n  {_row(pair.after)}" if mark == "≠" else f"  {_row(pair.before)}"
            )

    def _show_answers(self, answers: list[AnswerChange]) -> None:
        for change in answers:
            answer = change.answer
            mark = "≠" if change.is_changed else " "
            self.stdout.write(f"{mark} {answer.started_ms / 1000:7.2f} s  answer: {_of_answer(change)}  {answer.text}")

    def _show_sum_of_answers(self, answers: list[AnswerChange]) -> None:
        begins = Counter(str(one.begins) for one in answers if one.begins is not None)
        stops = Counter(str(one.stops) for one in answers)
        as_stored = sum(one.as_stored for one in answers)
        self.stdout.write(f"answers: they begin {_counted(begins) or 'n/a'}; interruptions: {_counted(stops)}")
        self.stdout.write(f"at their own settings: {as_stored} of {counted(len(answers), 'answer')} as stored")
        self.stdout.write(f"not known: {UNKNOWABLE_TALK}")

    def _show_sum(self, compared: list[WhatIf]) -> None:
        pairs = [pair for one in compared for pair in one.pairs]
        sides = [[one.before for one in compared], [one.after for one in compared]]
        before, after = (Sample([CallFigures.of(one.turns.values()) for one in side]) for side in sides)
        of_before, of_after = before.measures(), after.measures()
        self.stdout.write(f"\n{'':>16}  {'before':>8}  {'after':>8}")
        self.stdout.write(f"{'turns':>16}  {before.turns:8}  {after.turns:8}")
        # What the line said is measured on the desk.
        for measure in (one for one in Measure if of_before[one] is not None or of_after[one] is not None):
            self.stdout.write(f"{measure:>16}  {_said(measure, of_before):>8}  {_said(measure, of_after):>8}")
        asks = [sum(len(one.asks) for one in side) for side in sides]
        self.stdout.write(f"{'one-shots':>16}  {asks[0]:8}  {asks[1]:8}")
        guessed = sum(len(one.after.guessed) for one in compared)
        self.stdout.write(
            f"turns changed: {_counted(_changes(pairs)) or 'none'}; one-shots that were never asked, answered with "
            f"the stream's later words: {guessed}"
        )


def _calls(options: dict[str, Any]) -> list[Call]:
    if options["call"]:
        calls = list(Call.objects.filter(call_sid=options["call"]))
        if not calls:
            raise CommandError(f"unknown_call: there is no call {options['call']}")
        return calls
    newest = Call.objects.filter(ended_at__isnull=False).order_by("-started_at")
    if options["line"]:
        newest = newest.filter(to_number=canonical(options["line"]))
    return list(newest[: options["last"]])


def _after(before: Tuning, options: dict[str, Any]) -> Tuning:
    try:
        if options["profile"]:
            return TuningProfile.objects.get(name=options["profile"]).tuning()
        return replace(before, **dict(_value(text) for text in options["changes"]))
    except TuningProfile.DoesNotExist as error:
        raise CommandError(f"unknown_profile: there is no profile {options['profile']}") from error
    except TuningError as error:
        raise CommandError(f"bad_setting: {error}") from error


def _value(text: str) -> tuple[str, Any]:
    name, has_value, value = text.partition("=")
    name = name.strip().lower()  # pages and .env write VAD_HANGOVER_MS
    known = (*BOUNDS, *SWITCHES, *CHOICES, *LISTS)
    if name not in known:
        near = get_close_matches(name, known, n=3) or sorted(known)
        raise TuningError(f"there is no setting {name!r}; there are {', '.join(near)}")
    if not has_value:
        raise TuningError(f"{name} has no value: write {name}=VALUE")
    if name in BOUNDS:
        return name, BOUNDS[name].check(name, value)
    if name in SWITCHES:
        if value.lower() not in FLAGS:
            raise TuningError(f"{name} is {' or '.join(FLAGS)}, not {value!r}")
        return name, FLAGS[value.lower()]
    if name in CHOICES:
        return name, value
    return name, tuple(phrase.strip() for phrase in value.split(",") if phrase.strip())


def _as_stored(call: Call, streams: list[WhatIf]) -> tuple[int, int]:
    """How many of a call's turns come out as they were kept: whether what is foretold can be trusted."""
    turns = {turn.number: turn for one in streams for turn in one.before.turns.values()}
    rows = list(call.turns.heard().values_list("number", "source", "text", "revised_text"))
    again = {number: (number, str(turn.source), turn.text, turn.revised_text) for number, turn in turns.items()}
    return sum(again.get(row[0]) == row for row in rows), len(rows)


def _changes(pairs: list[Pair]) -> Counter[str]:
    found: Counter[str] = Counter()
    for pair in pairs:
        if pair.before is None:
            found["new"] += 1
        elif pair.after is None:
            found["gone"] += 1
        else:
            found["words"] += pair.is_changed
            found["source"] += pair.source_changed
    return +found


def _said(measure: Measure, values: dict[Measure, float | None]) -> str:
    value = values[measure]
    if value is None:
        return "n/a"
    if measure in PERCENTILES:
        return f"{value:.0f} ms"
    return f"{value:.1f}" if measure in NUMBERS else f"{value:.1%}"


def _row(turn: Turn | None) -> str:
    if turn is None:
        return "—"
    final = "n/a" if turn.final_ms is None else f"{turn.final_ms} ms"
    return f"{turn.started_ms / 1000:7.2f}–{turn.ended_ms / 1000:.2f} s  {turn.source:8}  {final:>8}  {turn.text}"


def _of_answer(change: AnswerChange) -> str:
    said = "" if change.begins is None else f"begins {change.begins}"
    if change.begins_by_ms:
        said += f" by {abs(change.begins_by_ms)} ms"
    if change.stops is not Stops.SAME:
        said += f"{', ' if said else ''}interruption {change.stops}"
        if change.stops_by_ms and change.stops in (Stops.SOONER, Stops.LATER):
            said += f" by {abs(change.stops_by_ms)} ms"
        said += f" ({change.words})" if change.words else ""
    return said or "the same"


def _counted(what: Counter[str]) -> str:
    return ", ".join(f"{times} {name}" for name, times in what.items())
