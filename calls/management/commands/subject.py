"""``manage.py subject +972… --export DIR | --forget``: everything about one phone number, taken away or deleted.

Each leaves a signed receipt, which does not name the number, in VAR_DIR/receipts; ``--verify RECEIPT`` says whether one
is this server's, and about that number.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from calls.core.addresses import canonical
from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.privacy import receipts, subject_export
from calls.desk.privacy.subject import Subject, SubjectError, subject_of
from calls.management.rows_command import RowsCommand
from voiceapp.runtime.counted import counted
from voiceapp.runtime.file_cipher import StorageError
from voiceapp.runtime.one_at_a_time import FORGETTING, working_on


class Command(RowsCommand):
    help = "Export or forget everything about one phone number."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="In any notation: +972…, 050-…")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--export", type=Path, metavar="DIR", help="Write a copy of it into a new folder.")
        what.add_argument("--forget", action="store_true", help="Delete it; calls under legal hold stay.")
        parser.add_argument("--yes", action="store_true", help="With --forget: do not ask.")
        what.add_argument("--verify", type=Path, metavar="RECEIPT", help="Is this receipt ours, and about the number?")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verify"] is not None:
                # Of a number whose calls are forgotten, whatever it is.
                self._verify(options["number"], options["verify"])
                return
            subject = Subject.of(options["number"])
            if options["forget"]:
                self._forget(subject, is_agreed=options["yes"])
            else:
                self._export(subject, options["export"])
        except SubjectError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except StorageError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except OSError as error:
            raise CommandError(f"not_written: {error}") from error

    def _export(self, subject: Subject, folder: Path) -> None:
        note_command(Kind.EXPORT, "subject", calls=subject.calls.count(), detail=Detail.ALL_OF_A_NUMBER)
        written = subject_export.write(subject, folder)
        self._keep(receipts.made("export", subject.number, {"exported": written}))
        if damaged := written["damaged"]:
            # After the receipt: whatever can be read is exported.
            raise CommandError("\n".join(["not_whole: some of what is kept is missing from it:", *damaged]))

    def _forget(self, subject: Subject, *, is_agreed: bool) -> None:
        goes = subject.foreseen()
        # Not among the receipt, which programs read.
        self.stderr.write(
            f"to be deleted for good: {counted(goes.calls, 'call')} with {counted(goes.turns, 'turn')}, "
            f"{counted(goes.files, 'file')} ({goes.size_bytes / 1e6:.1f} MB), and their lines in journals; "
            f"{counted(goes.held, 'call stays', 'calls stay')} under legal hold"
        )
        if goes.journal_calls:
            self.stderr.write(
                f"of these, {counted(goes.journal_calls, 'call stands', 'calls stand')} in journals alone: no rows yet"
            )
        if goes.called_as not in ([], [subject.number]):
            self.stderr.write(f"they called as {', '.join(goes.called_as)}")
        if goes.unread:
            self.stderr.write(
                f"{counted(goes.unread, 'line of journals is', 'lines of journals are')} damaged: "
                "nobody can say whose, so nothing of that goes"
            )
        if not is_agreed and not _agrees():
            raise CommandError("not_confirmed: nothing was deleted; --yes answers without being asked")
        # Not while it asks, and may wait for a person.
        with working_on(Path(settings.VAR_DIR), FORGETTING):
            # Before it: an access is noted, or nothing is done.
            note_command(Kind.DELETE, "subject", calls=goes.calls, detail=Detail.ALL_OF_A_NUMBER)
            told = subject.forget()
        self._keep(receipts.made("forget", subject.number, told))
        known = [kept for kept in told["kept"] if kept.get("what") != "unread_journal_lines"]
        if not (goes.calls or goes.held or told["deleted"]["journal_lines"] or known):
            self.stderr.write("nothing was known of this number: check how it is written")
        if told["not_deleted"]:
            raise CommandError(f"not_deleted: {len(told['not_deleted'])} files, the first: {told['not_deleted'][0]}")

    def _keep(self, receipt: dict[str, Any]) -> None:
        path = receipts.write(receipt, Path(settings.VAR_DIR) / "receipts")
        self.stdout.write(json.dumps(receipt, ensure_ascii=False, indent=1))
        self.stdout.write(f"receipt: {path}")

    def _verify(self, typed: str, path: Path) -> None:
        # An older version's receipt is about an address as it was typed.
        numbers = {subject_of(typed), canonical(typed)}
        try:
            receipt = json.loads(path.read_text("utf-8"))
            is_ours = any(receipts.is_ours(receipt, number) for number in numbers)
        except (ValueError, AttributeError) as error:
            raise CommandError(f"no_receipt: {path} cannot be read") from error
        if not is_ours:
            raise CommandError(f"not_ours: {path} was changed, or is another server's or about another number")
        self.stdout.write("ours, unchanged, and about this number")


def _agrees() -> bool:
    try:
        return input("Type yes to delete it: ").strip().lower() == "yes"
    except EOFError:
        return False  # nobody is there, as in a timer
