"""Everything that is kept about one phone number: found, and forgotten."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.core.addresses import called, canonical
from calls.core.search_text import words
from calls.desk.privacy.files import RUNS_AT_MOST, CallFile, call_files, delete_files, recordings
from calls.desk.privacy.rows import delete_calls, scrub
from calls.desk.review.models import Correction
from calls.desk.review.queue.models import CallNote
from calls.lines.models import LinePerson, NumberChange, PhoneLine
from calls.process.services import services
from calls.storage.forgetting import forget_in_journals
from calls.storage.models import Call, SavedValue, Transcript
from calls.storage.recording import file_name
from calls.twilio.models import SupervisorAction
from voiceapp.runtime.coded_error import CodedError


class SubjectError(CodedError):
    """``bad_number`` | ``number_of_a_line`` | ``call_is_running`` | ``not_empty``, with a sentence for people."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be deleted of a number."""

    calls: int
    turns: int
    files: int
    size_bytes: int
    held: int
    """Calls that stay: they are under legal hold."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A phone number, in the form in which calls have it."""

    number: str

    @classmethod
    def of(cls, typed: str) -> Subject:
        """Raises SubjectError."""
        number = canonical(typed)
        if PhoneLine.objects.filter(number=number).exists():
            raise SubjectError("number_of_a_line", f"{number} is a line of yours: its calls are other people's")
        subject = cls(number)
        # A caller id can be letters; of a mistyped number a receipt would say that nothing is kept.
        if not called(typed) and not subject.calls.exists():
            raise SubjectError("bad_number", f"{typed!r} is no number, and nobody called with it: write +972501234567")
        return subject

    @property
    def calls(self) -> QuerySet[Call]:
        """Those that came from it."""
        return Call.objects.filter(from_number=self.number)

    @property
    def files(self) -> list[CallFile]:
        """Of its calls."""
        return self._files_of(self.calls)

    def foreseen(self) -> Foreseen:
        """What ``forget`` would delete now. Blocking. Raises SubjectError where it would refuse, DatabaseError."""
        self._refuse_running()
        free = self.calls.filter(hold=None)
        files = self._files_of(free)
        return Foreseen(
            calls=free.count(),
            turns=Transcript.objects.filter(call__in=free).count(),
            files=len(files),
            size_bytes=sum(file.size_bytes for file in files),
            held=self.calls.exclude(hold=None).count(),
        )

    def forget(self) -> dict[str, Any]:
        """Delete what there is of it, but for calls under legal hold. Returns what was deleted and what was kept, and
        why. Blocking. Raises SubjectError, StorageError, OSError, DatabaseError."""
        self._refuse_running()
        free = self.calls.filter(hold=None)
        sids = set(free.values_list("call_sid", flat=True))
        kept = [
            {"call_sid": hold.call.call_sid, "why": "legal_hold", "since": hold.placed_at.isoformat()}
            for hold in (call.hold for call in self.calls.exclude(hold=None).select_related("hold"))
        ]
        rows = {"turns": Transcript.objects.filter(call__in=free).count(), "calls": len(sids)}
        # First: a process that crashed later would write them anew from its journal; and where a journal's key is
        # missing nothing is deleted.
        lines = forget_in_journals(Path(settings.VAR_DIR) / "journal", sids)
        files = delete_files(recordings(), self._files_of(free))
        rows["orders"] = SupervisorAction.objects.filter(call_sid__in=sids).delete()[0]
        delete_calls(free)
        told = {
            "deleted": {**rows, "files": files.files, "journal_lines": lines, "phrases": _forget_phrases()},
            "not_deleted": files.failed,
            "kept": [*kept, *self._kept_elsewhere(len(sids))],
        }
        scrub()
        return told

    def _refuse_running(self) -> None:
        recent = self.calls.filter(started_at__gt=timezone.now() - RUNS_AT_MOST, ended_at=None)
        if running := recent.values_list("call_sid", flat=True).first():
            raise SubjectError("call_is_running", f"{running} has no end yet: forget the number when it has")

    def _kept_elsewhere(self, calls: int) -> list[dict[str, Any]]:
        """What is not about the caller, or must stay."""
        elsewhere: list[dict[str, Any]] = []
        if calls:
            why = "access_log: who read or heard these calls, without number and words; 24 months"
            elsewhere.append({"what": "access_log", "why": why})
        if LinePerson.objects.filter(number=self.number).exists() or self._was_dialled():
            elsewhere.append({"what": "dialled_number", "why": "calls are handed over to it: change the line's people"})
        if mentions := sorted(self._mentions()):
            elsewhere.append({"what": "said_by_others", "calls": mentions, "why": "other people's calls that say it"})
        return elsewhere

    def _was_dialled(self) -> bool:
        changed = NumberChange.objects.filter(Q(before__contains=self.number) | Q(after__contains=self.number))
        return changed.exists() or SupervisorAction.objects.filter(number=self.number).exists()

    def _mentions(self) -> set[str]:
        """The CallSids of other calls in which it was said or written."""
        spelled = next(iter(words(self.number)), None)
        if spelled is None or not re.fullmatch("[0-9]+", spelled.spoken):
            return set()
        said = {"search_text__contains": spelled.spoken}
        found = [
            Transcript.objects.filter(**said),
            Correction.objects.filter(**said),
            CallNote.objects.filter(text__contains=spelled.spoken),
            SavedValue.objects.filter(Q(**said) | Q(value__contains=spelled.spoken)),  # a secret is not searched
        ]
        return {sid for rows in found for sid in rows.values_list("call__call_sid", flat=True)}

    @staticmethod
    def _files_of(calls: QuerySet[Call]) -> list[CallFile]:
        names = {file_name(sid) for sid in calls.values_list("call_sid", flat=True)}
        return [file for file in call_files(recordings()) if file.call in names]


def _forget_phrases() -> int:
    """A phrase does not say whose words it has: where a line keeps sentences with callers' words, all go."""
    if not PhoneLine.objects.filter(keeps_callers_words=True).exists():
        return 0
    return services().voices.phrases.purge()
