"""Reads the rows of all settings, and makes none. A row that cannot be read leaves the others readable.

A column may hold what its type does not (a shell, another program, a damaged page of SQLite's), and a profile what no
call can have. Of such a row stands what was last read; of a line that never was read nothing is kept, for its row may
say so. Blocking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from django.db import DatabaseError
from django.db.models import BooleanField, DecimalField, FloatField, IntegerField, Model, QuerySet

from calls.core.addresses import dialled
from calls.lines import costs
from calls.lines.dialogues import Dialogue, LastGoodScripts
from calls.lines.line_settings import AllSettings, Fallback, LineSettings, RunningTrial
from calls.lines.models import LinePerson, PhoneLine, Trial
from calls.reply.dialogue_format import DialogueScript
from stt.default_profile import ruling
from stt.models import TuningProfile
from stt.tuning import Tuning
from voiceapp.runtime import metrics
from voiceapp.runtime.coded_error import CodedError

_TYPED = [
    column
    for column in PhoneLine._meta.concrete_fields
    if isinstance(column, (BooleanField, DecimalField, FloatField, IntegerField)) and not column.primary_key
]
Row = TypeVar("Row", bound=Model)
Made = TypeVar("Made")


def read_settings(last: AllSettings, scripts: LastGoodScripts) -> AllSettings:
    """All lines and the default profile. Raises DatabaseError where no row can be read."""
    return _Reading(last, scripts).settings()


class _Reading:
    """One reading of all."""

    def __init__(self, last: AllSettings, scripts: LastGoodScripts) -> None:
        self._last = last
        self._scripts = scripts
        self._unread: dict[str, str] = {}

    def settings(self) -> AllSettings:
        prices = self._tried("prices", costs.answer_prices) or self._last.prices
        profiles, unread = self._rows("profile", TuningProfile.objects.all())
        default = self._default(profiles, are_all=not unread)
        trials = self._trials(default.tuning)
        people = self._people()
        dialogues, _ = self._rows("dialogue", Dialogue.objects.defer("text"))
        lines, broken = self._rows("line", PhoneLine.objects.all())
        found: dict[str, LineSettings] = {}
        for line in lines.values():
            last = self._last.lines.get(line.number)
            made = partial(
                self._line,
                line,
                tuning=self._tuning(profiles.get(line.profile_id), (last or default).tuning),
                trial=trials.get(line.pk),
                people=people.get(line.pk, {}),
                script=self._script(line, dialogues),
                prices=prices,
            )
            found[line.number] = self._tried(f"line {line.pk}", made) or last or default.withheld
        return self._with_broken(AllSettings(default, found, prices, self._unread), broken)

    def _with_broken(self, read: AllSettings, broken: list[int]) -> AllSettings:
        """With the lines whose rows cannot be read."""
        numbers = PhoneLine.objects.values_list("number", flat=True)
        named = {number for key in broken if (number := self._tried(f"line {key}", partial(numbers.get, pk=key)))}
        stand = {number: self._last.lines.get(number, read.default.withheld) for number in named}
        if len(named) < len(broken):
            # It may be any number's: those that were lines still are, and of the others nothing is kept.
            return replace(read, lines={**self._last.lines, **read.lines, **stand}).withheld
        return replace(read, lines={**read.lines, **stand})

    def _default(self, profiles: Mapping[int, TuningProfile], *, are_all: bool) -> LineSettings:
        """``are_all``: none is unread, which may be the one that is ticked."""
        default = ruling(profiles.values())
        is_known = default is not None and (default.is_default or are_all)
        return LineSettings(self._tuning(default if is_known else None, self._last.default.tuning))

    def _tuning(self, profile: TuningProfile | None, last: Tuning) -> Tuning:
        """``last``: what stands where it cannot be read."""
        return (profile and self._tried(f"profile {profile.pk}", profile.tuning)) or last

    def _trials(self, default: Tuning) -> dict[int, RunningTrial]:
        rows, _ = self._rows("trial", Trial.objects.filter(ended_at=None).select_related("a", "b"))
        return {
            trial.line_id: RunningTrial(
                trial.pk,
                trial.share_b_percent,
                self._tried(f"trial {trial.pk}", trial.a.instance.tuning) or default,
                self._tried(f"trial {trial.pk}", trial.b.instance.tuning) or default,
            )
            for trial in rows.values()
        }

    def _people(self) -> dict[int, dict[str, str]]:
        """By line: whom its calls may be handed over to; of two with one name the first."""
        found: dict[int, dict[str, str]] = {}
        for person in self._rows("person", LinePerson.objects.order_by("pk"))[0].values():
            found.setdefault(person.line_id, {}).setdefault(person.name, dialled(person.number))
        return found

    def _script(self, line: PhoneLine, dialogues: Mapping[int, Dialogue]) -> DialogueScript | None:
        if line.dialogue_id is None or line.responder != "scripted":
            return None
        dialogue = dialogues.get(line.dialogue_id)
        name = f"dialogue {line.dialogue_id}"
        if dialogue is not None:
            script = self._tried(name, partial(self._scripts.script, dialogue))
            if name not in self._unread:
                return script
        return self._last.line(line.number).answer.dialogue

    def _line(
        self, line: PhoneLine, *, tuning: Tuning, trial: RunningTrial | None, people: Any, script: Any, prices: Any
    ) -> LineSettings:
        for column in _TYPED:
            # SQLite keeps a text in a column of numbers, and Django hands it on.
            setattr(line, column.attname, column.to_python(getattr(line, column.attname)))
        return LineSettings(
            tuning=tuning,
            greeting=line.greeting,
            follow_number=dialled(line.follow_number),
            fallback=Fallback(
                line.fallback_sentence or Fallback().sentence, dialled(line.fallback_number), line.fallback_records
            ),
            trial=trial,
            answer=line.answer_settings(line.greeting, people, script, prices),
            keeps=line.keeps,
            notice=line.spoken_notice,
        )

    def _rows(self, kind: str, query: QuerySet[Row]) -> tuple[dict[int, Row], list[int]]:
        """By their keys, and the keys of those that cannot be read. Raises DatabaseError where that is no row's
        fault."""
        try:
            return {row.pk: row for row in query}, []
        except (DatabaseError, ValueError, TypeError, ArithmeticError):
            # The same columns of no row: raises where the database is away, or a column is missing.
            list(query.filter(pk=0))
        keys = list(query.values_list("pk", flat=True))
        found = {key: self._tried(f"{kind} {key}", partial(query.get, pk=key)) for key in keys}
        return {key: row for key, row in found.items() if row is not None}, [k for k in keys if found[k] is None]

    def _tried(self, name: str, work: Callable[[], Made]) -> Made | None:
        """None where it raised: ``name`` is unread."""
        try:
            return work()
        except Exception as error:
            # The wall: the other rows are still to be read.
            metrics.SETTINGS_ROWS_UNREAD.labels(name.partition(" ")[0]).inc()
            self._unread[name] = error.code if isinstance(error, CodedError) else type(error).__name__
            return None
