"""Everything that is kept about one phone number: found, and forgotten."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.core.addresses import called, canonical, local_digits, number_within, scheme_of
from calls.core.search_text import words
from calls.desk.privacy.files import RUNS_AT_MOST, CallFile, call_files, delete_files, held, recordings
from calls.desk.privacy.rows import delete_calls, scrub
from calls.desk.review.models import Correction
from calls.desk.review.queue.models import CallNote
from calls.lines.models import LinePerson, NumberChange, PhoneLine
from calls.process.services import services
from calls.storage.forgetting import forget_in_journals
from calls.storage.journal_search import FoundInJournals, search_journals
from calls.storage.models import Call, SavedValue, Transcript
from calls.storage.recording import file_name
from calls.storage.tombstones import bury
from calls.twilio.models import SupervisorAction
from voiceapp.runtime.coded_error import CodedError


class SubjectError(CodedError):
    """``bad_number`` | ``number_of_a_line`` | ``call_is_running`` | ``not_empty``, with a sentence for people."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be deleted of a number."""

    calls: int
    journal_calls: int
    """Of these, those that are no rows, and stand in journals alone."""
    turns: int
    files: int
    size_bytes: int
    held: int
    """Calls that stay: they are under legal hold."""
    called_as: list[str]
    """The number and the addresses with it that its calls came from."""
    unread: int
    """Lines of journals that cannot be read, whosever they are."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A phone number, in the form in which calls have it; with it each address that names it (``whatsapp:``, a SIP
    user), which the same caller may have called with."""

    number: str

    @classmethod
    def of(cls, typed: str) -> Subject:
        """Raises SubjectError; for a text that is no number also StorageError, OSError."""
        subject = cls(subject_of(typed))
        if not subject.number:
            # The calls without a caller's number have it as theirs, and are many people's.
            raise SubjectError("bad_number", f"{typed!r} names nobody: write +972501234567")
        if any(map(subject.is_of, PhoneLine.objects.values_list("number", flat=True))):
            raise SubjectError("number_of_a_line", f"{subject.number} is a line of yours: its calls are other people's")
        # A caller id can be letters; of a mistyped number a receipt would say that nothing is kept.
        if not called(typed) and not subject.calls.exists() and not subject.in_journals().starts:
            raise SubjectError("bad_number", f"{typed!r} is no number, and nobody called with it: write +972501234567")
        return subject

    def is_of(self, address: str) -> bool:
        """It is the number, or an address that names it."""
        return address == self.number or number_within(address) == self.number

    @property
    def called_as(self) -> list[str]:
        """Of the rows of its calls, sorted."""
        rows = Call.objects.order_by("from_number").filter(from_number__icontains=local_digits(self.number))
        return list(filter(self.is_of, rows.values_list("from_number", flat=True).distinct()))

    @property
    def calls(self) -> QuerySet[Call]:
        """Those that came from it."""
        return Call.objects.filter(from_number__in=self.called_as)

    @property
    def files(self) -> list[CallFile]:
        """Of its calls."""
        return _files_of(self._call_sids(self.in_journals()))

    def in_journals(self) -> FoundInJournals:
        """Its calls in journals. Blocking. Raises StorageError, OSError."""
        return search_journals(journal_folder(), self.is_of)

    def foreseen(self) -> Foreseen:
        """What ``forget`` would delete now. Blocking. Raises SubjectError where it would refuse, StorageError, OSError,
        DatabaseError."""
        journals = self.in_journals()
        self._refuse_running(journals)
        sids = self._call_sids(journals) - held()
        files = _files_of(sids)
        return Foreseen(
            calls=len(sids),
            journal_calls=len(sids - self._call_sids()),
            turns=Transcript.objects.filter(call__call_sid__in=sids).count(),
            files=len(files),
            size_bytes=sum(file.size_bytes for file in files),
            held=self.calls.exclude(hold=None).count(),
            called_as=sorted({*self.called_as, *(start.from_number for start in journals.starts)}),
            unread=journals.unread.total(),
        )

    def forget(self) -> dict[str, Any]:
        """Delete what there is of it, but for calls under legal hold. Returns what was deleted and what was kept, and
        why. No process writes any of it again (calls/storage/tombstones.py). Blocking. Raises SubjectError,
        StorageError, OSError, DatabaseError."""
        # Before it is searched: a call that begins from now on is not among what is forgotten.
        now = timezone.now()
        journals = self.in_journals()
        self._refuse_running(journals)
        sids = self._call_sids(journals) - held()
        rows = Call.objects.filter(call_sid__in=sids)
        kept = [
            {"call_sid": hold.call.call_sid, "why": "legal_hold", "since": hold.placed_at.isoformat()}
            for hold in (call.hold for call in self.calls.exclude(hold=None).select_related("hold"))
        ]
        deleted = {
            "turns": Transcript.objects.filter(call__in=rows).count(),
            "calls": len(sids),
            "journal_calls": len(sids - self._call_sids()),
        }
        called_as = self._counted_by_scheme(journals, sids)
        # First: a process has read lines of them, maybe, and is about to write them; one that crashed later would write
        # them anew from its journal.
        bury(self.number, sids, now)
        lines = forget_in_journals(journal_folder(), sids)
        files = delete_files(recordings(), _files_of(sids))
        deleted["orders"] = SupervisorAction.objects.filter(call_sid__in=sids).delete()[0]
        # By number as well: what a process wrote from its journal before they were buried.
        delete_calls(self.calls.exclude(started_at__gt=now) | rows)
        told = {
            "called_as": called_as,
            "deleted": {**deleted, "files": files.files, "journal_lines": lines, "phrases": _forget_phrases()},
            "tombstones": len(sids) + 1,
            "not_deleted": files.failed,
            "kept": [*kept, *self._kept_elsewhere(len(sids)), *_unread(journals)],
        }
        scrub()
        return told

    def _call_sids(self, journals: FoundInJournals | None = None) -> set[str]:
        """Of its calls that are rows, and of those in journals."""
        return {*self.calls.values_list("call_sid", flat=True), *(journals.call_sids if journals else ())}

    def _counted_by_scheme(self, journals: FoundInJournals, sids: set[str]) -> dict[str, int]:
        """How many calls came from the number and how many from addresses with it; a receipt does not name them."""
        came_from = {start.call_sid: start.from_number for start in journals.starts if start.call_sid in sids}
        came_from |= self.calls.filter(call_sid__in=sids).values_list("call_sid", "from_number")
        return dict(Counter(scheme_of(address) or "number" for address in came_from.values()))

    def _refuse_running(self, journals: FoundInJournals) -> None:
        begins = timezone.now() - RUNS_AT_MOST
        recent = self.calls.filter(started_at__gt=begins, ended_at=None)
        running = recent.values_list("call_sid", flat=True).first()
        for start in journals.open:
            # Its end may be a row, where the journal's disk was full.
            row = Call.objects.filter(call_sid=start.call_sid).first()
            stored = row.streams.get(start.stream_sid, {}) if row else {}
            if start.started_at > begins and "ended_at" not in stored:
                running = running or start.call_sid
        if running:
            raise SubjectError("call_is_running", f"{running} has no end yet: forget the number when it has")

    def _kept_elsewhere(self, calls: int) -> list[dict[str, Any]]:
        """What is not about the caller, or must stay."""
        elsewhere: list[dict[str, Any]] = []
        if calls:
            why = "access_log: who read or heard these calls, without number and words; 24 months"
            elsewhere.append({"what": "access_log", "why": why})
        if any(map(self.is_of, LinePerson.objects.values_list("number", flat=True))) or self._was_dialled():
            elsewhere.append({"what": "dialled_number", "why": "calls are handed over to it: change the line's people"})
        if mentions := sorted(self._mentions()):
            elsewhere.append({"what": "said_by_others", "calls": mentions, "why": "other people's calls that say it"})
        return elsewhere

    def _was_dialled(self) -> bool:
        changed = NumberChange.objects.filter(Q(before__contains=self.number) | Q(after__contains=self.number))
        orders = SupervisorAction.objects.filter(number__icontains=local_digits(self.number))
        return changed.exists() or any(map(self.is_of, orders.values_list("number", flat=True)))

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


def subject_of(typed: str) -> str:
    """The number that somebody typed, also within an address; of what has none what is visible of it. Never raises."""
    return number_within(canonical(typed)) or canonical(typed)


def journal_folder() -> Path:
    return Path(settings.VAR_DIR) / "journal"


def _files_of(call_sids: Iterable[str]) -> list[CallFile]:
    names = set(map(file_name, call_sids))
    return [file for file in call_files(recordings()) if file.call in names]


def _unread(journals: FoundInJournals) -> Iterator[dict[str, Any]]:
    if journals.unread:
        why = "damaged: nobody can say whose they are; no process can make rows of them"
        yield {"what": "unread_journal_lines", "journals": dict(journals.unread), "why": why}


def _forget_phrases() -> int:
    """A phrase does not say whose words it has: where a line keeps sentences with callers' words, all go."""
    if not PhoneLine.objects.filter(keeps_callers_words=True).exists():
        return 0
    return services().voices.phrases.purge()
